"""What hidden pixels are replaced by, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.analysis.occlusion.fills import FILLS, Fill, FillFactory, hide

each_fill = pytest.mark.parametrize("fill", FILLS)


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices((size, size)) + 0.5
    return np.hypot(columns - x, rows - y) <= radius


@each_fill
@given(alpha=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 100))
def test_nothing_but_the_region_changes(fill: Fill, alpha: float, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    frames = torch.rand(2, 16, 16, generator=rng)
    masks = torch.rand(2, 16, 16, generator=rng) < 0.3
    factory = FillFactory(torch.rand(16, 16, generator=rng))
    fills = factory.fill(fill, frames, masks)
    hidden = hide(frames, masks, fills, alpha)
    assert torch.equal(hidden[~masks], frames[~masks])
    assert torch.equal(hidden[masks], (frames if alpha == 1 else alpha * frames + (1 - alpha) * fills)[masks])
    assert fills.min() >= 0 and fills.max() <= 1 + 1e-6


def test_what_each_fill_is() -> None:
    rng = torch.Generator().manual_seed(1)
    mean = torch.rand(32, 32, generator=rng)
    masks = torch.from_numpy(disc(32, 20, 12, 6))[None]
    gray = torch.full((1, 32, 32), 0.4)
    spoilt = torch.where(masks, torch.rand(1, 32, 32, generator=rng), gray)
    factory = FillFactory(mean)
    assert factory.fill("darken", spoilt, masks).abs().max() == 0
    assert torch.equal(factory.fill("freeze", spoilt, masks)[0], mean)
    torch.testing.assert_close(factory.fill("blur", gray, masks), gray)
    # The neighbourhood knows nothing of what it hides.
    torch.testing.assert_close(factory.fill("neighbourhood", spoilt, masks), gray)
    everywhere = torch.ones(1, 32, 32, dtype=torch.bool)
    assert torch.isfinite(factory.fill("neighbourhood", spoilt, everywhere)).all()


def test_blur_is_wide_enough_to_hide_and_keeps_brightness() -> None:
    frame = torch.zeros(1, 64, 64)
    frame[0, 32, 32] = 1.0
    blurred = FillFactory(torch.zeros(64, 64)).blurred(frame)[0]
    assert blurred.sum() == pytest.approx(1.0, abs=0.01)
    rows = torch.arange(64) - 32.0
    assert (blurred.sum(dim=1) * rows.square()).sum().sqrt() == pytest.approx(4.0, rel=0.02)


def test_frames_may_have_channels_and_any_shape() -> None:
    rng = torch.Generator().manual_seed(3)
    frames = torch.rand(2, 3, 12, 20, generator=rng)
    masks = (torch.rand(2, 12, 20, generator=rng) < 0.2)[:, None]
    factory = FillFactory(frames.mean(dim=0))
    for fill in FILLS:
        whole = factory.fill(fill, frames, masks)
        single = FillFactory(frames.mean(dim=0)[1]).fill(fill, frames[:, 1], masks[:, 0])
        torch.testing.assert_close(whole[:, 1], single)
        assert torch.equal(hide(frames, masks, whole, 0.0)[:, 1], hide(frames[:, 1], masks[:, 0], whole[:, 1], 0.0))
