"""Warps: what is moved arrives, and the slopes are those of the interpolation."""

from __future__ import annotations

import torch

from rtmri2speech.analysis.widening.warp import slopes, warp


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
