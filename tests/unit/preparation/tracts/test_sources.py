"""Videos of a dataset under random looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.look import draw_looks
from rtmri2speech.preparation.tracts.sources import Source, seed_of_look

CPU = torch.device("cpu")


def test_a_phantom_knows_the_size_of_its_pixels(tiny_phantom: Path) -> None:
    video = sorted(tiny_phantom.glob("m01/*.mp4"))[0]
    source = Source.open(video, None)
    assert source.truth is not None
    scan, pixel = source.plain()
    assert scan.width == 256 and pixel == pytest.approx(1.0, rel=0.02)
    looked, found = source.looked_at(LookConfig(), 5, 48, CPU)
    assert (looked.width, looked.height, looked.n_frames) == (48, 48, scan.n_frames)
    frames = list(looked.read())
    assert len(frames) == scan.n_frames and frames[0].shape == (48, 48)
    again, _ = source.looked_at(LookConfig(), 5, 48, CPU)
    assert np.array_equal(frames[3], list(again.read())[3])
    look = draw_looks(1, torch.Generator().manual_seed(5), LookConfig())
    by_matrix = 256 / 48 * float(torch.linalg.det(look.geometry.linear[0]).abs().sqrt())
    assert found == pytest.approx(by_matrix, rel=0.15)


def test_of_people_the_size_follows_the_zoom(talker: Path) -> None:
    source = Source.open(talker, 3.0)
    assert source.truth is None and source.plain()[1] == 3.0
    _, pixel = source.looked_at(LookConfig(), 5, 32, CPU)
    look = draw_looks(1, torch.Generator().manual_seed(5), LookConfig())
    assert pixel == pytest.approx(6.0 * float(torch.linalg.det(look.geometry.linear[0]).abs().sqrt()))
    assert Source.open(talker, None).looked_at(LookConfig(), 5, 32, CPU)[1] is None


def test_seeds_depend_on_recording_and_number() -> None:
    seeds = {seed_of_look(0, name, number) for name in ("a", "b") for number in (0, 1)}
    assert len(seeds) == 4 and seed_of_look(0, "a", 0) == seed_of_look(0, "a", 0)
