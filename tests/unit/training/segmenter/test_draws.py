"""Batches: a function of the seed, labels that go with frames, shares of people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rtmri2speech.appearance.config import GeometryConfig
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.training.segmenter.draws import Draws, FixedFrames
from rtmri2speech.training.segmenter.recipe import SegmenterDataConfig
from rtmri2speech.training.segmenter.sources import open_sources

TONGUE, AIRWAY = tuple(CLASSES).index("tongue"), tuple(CLASSES).index("airway")


def test_a_batch_is_a_function_of_its_seed(make_heads: Callable[..., Path]) -> None:
    config = SegmenterDataConfig()
    draws = Draws(open_sources([make_heads()], config).of("train"), config, 64)
    frames, classes = draws.batch(6, 1)
    assert frames.shape == (6, 1, 64, 64) and classes.shape == (6, 64, 64) and classes.dtype == torch.long
    assert frames.isfinite().all() and classes.unique().tolist()[-1] <= 10
    again, same = draws.batch(6, 1)
    assert torch.equal(frames, again) and torch.equal(classes, same)
    assert not torch.equal(frames, draws.batch(6, 2)[0])
    assert not torch.equal(frames[0], frames[1])


def test_labels_move_with_frames(make_heads: Callable[..., Path], tmp_path: Path) -> None:
    look = tmp_path / "still.yaml"
    look.write_text(
        "contrast: {tissue: 0, label: 0, code: 0, bright_start: 0}\n"
        "sampling: {noise: [1.0e-6, 1.0e-6], undersampling: 0, off_resonance: 0, motion: 0, matrix: [200, 250]}\n"
        "recording: {pixels: 0, clipping: 0, compression: 0, border: 0, circle: 0, marks: 0, noisy_rows: 0}\n",
        encoding="utf-8",
    )
    config = SegmenterDataConfig(look=str(look))
    assert GeometryConfig().rotation > 5
    frames, classes = Draws(open_sources([make_heads()], config).of("train"), config, 128).batch(8, 3)
    for frame, known in zip(frames[:, 0], classes, strict=True):
        if (known == TONGUE).sum() > 200 and (known == AIRWAY).sum() > 200:
            assert frame[known == TONGUE].median() > 2 * frame[known == AIRWAY].median()


def test_people_have_their_share(make_heads: Callable[..., Path], person: Path) -> None:
    config = SegmenterDataConfig(people_share=0.25)
    sets = open_sources([make_heads(), person], config)
    draws = Draws(sets.of("train"), config, 32)
    assert draws._shares(8) == [6, 2]
    assert draws.batch(8, 0)[0].shape == (8, 1, 32, 32)
    alone = Draws(sets.of("train", "people"), config, 32)
    assert alone._shares(8) == [8]


def test_fixed_frames_stay(make_heads: Callable[..., Path], person: Path) -> None:
    config = SegmenterDataConfig(validation_frames=3)
    fixed = FixedFrames(open_sources([make_heads(), person], config).of("validation"), config, 32, 5)
    assert len(fixed) == 4
    first, second = list(fixed.batches()), list(fixed.batches())
    assert [(people, len(frames)) for people, frames, _ in first] == [(False, 3), (True, 1)]
    assert all(torch.equal(one[1], other[1]) for one, other in zip(first, second, strict=True))


def test_people_are_validated_on_as_they_are(person: Path) -> None:
    config = SegmenterDataConfig(people_share=1.0)
    ((people, frames, classes),) = FixedFrames(open_sources([person], config).of("validation"), config, 64, 0).batches()
    assert people
    assert frames[0, 0][classes[0] == TONGUE].median() == pytest.approx(150 / 250, abs=0.05)
