"""Excitation of a vocoder: harmonics of F0 with a phase that never breaks, and noise.

A source and a filter, as in the neural source-filter model (Wang, Takaki and Yamagishi 2019, arXiv:1904.12088); the
filter is a HiFi-GAN that is given the source at every rate it works at, as in SiFi-GAN (Yoneyama, Wu and Toda 2022,
arXiv:2210.15533, "Source-Filter HiFi-GAN"). What a mel of few frames per second leaves out, which is where in a frame
the glottis closes and how F0 moves, then need not be made up by convolutions.

Frequencies are in cycles per sample, so that a network depends on no sampling rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

POINTS: Final = 4
"""Values of F0 and voicing per mel frame, evenly spread over it."""

FREQUENCIES: Final = (0.002, 0.12)
"""Lowest and highest F0, cycles per sample."""

_TYPICAL: Final = 0.015
_NOISE_FRAMES: Final = 256
_NOISE: Final = (0.05, 0.3)  # amplitude next to harmonics of power 1, and alone


@dataclass(frozen=True)
class PitchPoints:
    """F0 and voicing over time, (B, T, K) each, K = :data:`POINTS` per mel frame.

    Attributes:
        log_f0: binary logarithm of F0 in cycles per sample, whether there is voice or not.
        voicing: logit that there is voice.
    """

    log_f0: Tensor
    voicing: Tensor

    @property
    def f0(self) -> Tensor:
        """F0, cycles per sample."""
        return self.log_f0.exp2().clamp(*FREQUENCIES)

    @property
    def voiced(self) -> Tensor:
        """Probability that there is voice."""
        return self.voicing.sigmoid()


@dataclass(frozen=True)
class SourceFrames:
    """All that the excitation of frames is computed from; any run of frames stands for itself.

    Attributes:
        f0: (B, T, K + 2), cycles per sample, the points of each frame between its neighbors' nearest ones.
        voiced: (B, T, K + 2), 0 to 1.
        phase: (B, T), float64, cycles at the start of each frame, 0 to 1.
        number: (T,), int64, of each frame, counted from the start of the recording.
    """

    f0: Tensor
    voiced: Tensor
    phase: Tensor
    number: Tensor

    def part(self, start: int, stop: int) -> SourceFrames:
        """Frames ``start`` to ``stop``."""
        run = slice(start, stop)
        return SourceFrames(self.f0[:, run], self.voiced[:, run], self.phase[:, run], self.number[run])


class PlainConv1d(nn.Conv1d):
    """A convolution that is trained as it is, without weight norm: one that starts at zero has no direction."""


class HarmonicSource(nn.Module):
    """The mel's F0 and voicing, and what an F0 and voicing sound like before the filter.

    Args:
        n_mels: mel bands M.
        hop_length: samples per mel frame.
        channels: of the network that reads F0.
    """

    def __init__(self, n_mels: int, hop_length: int, channels: int) -> None:
        super().__init__()
        self.hop_length = hop_length
        widths = [n_mels, channels, channels, channels]
        # Three frames on either side, which is what a transform of five frames smears over.
        self.layers = nn.ModuleList(
            PlainConv1d(wide_in, wide_out, kernel, padding=kernel // 2)
            for wide_in, wide_out, kernel in zip(widths, widths[1:], (5, 3, 1), strict=False)
        )
        self.head = PlainConv1d(channels, 2 * POINTS, 1)
        nn.init.normal_(self.head.weight, 0.0, 0.01)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    @property
    def reach(self) -> int:
        """Mel frames on each side that a frame's excitation depends on, apart from its phase."""
        return sum(layer.kernel_size[0] // 2 for layer in self.layers if isinstance(layer, nn.Conv1d)) + 1

    def forward(self, ln_mel: Tensor) -> PitchPoints:
        """F0 and voicing of an ln(power) mel (B, M, T), whatever its level."""
        with torch.autocast(ln_mel.device.type, enabled=False):
            x = ln_mel.to(self.head.weight.dtype)
            x = x - x.mean(dim=1, keepdim=True)
            for layer in self.layers:
                x = F.gelu(layer(x))
            made = self.head(x).transpose(1, 2)
        log_f0 = made[..., :POINTS] + float(np.log2(_TYPICAL))
        return PitchPoints(log_f0, 4.0 * made[..., POINTS:])

    def frames(self, f0: Tensor, voiced: Tensor, phase: Tensor | float = 0.0, first: int = 0) -> SourceFrames:
        """Frames of an F0 and a voicing, whose phase is the integral of F0.

        Args:
            f0: (B, T, K), cycles per sample.
            voiced: (B, T, K), 0 to 1.
            phase: cycles at the start of the first frame.
            first: its number.
        """
        around_f0, around_voiced = _with_neighbors(f0.float()), _with_neighbors(voiced.float())
        cycles = around_f0.double() @ _tables(self.hop_length, f0.device).steps[-1]
        starts = cycles.cumsum(dim=1) - cycles + phase
        number = torch.arange(first, first + f0.shape[1], device=f0.device)
        return SourceFrames(around_f0, around_voiced, starts % 1.0, number)

    def excitation(self, frames: SourceFrames) -> Tensor:
        """The samples (B, hop, T) of frames, power about 1 where there is voice.

        All harmonics below the Nyquist frequency with equal amplitudes and a common phase, a band-limited pulse train:
        the sum of cos(2 pi k p) over k = 1 .. H is (sin((2 H + 1) pi p) / sin(pi p) - 1) / 2 (Dirichlet's kernel). The
        next one fades in as F0 falls, so that none begins at once.
        """
        points, steps, noises = _tables(self.hop_length, frames.f0.device)
        with torch.autocast(frames.f0.device.type, enabled=False):
            f0, voiced = frames.f0 @ points.T, frames.voiced @ points.T  # (B, T, hop)
            cycles = frames.phase[..., None] + frames.f0.double() @ steps[:-1].T
            phase = (cycles % 1.0).float()
            pulses = _pulses(phase, 0.5 / f0)
            quiet, loud = _NOISE
            noise = noises[frames.number % _NOISE_FRAMES] * (loud + (quiet - loud) * voiced)
            return (voiced * pulses + noise).transpose(1, 2)


class SourceEntry(nn.Module):
    """Where the excitation enters the filter: a convolution with the stride that remains to the sampling rate.

    It starts at zero, so that a filter that was trained without a source sounds as it did.

    Args:
        channels: of the filter at this place.
        stride: samples per step of the filter there.
    """

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        kernel = 2 * max(stride, 3) + 1
        self.conv = PlainConv1d(1, channels, kernel, stride=stride, padding=kernel // 2)
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, samples: Tensor) -> Tensor:
        """Shape (B, 1, N) to (B, channels, N / stride)."""
        made: Tensor = self.conv(samples)
        return made


def as_samples(excitation: Tensor) -> Tensor:
    """The excitation (B, hop, T) as a wave (B, 1, T * hop)."""
    return excitation.transpose(1, 2).flatten(1).unsqueeze(1)


def points_of_frames(f0: Tensor, voiced: Tensor) -> tuple[Tensor, Tensor]:
    """F0 and voicing of whole frames, (B, T), as points (B, T, K): linear between the frames' centers.

    F0 is interpolated between voiced frames, and held beyond them, since 0 stands where there is no voice.

    Args:
        f0: cycles per sample, 0 where there is no voice.
        voiced: 0 to 1.
    """
    times = np.arange(f0.shape[1])
    fine = np.reshape(times[:, None] + (np.arange(POINTS) + 0.5) / POINTS - 0.5, -1)
    rows = []
    for row in f0.detach().cpu().double().numpy():
        there = row > 0
        known = np.log(row[there]) if there.any() else np.log([_TYPICAL])
        rows.append(np.exp(np.interp(fine, times[there] if there.any() else [0], known)))
    made = torch.from_numpy(np.stack(rows)).to(f0.device, torch.float32)
    parts = [np.interp(fine, times, row) for row in voiced.detach().cpu().double().numpy()]
    soft = torch.from_numpy(np.stack(parts)).to(f0.device, torch.float32)
    shape = (*f0.shape, POINTS)
    return made.clamp(*FREQUENCIES).reshape(shape), soft.reshape(shape)


def _pulses(phase: Tensor, harmonics: Tensor) -> Tensor:
    """Sum of cosines at a phase in cycles, 0 to 1, power 1; the whole part of ``harmonics`` and a fraction of one."""
    whole = harmonics.floor()
    sine = torch.sin(torch.pi * phase)
    # Near the pulse the quotient is replaced by its limit, 2 H + 1.
    near = sine.abs() < 1e-4
    quotient = torch.sin(torch.pi * (2.0 * whole + 1.0) * phase) / torch.where(near, torch.ones_like(sine), sine)
    total = 0.5 * (torch.where(near, 2.0 * whole + 1.0, quotient) - 1.0)
    total = total + (harmonics - whole) * torch.cos(2.0 * torch.pi * (whole + 1.0) * phase)
    return total * torch.rsqrt(0.5 * harmonics)


def _with_neighbors(points: Tensor) -> Tensor:
    """(B, T, K) to (B, T, K + 2): the last point of the frame before, and the first of the one after."""
    before = torch.cat([points[:, :1, :1], points[:, :-1, -1:]], dim=1)
    after = torch.cat([points[:, 1:, :1], points[:, -1:, -1:]], dim=1)
    return torch.cat([before, points, after], dim=2)


class _Tables(NamedTuple):
    """What follows from the hop length alone.

    Attributes:
        points: linear interpolation from a frame's points and its neighbors' to its samples, (hop, K + 2).
        steps: cycles from a frame's start to the middle of each sample, and in the last row to its end, per cycle per
            sample at each point, (hop + 1, K + 2), float64.
        noise: white, of power 1, the same for every recording, (frames, hop): a sample's depends on its place alone.
    """

    points: Tensor
    steps: Tensor
    noise: Tensor


# Not buffers of the network: a phase needs float64 whatever its precision.
@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _tables(hop_length: int, device: torch.device) -> _Tables:
    places = (np.arange(hop_length) + 0.5) / hop_length * POINTS + 0.5  # in points; the frame's own are 1 .. K
    between = np.clip(1.0 - np.abs(places[:, None] - np.arange(POINTS + 2)), 0.0, None)
    sums = np.cumsum(between, axis=0)
    steps = np.concatenate([sums - 0.5 * between, sums[-1:]])
    noise = np.random.default_rng(0).standard_normal((_NOISE_FRAMES, hop_length)).astype(np.float32)
    points, long, white = (torch.from_numpy(table).to(device) for table in (between, steps, noise))
    return _Tables(points.float(), long, white)
