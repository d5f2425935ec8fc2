"""Frames on the network's square and back, smoothing in time, bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
import torch

from rtmri2speech.errors import MediaError
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.vocal_tract.segmenter import FrameSegmenter, Placement, head_box, smoothed, smoothing_weights


class Built:
    """A bundle that gives a tiny network."""

    def build_segmenter(self, device: object) -> Segmenter:
        torch.manual_seed(0)
        return Segmenter(SegmenterConfig(size=32, widths=(4, 8)))


@pytest.fixture(scope="module")
def segmenter() -> FrameSegmenter:
    return FrameSegmenter(Built())  # type: ignore[arg-type]


@pytest.mark.parametrize(("width", "height"), [(32, 32), (68, 68), (100, 70), (40, 90), (20, 25)])
def test_points_and_maps_are_placed_alike(width: int, height: int) -> None:
    placement = Placement(width, height, 64)
    row, column = 0.6 * height, 0.3 * width
    y, x = np.indices((height, width)) + 0.5
    frame = torch.from_numpy(np.exp(-((y - row) ** 2 + (x - column) ** 2) / (0.02 * height * width))).float()[None]
    square = placement.squares(frame)
    assert square.shape == (1, 1, 64, 64)
    back, there = placement.to_source(square[0])
    assert back.shape == (1, height, width) and there == (slice(0, height), slice(0, width))

    def center(image: torch.Tensor) -> np.ndarray:
        weight = image.numpy().astype(float)
        weight -= weight.min()
        down, across = (np.indices(weight.shape) + 0.5).reshape(2, -1) @ weight.ravel() / weight.sum()
        return np.array([across, down])

    strong = torch.where(square[0, 0] > 0.3, square[0, 0], 0.0)
    known = center(torch.where(frame[0] > 0.3, frame[0], 0.0))
    np.testing.assert_allclose(placement.points(center(strong)), known, atol=0.15)
    np.testing.assert_allclose(center(torch.where(back[0] > 0.3, back[0], 0.0)), known, atol=0.15)


@pytest.mark.parametrize(("width", "height"), [(68, 68), (150, 110), (40, 90)])
def test_a_part_is_placed_like_the_whole(width: int, height: int) -> None:
    placement = Placement(width, height, 64)
    maps = torch.zeros(2, 64, 64)
    maps[1, 20:40, 25:41] = torch.rand(20, 16, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.6
    maps[0] = 1.0 - maps[1]
    box = head_box(maps, placement.scale)
    assert box is not None and box[0].start < 20 and box[1].stop > 41
    whole, _ = placement.to_source(maps)
    part, there = placement.to_source(maps[:, *box], box)
    filled = torch.zeros(height, width)
    filled[there] = part[1]
    torch.testing.assert_close(filled, whole[1], atol=1e-5, rtol=0.0)
    assert head_box(torch.tensor([1.0, 0.0])[:, None, None].expand(2, 8, 8), 1.0) is None


def test_frames_too_small_are_refused(segmenter: FrameSegmenter) -> None:
    with pytest.raises(MediaError, match="frames of 40 x 12 pixels"):
        segmenter.placement((12, 40))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_probabilities_sum_to_one_for_any_depth(segmenter: FrameSegmenter, dtype: type) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, np.iinfo(dtype).max, (20, 30)).astype(dtype) for _ in range(11)]
    found = list(segmenter.probabilities(frames))
    assert len(found) == 11 and found[0].shape == (11, 32, 32)
    torch.testing.assert_close(torch.stack(found).sum(dim=1), torch.ones(11, 32, 32))
    torch.testing.assert_close(next(segmenter.probabilities(frames[9:10])), found[9], atol=1e-5, rtol=1e-4)


def test_weights_are_symmetric_and_sum_to_one() -> None:
    for rate in (6, 25, 83, 100):
        weights = smoothing_weights(Fraction(rate))
        assert weights.sum() == pytest.approx(1.0) and len(weights) % 2 == 1
        np.testing.assert_allclose(weights, weights[::-1])
    assert len(smoothing_weights(Fraction(25))) == 1 and len(smoothing_weights(Fraction(83))) > 1
    assert list(smoothing_weights(Fraction(83), 0.0)) == [1.0]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_smoothing_is_what_convolution_gives(count: int) -> None:
    values = np.random.default_rng(count).random(count)
    weights = np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    found = [float(one) for one in smoothed((torch.tensor(value) for value in values), weights)]
    np.testing.assert_allclose(found, np.convolve(np.pad(values, 2, mode="edge"), weights, mode="valid"), rtol=1e-6)
    assert [float(one) for one in smoothed([torch.tensor(3.0)] * count, weights)] == pytest.approx([3.0] * count)
    backwards = [float(one) for one in smoothed((torch.tensor(value) for value in values[::-1]), weights)]
    np.testing.assert_allclose(backwards, found[::-1], rtol=1e-6)


def test_no_frames_give_nothing(segmenter: FrameSegmenter) -> None:
    assert list(smoothed(segmenter.probabilities([]), np.array([0.25, 0.5, 0.25]))) == []


def test_frames_are_taken_as_they_are_needed(segmenter: FrameSegmenter) -> None:
    taken = 0

    def endless() -> Iterator[np.ndarray]:
        nonlocal taken
        while True:
            taken += 1
            yield np.full((20, 20), taken % 7, np.uint8)

    maps = smoothed(segmenter.probabilities(endless()), np.array([0.25, 0.5, 0.25]))
    for number in range(1, 100):
        next(maps)
        assert taken <= number + 24
