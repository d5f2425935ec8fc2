"""Steady borders of what hardly moves, and nothing else slower, smaller or blurred."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
import torch

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.refinement.steadiness import STEADIED, steadied

RATE, SIZE = Fraction(25), 48
NUMBER = {name: number for number, name in enumerate(CLASSES)}
ROWS, COLUMNS = np.indices((SIZE, SIZE)) + 0.5


def maps(**heights: Float64) -> torch.Tensor:
    """Probabilities (C, S, S) of blocks of 12 columns side by side, each from the top to a row of its own, blurred."""
    result = torch.zeros(len(CLASSES), SIZE, SIZE)
    for place, (name, height) in enumerate(heights.items()):
        inside = np.floor_divide(COLUMNS, 12) == place
        result[NUMBER[name]] = torch.from_numpy(inside / (1.0 + np.exp((ROWS - height) / 0.5)))
    result[0] = 1.0 - result[1:].sum(dim=0)
    return result


def found(frames: list[torch.Tensor], rate: Fraction = RATE) -> list[torch.Tensor]:
    return [one.clone() for one in steadied((frame.clone() for frame in frames), rate)]


def heights(frames: list[torch.Tensor], name: str) -> Float64:
    """Rows that a class fills, of its 12 columns."""
    return np.array([float(one[NUMBER[name]].sum()) / 12.0 for one in frames])


def flicker(frames: list[torch.Tensor], name: str) -> float:
    mask: Bool = np.stack([(one.argmax(dim=0) == NUMBER[name]).numpy() for one in frames])
    return float(((mask[1:-1] != mask[:-2]) & (mask[1:-1] != mask[2:])).sum() / mask.sum())


def test_borders_of_what_hardly_moves_no_longer_come_and_go() -> None:
    rng = np.random.default_rng(0)
    noisy = [
        maps(**{name: 20.0 + rng.normal() for name in ("hard_palate", "epiglottis", "larynx", "tongue")})
        for _ in range(40)
    ]
    steady = found(noisy)
    for name, share in {"hard_palate": 0.35, "epiglottis": 0.7, "larynx": 0.7}.items():
        assert flicker(steady, name) < share * flicker(noisy, name)
        assert heights(steady, name).mean() == pytest.approx(20.0, abs=0.5)
    for before, after in zip(noisy, steady, strict=True):
        torch.testing.assert_close(after.sum(dim=0), torch.ones(SIZE, SIZE), atol=1e-4, rtol=0.0)
        torch.testing.assert_close(after[NUMBER["tongue"]], before[NUMBER["tongue"]])


@pytest.mark.parametrize("name", ["tongue", "velum", "upper_lip", "lower_lip", "airway", "jaw", "pharyngeal_wall"])
def test_movement_keeps_its_time_and_size(name: str) -> None:
    """Next to a palate, towards it, in one frame."""
    place = np.where((np.arange(30) >= 12) & (np.arange(30) < 15), 30.0, 20.0)
    frames = [maps(hard_palate=20.0, **{name: height}) for height in place]
    np.testing.assert_allclose(heights(found(frames), name), place, atol=0.05)
    touching = []
    for height in place:
        one = maps(tongue=float(height))
        one[NUMBER["hard_palate"], 32:, :12] = one[0, 32:, :12]
        one[0, 32:, :12] = 0.0
        touching.append(one)
    np.testing.assert_allclose(heights(found(touching), "tongue"), place, atol=0.1)


@pytest.mark.parametrize("name", list(STEADIED))
def test_a_jump_keeps_its_time(name: str) -> None:
    frames = [maps(**{name: 12.0 if number < 13 else 36.0}) for number in range(30)]
    moved = heights(found(frames), name) > 24.0
    assert list(np.flatnonzero(moved)) == list(range(13, 30))


def test_slow_movement_does_not_lag() -> None:
    place = 20.0 + 6.0 * np.sin(2 * np.pi * np.arange(60) / 25.0)
    after = heights(found([maps(larynx=float(height)) for height in place]), "larynx")
    slope, offset = np.polyfit(place, after, 1)
    assert slope > 0.95 and offset == pytest.approx(20.0 * (1 - slope), abs=0.1)
    backwards = heights(found([maps(larynx=float(height)) for height in place[::-1]]), "larynx")
    np.testing.assert_allclose(backwards[::-1], after, atol=1e-4)


def test_what_is_missing_or_alone_stays() -> None:
    nothing = maps(tongue=20.0)
    torch.testing.assert_close(found([nothing] * 3)[1], nothing)
    assert found([]) == []
    (alone,) = found([maps(hard_palate=20.0, tongue=10.0)])
    torch.testing.assert_close(alone, maps(hard_palate=20.0, tongue=10.0))
    sometimes = [maps(tongue=20.0) if number % 4 else maps(hard_palate=20.0, tongue=20.0) for number in range(12)]
    assert all(float(one.sum()) == pytest.approx(SIZE * SIZE, rel=1e-4) for one in found(sometimes))


def test_frames_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[torch.Tensor]:
        nonlocal taken
        while True:
            taken += 1
            yield maps(hard_palate=20.0)

    steady = steadied(endless(), Fraction(83))
    most = max(one.frames[1] for one in STEADIED.values())
    for number in range(1, 20):
        next(steady)
        assert taken <= number + most
    assert [one.reach(Fraction(25)) for one in STEADIED.values()] == [12, 2, 2]
    assert [one.reach(Fraction(6)) for one in STEADIED.values()] == [8, 1, 1]
