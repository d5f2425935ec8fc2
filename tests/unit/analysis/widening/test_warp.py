"""Warps: what is moved arrives, and the slopes are those of the interpolation."""

from __future__ import annotations

import torch

from rtmri2speech.analysis.widening.warp import before_normalization, normalize, slopes, warp
from rtmri2speech.signal.frames import FrameConfig

MEMO, ROBUST = FrameConfig(size=16), FrameConfig(size=16, mode="robust")


def frames() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.rand(2, 16, 16, dtype=torch.float64)


def test_a_whole_pixel_is_a_shift() -> None:
    moved = torch.zeros(2, 16, 16, 2, dtype=torch.float64)
    moved[..., 0] = 1.0
    torch.testing.assert_close(warp(frames(), moved)[:, :, 1:], frames()[:, :, :-1])


def test_the_slope_is_that_of_a_small_warp_on_either_side() -> None:
    one, step = frames(), 1e-6
    for axis, slope in enumerate(slopes(one)):
        moved = torch.zeros(2, 16, 16, 2, dtype=torch.float64)
        moved[..., axis] = step
        for sign in (1.0, -1.0):
            found = (warp(one, sign * moved) - one) / (sign * step)
            torch.testing.assert_close(found, -slope, atol=1e-4, rtol=0.0)


def test_gradients_pass_through_the_normalization() -> None:
    for config in (MEMO, ROBUST):
        unit = normalize(frames(), MEMO)
        leaf = unit.clone().requires_grad_()
        weights = torch.rand_like(unit)
        (normalize(leaf, config) * weights).sum().backward()
        torch.testing.assert_close(before_normalization(weights[None], unit, config)[0], leaf.grad)


def test_a_frame_without_contrast_stays_as_it_is() -> None:
    assert torch.isfinite(normalize(torch.zeros(1, 4, 4), MEMO)).all()
