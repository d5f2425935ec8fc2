"""Through k-space: resolution, noise, undersampling, off-resonance and motion, all as one multiplication.

Readouts that are no grid (spirals, spokes) are approximated on the grid: what undersampling does to the point spread
function after gridding is what a periodic weight over k-space does, with the period of the gaps between turns or
spokes (swirls and streaks), and the center of k-space, sampled densely, left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch
import torch.nn.functional as functional
from torch import Tensor

from rtmri2speech.appearance.config import SamplingConfig
from rtmri2speech.appearance.draws import Drawn, Draws, chosen, per_frame

# Values of the field for which the object's share is acquired apart (frequency segmentation, Noll et al. 1991, IEEE
# Trans. Med. Imaging 10, 629-637, run forward).
_SEGMENTS = 5
# Pixels per side over which air is smoothed into a field, by frames of this many.
_FIELD_GRID = 48
_FIELD_DEVIATION = 1.3
# Below this share of the signal of bright tissue a pixel is air.
_AIR = 0.22
# A Cartesian line is short compared with a spiral or a spoke, and off resonance shifts what it reads: not by more than
# half a resolved pixel.
_CARTESIAN_CYCLES = 0.2
# By how much outlines in a slice of some 6 mm lie apart, as a share of the field of view.
_SLICE_DEVIATION = 0.012
# Bright tissue by the self-weighted mean.
_BRIGHT = 1.4


@dataclass(frozen=True)
class Sampling(Drawn):
    """Acquisition of N looks.

    Attributes:
        readout: (N,), 0 Cartesian, 1 spiral, 2 radial.
        matrix: (N,), pixels per side that are resolved.
        fade: (N,), share of the radius.
        noise: (N,), share of bright tissue's signal.
        blur: (N,), resolved pixels.
        thickness: (N,), share of the signal from next to the slice.
        streaks: (N,), strength of undersampling, 0 for none.
        arms: (N,), interleaves or spokes.
        distance: (N,), of the first alias, share of the field of view.
        dense: (N,), share of the radius that is fully sampled.
        phase: (N,), where the pattern starts; turning: (N,), how far it turns from frame to frame.
        cycles: (N,), of the phase at the end of the readout, 0 for none.
        shim: (N, 2), slope of the field over the frame.
        motion: (N, 2), share of the field of view.
        spike: (N, 4), strength, column and row in k-space as shares of the radius, phase.
    """

    readout: Tensor
    matrix: Tensor
    fade: Tensor
    noise: Tensor
    blur: Tensor
    thickness: Tensor
    streaks: Tensor
    arms: Tensor
    distance: Tensor
    dense: Tensor
    phase: Tensor
    turning: Tensor
    cycles: Tensor
    shim: Tensor
    motion: Tensor
    spike: Tensor


def draw_sampling(draws: Draws, config: SamplingConfig) -> Sampling:
    """Draw the acquisition of N looks."""
    weights = torch.tensor([config.cartesian, config.spiral, config.radial], device=draws.generator.device)
    readout = torch.searchsorted(weights.cumsum(0) / weights.sum(), draws.uniform((0.0, 1.0))).clamp(max=2)
    fine = draws.chance(config.fine) > 0.0
    # Odd numbers of spokes: their streaks do not fall on each other.
    spokes = 2.0 * draws.uniform((6.0, 30.0)).floor() + 1.0
    arms = torch.where(readout == 1, draws.uniform((1.0, 9.0)).floor(), spokes)
    sign = 1.0 - 2.0 * draws.chance(0.5)
    cycles = draws.uniform(config.cycles) * draws.chance(config.off_resonance) * sign
    direction = draws.uniform((0.0, 2.0 * pi))
    motion = draws.uniform(config.motion_share) * draws.chance(config.motion)
    return Sampling(
        readout=readout,
        matrix=torch.where(fine, draws.ratio(config.fine_matrix), draws.ratio(config.matrix)),
        fade=draws.uniform(config.fade),
        noise=draws.ratio(config.noise),
        blur=draws.uniform(config.blur),
        thickness=draws.uniform(config.thickness),
        streaks=draws.uniform(config.streaks) * draws.chance(config.undersampling),
        arms=arms,
        distance=torch.where(readout == 0, 1.0 / draws.uniform((2.0, 6.0)).floor(), draws.uniform((0.3, 0.7))),
        dense=draws.uniform((0.05, 0.3)),
        phase=draws.uniform((0.0, 2.0 * pi)),
        turning=draws.uniform((0.0, 2.0 * pi)),
        cycles=torch.where(readout == 0, _CARTESIAN_CYCLES * cycles, cycles),
        shim=draws.normal(0.25, 2),
        motion=motion[:, None] * torch.stack([direction.cos(), direction.sin()], dim=1),
        spike=torch.stack(
            [
                draws.uniform((0.02, 0.12)) * draws.chance(config.spike),
                draws.around(0.8),
                draws.around(0.8),
                draws.uniform((0.0, 2.0 * pi)),
            ],
            dim=1,
        ),
    )


def acquire(images: Tensor, sampling: Sampling, seed: int, numbers: Tensor | None = None) -> Tensor:
    """Magnitude frames of what the coils receive.

    Args:
        images: (N, S, S), without limits of resolution.
        sampling: of N looks.
        seed: of the noise.
        numbers: (N,), of the frames in their recording; the pattern turns from one to the next.
    """
    size = images.shape[1]
    plane = _Plane(size, sampling)
    brightest = typical(images)
    space = torch.fft.fft2(images)
    index = chosen(sampling.cycles.abs())
    if len(index):
        space = space.index_copy(0, index, _off_resonance(images[index], brightest[index], sampling.take(index)))
    pattern = plane.pattern(sampling, numbers)
    weights = plane.window(sampling)
    space *= weights * plane.slice(sampling) * (1.0 + per_frame(sampling.streaks) * pattern)
    index = chosen(sampling.motion.abs().sum(1))
    if len(index):
        moved = plane.move(sampling, index) * pattern[index]
        space = space.index_copy(0, index, space[index] * torch.polar(torch.ones_like(moved), moved))
    space += _noise(plane, sampling, weights, brightest, seed)
    index = chosen(sampling.spike[:, 0])
    if len(index):
        space = space.index_add(0, index, _spike(sampling.take(index), brightest[index], size))
    frames: Tensor = torch.fft.ifft2(space).abs()
    return frames


def typical(images: Tensor) -> Tensor:
    """Signal of bright tissue, (N,): the mean weighted with itself, which a few bright pixels do not rule."""
    mean: Tensor = images.square().sum(dim=(1, 2)) / images.sum(dim=(1, 2)).clamp(min=1e-9)
    return _BRIGHT * mean


class _Plane:
    """Coordinates of k-space for frames of ``size`` x ``size``, in FFT order, relative to each look's radius."""

    def __init__(self, size: int, sampling: Sampling) -> None:
        device = sampling.matrix.device
        self.size = size
        self.frequency = torch.fft.fftfreq(size, 1.0 / size, device=device)
        x, y = self.frequency[None, None, :], self.frequency[None, :, None]
        self.radius = torch.sqrt(x**2 + y**2)
        self.angle = torch.atan2(y.expand(1, size, size), x.expand(1, size, size))
        # A matrix finer than the frames is the frames' own.
        self.limit = per_frame(sampling.matrix.clamp(max=size) / 2.0)
        self.cartesian = per_frame(sampling.readout == 0)
        self.square = torch.maximum(x.abs(), y.abs())

    def window(self, sampling: Sampling) -> Tensor:
        """1 inside what is acquired, faded to its edge, times the blur; (N, S, S)."""
        place = torch.where(self.cartesian, self.square, self.radius) / self.limit
        fade = ((place - 1.0) / per_frame(sampling.fade).clamp(min=1e-3) + 1.0).clamp(0.0, 1.0)
        inside = place <= 1.0
        # A deviation of d resolved pixels: exp(-2 (pi d k)^2) with k in cycles per resolved pixel, 0.5 at the edge.
        blur = per_frame(sampling.blur) * (0.5 * pi) / self.limit
        window = inside * (0.5 + 0.5 * torch.cos(pi * 0.8 * fade))
        result: Tensor = window * torch.exp(-2.0 * (blur * self.radius) ** 2)
        return result

    def slice(self, sampling: Sampling) -> Tensor:
        """What outlines that lie a little apart in a thick slice leave of the signal; (N, S, S)."""
        # The same outlines shifted in all directions: a blur of that deviation, as a share of the frame.
        blurred = torch.exp(-2.0 * (pi * _SLICE_DEVIATION * self.radius) ** 2)
        share = per_frame(sampling.thickness)
        return 1.0 - share + share * blurred

    def pattern(self, sampling: Sampling, numbers: Tensor | None) -> Tensor:
        """-1 to 1 with the period of the gaps, 0 where k-space is sampled densely; (N, S, S)."""
        phase = sampling.phase if numbers is None else sampling.phase + numbers * sampling.turning
        # Half a turn further on, a spoke is its own other end: even numbers of periods.
        per_turn = torch.where(sampling.readout == 1, sampling.arms, 2.0 * sampling.arms) * (sampling.readout > 0)
        along = 2.0 * pi * per_frame(sampling.distance)
        radial = torch.where(
            self.cartesian, self.frequency[None, :, None], torch.where(self._spiral(sampling), self.radius, 0.0)
        )
        turns = along * radial + per_frame(per_turn) * self.angle + per_frame(phase)
        fully = per_frame(sampling.dense)
        outer = ((self.radius / self.limit - fully) / 0.2).clamp(0.0, 1.0)
        return torch.cos(turns) * outer

    def move(self, sampling: Sampling, index: Tensor) -> Tensor:
        """Phase of a shift by the looks' motion, radians: (n, S, S)."""
        x = per_frame(sampling.motion[index, 0]) * self.frequency[None, None, :]
        y = per_frame(sampling.motion[index, 1]) * self.frequency[None, :, None]
        phase: Tensor = 2.0 * pi * (x + y)
        return phase

    def readout_time(self, sampling: Sampling) -> Tensor:
        """Time at which each place is acquired, -1 to 1 for Cartesian lines, else 0 to 1: (N, S, S)."""
        relative = (self.radius / self.limit).clamp(max=1.5)
        # A spiral of constant gradient covers equal areas in equal times.
        timed = torch.where(self._spiral(sampling), relative**2, relative)
        return torch.where(self.cartesian, self.frequency[None, None, :] / self.limit, timed)

    @staticmethod
    def _spiral(sampling: Sampling) -> Tensor:
        return per_frame(sampling.readout == 1)


def _off_resonance(images: Tensor, brightest: Tensor, sampling: Sampling) -> Tensor:
    """K-space of images whose phase turns with a field that changes along the borders of air."""
    field = field_map(images, brightest, sampling.shim)
    time = _Plane(images.shape[1], sampling).readout_time(sampling) * (2.0 * pi) * per_frame(sampling.cycles)
    total = torch.zeros(images.shape, dtype=torch.complex64, device=images.device)
    for level in torch.linspace(-1.0, 1.0, _SEGMENTS).tolist():
        share = (1.0 - (field - level).abs() * ((_SEGMENTS - 1) / 2.0)).clamp(min=0.0)
        total += torch.fft.fft2(images * share) * torch.polar(torch.ones_like(time), time * level)
    return total


def field_map(images: Tensor, brightest: Tensor, shim: Tensor) -> Tensor:
    """Relative off-resonance, -1 to 1, largest along borders of air: (N, S, S).

    Susceptibility differs between air and tissue only, and the field that follows is smooth: the smoothed mask of air
    stands in for the convolution with a dipole, a(1 - a) peaking at borders.
    """
    size = images.shape[1]
    air = (1.0 - images / (_AIR * per_frame(brightest) + 1e-9)).clamp(0.0, 1.0)
    coarse = functional.interpolate(air[:, None], (_FIELD_GRID, _FIELD_GRID), mode="area")
    steps = torch.arange(-4, 5, device=images.device)
    kernel = torch.exp(-0.5 * (steps / _FIELD_DEVIATION) ** 2)
    kernel = kernel / kernel.sum()
    padded = functional.pad(coarse, (4, 4, 4, 4), mode="replicate")
    smooth = functional.conv2d(functional.conv2d(padded, kernel[None, None, None]), kernel[None, None, :, None])
    edges = 4.0 * smooth * (1.0 - smooth)
    line = torch.linspace(-1.0, 1.0, _FIELD_GRID, device=images.device)
    slope = shim[:, 0, None, None] * line + shim[:, 1, None, None] * line[:, None]
    field = (edges[:, 0] + slope).clamp(-1.0, 1.0)
    result: Tensor = functional.interpolate(field[:, None], (size, size), mode="bilinear", align_corners=False)
    return result[:, 0]


def _noise(plane: _Plane, sampling: Sampling, weights: Tensor, brightest: Tensor, seed: int) -> Tensor:
    """Complex noise in k-space so strong that the real part of the frame has the wanted deviation."""
    count, size = len(sampling.matrix), plane.size
    generator = torch.Generator(weights.device).manual_seed(seed)
    white = torch.randn(count, size, size, 2, generator=generator, device=weights.device)
    # Compensation of the density, which falls outwards along spirals and spokes, colors the noise.
    colored = torch.where(plane.cartesian, torch.ones(1, device=weights.device), (plane.radius / plane.limit).sqrt())
    shape = weights * colored
    power = shape.square().sum(dim=(1, 2), keepdim=True)
    level = per_frame(sampling.noise * brightest) * size**2 / power.sqrt()
    return torch.view_as_complex(white) * (level * shape)


def _spike(sampling: Sampling, brightest: Tensor, size: int) -> Tensor:
    """A single bright sample of k-space."""
    strength, x, y, phase = sampling.spike.unbind(1)
    half = sampling.matrix.clamp(max=size) / 2.0
    column, row = ((x * half).round().long() % size, (y * half).round().long() % size)
    space = torch.zeros(len(x), size, size, dtype=torch.complex64, device=x.device)
    space[torch.arange(len(x), device=x.device), row, column] = torch.polar(strength * brightest * size**2, phase)
    return space
