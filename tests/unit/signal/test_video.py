from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.video import FrameConfig, _resize, model_input, normalise_frames

MEMO = FrameConfig()
SMALL = FrameConfig(size=32)
ROBUST = FrameConfig(size=32, mode="robust")


def grey(n: int = 3, height: int = 48, width: int = 40, seed: int = 0, top: int = 256) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, top, (n, height, width)))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.integers(17, 70), st.integers(17, 70), st.sampled_from([4, 256, 65536]))
def test_memo_mode_is_z_score_then_unit_range(seed: int, height: int, width: int, top: int) -> None:
    frames = grey(2, height, width, seed, top)
    result = normalise_frames(frames, SMALL, None)
    assert result.dtype == torch.uint8 and result.shape == (2, 32, 32)
    for frame, ours in zip(_resize(frames.float(), 32).double().numpy(), result.numpy(), strict=True):
        z = (frame - frame.mean()) / frame.std()
        unit = (z - z.min()) / (z.max() - z.min())
        assert np.abs(ours / 255.0 - unit).max() <= 0.5 / 255 + 1e-4


def test_the_frame_of_its_own_size_is_not_resampled() -> None:
    frames = grey(1, 32, 32)
    low, high = frames.min(), frames.max()
    expected = ((frames - low) * (255.0 / (high - low))).round()
    assert (normalise_frames(frames, SMALL, None) - expected).abs().max() <= 1


def test_default_size_is_the_memos() -> None:
    assert normalise_frames(grey(1, 68, 68), MEMO, None).shape == (1, 256, 256)


def test_shrinking_averages_instead_of_dropping_pixels() -> None:
    stripes = torch.zeros(1, 64, 64)
    stripes[:, :, ::2] = 200.0
    resized = _resize(stripes, 16)
    assert (resized[:, :, 2:-2] - 100.0).abs().max() < 1.0


def test_gain_and_offset_cancel_in_memo_mode() -> None:
    frames = grey()
    assert torch.equal(normalise_frames(frames, SMALL, None), normalise_frames(3 * frames + 17, SMALL, None))


def test_deep_video_equals_the_same_picture_in_eight_bits() -> None:
    frames = grey()
    limits8, limits16 = (20.0, 220.0), (20.0 * 257, 220.0 * 257)
    assert torch.equal(normalise_frames(frames, SMALL, None), normalise_frames(frames * 257, SMALL, None))
    assert torch.equal(normalise_frames(frames, ROBUST, limits8), normalise_frames(frames * 257, ROBUST, limits16))


@pytest.mark.parametrize("value", [0, 1, 100, 255, 40000, 65535])
@pytest.mark.parametrize("side", [32, 64, 150, 300])
def test_a_frame_without_contrast_is_black(value: int, side: int) -> None:
    for size in (32, 256):
        assert not normalise_frames(torch.full((2, side, side), value), FrameConfig(size=size), None).any()


def test_the_faintest_contrast_of_a_real_frame_counts() -> None:
    for background, step in ((254, 1), (65000, 1)):
        frame = torch.full((1, 32, 32), background)
        frame[0, 5, 5] += step
        result = normalise_frames(frame, SMALL, None)
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
    bright = frames.clone()
    bright[0, 3, 3] = 255
    histogram = np.bincount(bright.numpy().ravel(), minlength=256)
    limits = ROBUST.limits(histogram)
    others = torch.ones(32, 32, dtype=torch.bool)
    others[3, 3] = False
    robust = [normalise_frames(item, ROBUST, limits)[0][others] for item in (frames, bright)]
    memo = [normalise_frames(item, SMALL, None)[0][others] for item in (frames, bright)]
    assert torch.equal(*robust)
    assert not torch.equal(*memo)
    assert normalise_frames(bright, ROBUST, limits)[0, 3, 3] == 255


def test_robust_mode_keeps_brightness_between_frames() -> None:
    frames = torch.stack([torch.full((32, 32), 50), torch.full((32, 32), 150)])
    result = normalise_frames(frames, ROBUST, (0.0, 200.0))
    assert result[0].unique().tolist() == [64] and result[1].unique().tolist() == [191]


def test_robust_mode_needs_limits() -> None:
    with pytest.raises(ValueError, match="limits"):
        normalise_frames(grey(), ROBUST, None)


def test_a_mask_leaves_the_other_pixels_as_they_are() -> None:
    frames = normalise_frames(grey(), SMALL, None)
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
