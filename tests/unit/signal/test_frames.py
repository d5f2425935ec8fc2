from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional as F

from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.frames import FrameConfig, model_input, normalize_frames, resize_frame

MEMO = FrameConfig()
SMALL = FrameConfig(size=32)
ROBUST = FrameConfig(size=32, mode="robust")


def grey(n: int = 3, height: int = 48, width: int = 40, seed: int = 0, top: int = 256) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, top, (n, height, width))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.integers(17, 70), st.integers(17, 70), st.sampled_from([4, 256, 65536]))
def test_memo_mode_is_z_score_then_unit_range(seed: int, height: int, width: int, top: int) -> None:
    frames = grey(2, height, width, seed, top)
    result = normalize_frames(frames, SMALL, None)
    assert result.dtype == np.uint8 and result.shape == (2, 32, 32)
    for source, ours in zip(frames, result, strict=True):
        frame = resize_frame(source, 32).astype(np.float64)
        z = (frame - frame.mean()) / frame.std()
        unit = (z - z.min()) / (z.max() - z.min())
        assert np.abs(ours / 255.0 - unit).max() <= 0.5 / 255 + 1e-4


def test_the_frame_of_its_own_size_is_not_resampled() -> None:
    frames = grey(1, 32, 32)
    low, high = frames.min(), frames.max()
    expected = ((frames - low) * (255.0 / (high - low))).round()
    assert np.abs(normalize_frames(frames, SMALL, None) - expected).max() <= 1


def test_default_size_is_the_memos() -> None:
    assert normalize_frames(grey(1, 68, 68), MEMO, None).shape == (1, 256, 256)


def test_shrinking_averages_instead_of_dropping_pixels() -> None:
    stripes = np.zeros((64, 64))
    stripes[:, ::2] = 200.0
    resized = resize_frame(stripes, 16)
    assert np.abs(resized[:, 2:-2] - 100.0).max() < 1.0


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(16, 300), st.integers(0, 2**31))
def test_resize_is_pytorchs_antialiased_bilinear(height: int, width: int, size: int, seed: int) -> None:
    frame = grey(1, height, width, seed)[0].astype(np.float32)
    before = frame.copy()
    ours = resize_frame(frame, size)
    tensor = torch.from_numpy(frame).double()[None, None]  # in float32 its weights are rounded too
    theirs = F.interpolate(tensor, (size, size), mode="bilinear", antialias=True, align_corners=False)[0, 0]
    assert ours.shape == (size, size) and ours.dtype == np.float32
    assert np.abs(ours - theirs.numpy()).max() < 1e-3
    assert np.array_equal(frame, before) and not np.shares_memory(ours, frame)


def test_the_frames_handed_in_stay_as_they_are() -> None:
    for frames in (grey(2, 32, 32).astype(np.float32), grey(2, 40, 50).astype(np.float32)):
        before = frames.copy()
        normalize_frames(frames, SMALL, None)
        normalize_frames(frames, ROBUST, (10.0, 90.0))
        assert np.array_equal(frames, before)


def test_gain_and_offset_cancel_in_memo_mode() -> None:
    frames = grey()
    assert np.array_equal(normalize_frames(frames, SMALL, None), normalize_frames(3 * frames + 17, SMALL, None))


def test_deep_video_equals_the_same_picture_in_eight_bits() -> None:
    frames = grey()
    limits8, limits16 = (20.0, 220.0), (20.0 * 257, 220.0 * 257)
    assert np.array_equal(normalize_frames(frames, SMALL, None), normalize_frames(frames * 257, SMALL, None))
    assert np.array_equal(normalize_frames(frames, ROBUST, limits8), normalize_frames(frames * 257, ROBUST, limits16))


@pytest.mark.parametrize("value", [0, 1, 100, 255, 40000, 65535])
@pytest.mark.parametrize("side", [32, 64, 150, 300])
def test_a_frame_without_contrast_is_black(value: int, side: int) -> None:
    for size in (32, 256):
        assert not normalize_frames(np.full((2, side, side), value), FrameConfig(size=size), None).any()


def test_the_faintest_contrast_of_a_real_frame_counts() -> None:
    for background, step in ((254, 1), (65000, 1)):
        frame = np.full((1, 32, 32), background)
        frame[0, 5, 5] += step
        result = normalize_frames(frame, SMALL, None)
        assert result[0, 5, 5] == 255 and result.sum() == 255


def test_limits_are_percentiles_of_the_histogram() -> None:
    rng = np.random.default_rng(1)
    values = np.clip(rng.normal(100, 20, 20000), 0, 255).astype(np.uint8)
    histogram = np.bincount(values, minlength=256)
    limits = FrameConfig(mode="robust", low_percentile=5, high_percentile=95).limits(histogram)
    assert limits is not None
    low, high = np.percentile(values, [5, 95])
    assert abs(limits[0] - low) <= 1 and abs(limits[1] - high) <= 1
    assert FrameConfig().limits(histogram) is None


@pytest.mark.parametrize("histogram", [np.bincount([7] * 50, minlength=256), np.zeros(256, np.int64)])
def test_limits_of_a_clip_without_contrast_are_apart(histogram: np.ndarray) -> None:
    limits = ROBUST.limits(histogram)
    assert limits is not None and limits[1] > limits[0]


def test_one_bright_pixel_rescales_nothing_in_robust_mode_and_everything_in_memo_mode() -> None:
    frames = grey(1, 32, 32, top=100)
    bright = frames.copy()
    bright[0, 3, 3] = 255
    histogram = np.bincount(bright.ravel(), minlength=256)
    limits = ROBUST.limits(histogram)
    others = np.ones((32, 32), bool)
    others[3, 3] = False
    robust = [normalize_frames(item, ROBUST, limits)[0][others] for item in (frames, bright)]
    memo = [normalize_frames(item, SMALL, None)[0][others] for item in (frames, bright)]
    assert np.array_equal(*robust)
    assert not np.array_equal(*memo)
    assert normalize_frames(bright, ROBUST, limits)[0, 3, 3] == 255


def test_robust_mode_keeps_brightness_between_frames() -> None:
    frames = np.stack([np.full((32, 32), 50), np.full((32, 32), 150)])
    result = normalize_frames(frames, ROBUST, (0.0, 200.0))
    assert np.unique(result[0]).tolist() == [64] and np.unique(result[1]).tolist() == [191]


def test_robust_mode_needs_limits() -> None:
    with pytest.raises(ValueError, match="limits"):
        normalize_frames(grey(), ROBUST, None)


def test_a_mask_leaves_the_other_pixels_as_they_are() -> None:
    frames = torch.from_numpy(normalize_frames(grey(), SMALL, None))
    mask = torch.ones(32, 32, dtype=torch.uint8)
    mask[10:20, :9] = 0
    masked, plain = model_input(frames, mask), model_input(frames)
    kept = mask.bool()
    assert torch.equal(masked[:, kept], plain[:, kept])
    assert not masked[:, ~kept].any()
    assert torch.equal(plain, frames.float() / 255)


def test_percentiles_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ConfigError, match="low_percentile"):
        FrameConfig.parse({"low_percentile": 60, "high_percentile": 40}, "recipe")
