"""Bars of any color at any side, with letters on them, and frames that have none."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.bars import inside_bars

HEIGHT, WIDTH = 40, 50


def frames(dtype: type = np.uint8) -> list[UInt8]:
    """Three frames of noise."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, np.iinfo(dtype).max, (HEIGHT, WIDTH)).astype(dtype) for _ in range(3)]


@pytest.mark.parametrize("color", [0, 16, 255])
@pytest.mark.parametrize("sides", [(0, 0, 12, 12), (9, 7, 0, 0), (10, 0, 0, 0), (8, 8, 20, 11), (1, 2, 3, 4)])
def test_bars_are_found_to_the_pixel(sides: tuple[int, int, int, int], color: int) -> None:
    top, bottom, left, right = sides
    found = inside_bars([np.pad(one, ((top, bottom), (left, right)), constant_values=color) for one in frames()])
    # A line that a codec may have mixed is left out, too.
    for part, first, last, length in zip(found, (top, left), (bottom, right), (HEIGHT, WIDTH), strict=True):
        assert part == slice(first + (first > 0), first + length - (last > 0))


def test_what_a_codec_adds_and_letters_are_part_of_a_bar() -> None:
    rng = np.random.default_rng(1)
    barred = [np.pad(one, ((12, 12), (0, 0)), constant_values=16) for one in frames(np.uint16)]
    for number, one in enumerate(barred):
        one[:12] += rng.integers(0, 900, (12, WIDTH)).astype(np.uint16)
        one[4:9, 3 : 10 + number] = 60000
    assert inside_bars(barred) == (slice(13, 51), slice(0, WIDTH))


def test_frames_without_bars_and_frames_of_one_gray_stay_whole() -> None:
    assert inside_bars(frames()) == (slice(0, HEIGHT), slice(0, WIDTH))
    assert inside_bars([np.zeros((HEIGHT, WIDTH), np.uint8)] * 2) == (slice(0, HEIGHT), slice(0, WIDTH))
    moving = frames()
    for one in moving[1:]:
        one[:10] = 0
    assert inside_bars(moving)[0] == slice(0, HEIGHT), "black in some frames alone"
