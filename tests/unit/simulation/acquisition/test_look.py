"""A recording with a look: what of its truth moves along, and that it stays with the frames."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.appearance.config import LookConfig, load_look
from rtmri2speech.arrays import UInt8
from rtmri2speech.data.labels import Label
from rtmri2speech.data.truth import Truth
from rtmri2speech.simulation.acquisition.look import with_look

MOVED = {"regions", "sections", "positions"}


@pytest.fixture(scope="module")
def truth(tiny_phantom: Path) -> Truth:
    whole = Truth.load(tiny_phantom / "m01" / "m01_0000.npz")
    short = {
        field.name: getattr(whole, field.name)[:8] for field in fields(Truth) if len(getattr(whole, field.name)) > 20
    }
    return replace(whole, **short)


@pytest.fixture(scope="module")
def frames(truth: Truth) -> UInt8:
    """Frames whose brightness says where the air of the tract is."""
    return np.where(truth.regions == Label.AIRWAY, 0, 200).astype(np.uint8)


def test_the_truth_of_the_frames_moves_and_that_of_the_sound_stays(frames: UInt8, truth: Truth) -> None:
    config = load_look("usc_15t_spiral")
    result, moved = with_look(frames, truth, config, 3)
    assert result.shape == frames.shape and result.dtype == np.uint8
    for field in fields(Truth):
        same = np.array_equal(getattr(truth, field.name), getattr(moved, field.name))
        assert same == (field.name not in MOVED), field.name
        assert getattr(moved, field.name).dtype == getattr(truth, field.name).dtype, field.name
    # Where the truth says air, the frames are dark.
    air = moved.regions == Label.AIRWAY
    assert float(result[air].mean()) < 0.5 * float(result[:, 60:120, 60:120][~air[:, 60:120, 60:120]].mean())


def test_positions_lie_in_their_sections(frames: UInt8, truth: Truth) -> None:
    for flip in (0.0, 1.0):
        config = LookConfig.parse({"geometry": {"flip": flip}, "recording": {"border": 0.0, "circle": 0.0}}, "test")
        _, moved = with_look(frames, truth, config, 4)
        for frame in (0, 5):
            for section in range(5, 35, 6):
                rows, columns = np.nonzero(moved.sections[frame] == section + 1)
                if len(rows) > 10 and rows.max() < 250 and columns.min() > 5 and columns.max() < 250:
                    x, y = moved.positions[frame, section]
                    assert np.hypot(columns - x, rows - y).min() < 1.5


def test_the_same_seed_gives_the_same_recording(frames: UInt8, truth: Truth) -> None:
    config = load_look("random")
    (one, _), (two, _), (other, _) = (with_look(frames, truth, config, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, other)
