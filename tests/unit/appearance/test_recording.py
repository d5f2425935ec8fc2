"""From magnitudes to a video."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.draws import Draws
from rtmri2speech.appearance.recording import Recording, compress, draw_recording, record, resample

Quiet = Callable[..., LookConfig]


def recording(config: LookConfig, count: int = 4, matrix: float = 256.0) -> Recording:
    draws = Draws(count, torch.Generator().manual_seed(3))
    return draw_recording(draws, config.recording, torch.full((count,), matrix))


def ramp(count: int, size: int) -> Tensor:
    return torch.linspace(0.0, 1.0, size).expand(count, size, size)


def test_nothing_changes_by_itself(quiet: Quiet) -> None:
    frames = ramp(4, 48)
    found, labels = record(frames, torch.ones(4, 48, 48, dtype=torch.uint8), recording(quiet()), 1)
    assert torch.allclose(found, frames, atol=0.5 / 255.0 + 1e-6)
    assert labels is not None and bool((labels == 1).all())


def test_few_pixels_as_squares_or_between(quiet: Quiet) -> None:
    frames = ramp(4, 64)
    squares = resample(frames, recording(quiet(recording={"pixels": 1.0, "nearest": 1.0}), matrix=16.0))
    assert torch.allclose(squares[:, :, 0::4], squares[:, :, 3::4], atol=1e-5)
    assert len(squares[0, 0].mul(1e4).round().unique()) == 16
    between = resample(frames, recording(quiet(recording={"pixels": 1.0}), matrix=16.0))
    assert torch.allclose(between[:, :, 4:-4], frames[:, :, 4:-4], atol=1e-4)


def test_compression_keeps_means_and_loses_detail(quiet: Quiet) -> None:
    noise = torch.rand(4, 50, 50, generator=torch.Generator().manual_seed(0)) * 0.1 + 0.45
    strong = recording(quiet(recording={"compression": 1.0, "quantizer": [28.0, 28.0]}))
    weak = recording(quiet(recording={"compression": 1.0, "quantizer": [0.2, 0.2]}))
    assert float((compress(noise, weak) - noise).abs().max()) < 0.01
    lost = compress(noise, strong)
    assert float(lost.std()) < 0.5 * float(noise.std()) and float(lost.mean()) == pytest.approx(0.5, abs=0.01)


def test_margins_are_black_and_without_labels(quiet: Quiet) -> None:
    given = quiet(recording={"border": 1.0, "margin": [0.25, 0.25], "circle": 0.0})
    found, labels = record(torch.ones(8, 40, 40), torch.ones(8, 40, 40, dtype=torch.uint8), recording(given, 8), 1)
    assert labels is not None and torch.equal(found > 0.0, labels > 0)
    assert float(found[:, 10:30, 10:30].min()) == 1.0 and float(found[:, :10].min()) == 0.0


def test_contrast_is_clipped_and_grays_are_few(quiet: Quiet) -> None:
    given = quiet(recording={"clipping": 1.0, "clipped": [0.4, 0.4], "coarse_gray": 1.0})
    found, _ = record(ramp(4, 64), None, recording(given), 1)
    assert float((found == 1.0).float().mean()) == pytest.approx(0.4, abs=0.03)
    assert all(len(frame.unique()) <= 64 for frame in found)


@pytest.mark.parametrize("step", ["marks", "interlaced", "noisy_rows", "circle"])
def test_rare_things_happen_where_they_should(quiet: Quiet, step: str) -> None:
    frames = 0.5 * ramp(6, 96)
    found, _ = record(frames, None, recording(quiet(recording={step: 1.0}), 6), 1)
    changed = (found - frames).abs() > 0.004
    assert all(bool(frame.any()) for frame in changed)
    # None of them touches the middle, but for the shift of every other line.
    if step == "interlaced":
        assert not bool(changed[:, 0::2].any()) and bool(changed[:, 1::2].any())
    else:
        assert not bool(changed[:, 30:70, 30:70].any())
