"""Looks: one draw of all that is random about frames of the same tract, and frames that have it.

::

    config = load_look("random")
    looks = draw_looks(64, torch.Generator("cuda").manual_seed(1), config)
    frames, labels = apply_looks(looks, images, labels, size=192)

The same seed gives the same looks on the same kind of device, and the same looks give the same frames. Every step works
on all frames at once, on the device of the looks. Geometry moves labels with frames; nothing else moves either, but for
off-resonance with Cartesian readout, by half a resolved pixel at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from rtmri2speech.appearance import contrast as brightness
from rtmri2speech.appearance import geometry as warping
from rtmri2speech.appearance.config import LookConfig, load_look
from rtmri2speech.appearance.contrast import Coil, Contrast, draw_coil, draw_contrast
from rtmri2speech.appearance.draws import Draws, per_frame
from rtmri2speech.appearance.geometry import Geometry, draw_geometry
from rtmri2speech.appearance.inclusions import Inclusions, draw_inclusions, include
from rtmri2speech.appearance.k_space import Sampling, acquire, draw_sampling
from rtmri2speech.appearance.recording import Recording, draw_recording, levels, record, resample

__all__ = ["LookConfig", "Looks", "apply_looks", "develop", "draw_looks", "load_look", "scan_looks"]


@dataclass(frozen=True)
class Looks:
    """N looks.

    Attributes:
        geometry, contrast, coil, inclusions, sampling, recording: what was drawn for each step.
        seed: of the noise.
    """

    geometry: Geometry
    contrast: Contrast
    coil: Coil
    inclusions: Inclusions
    sampling: Sampling
    recording: Recording
    seed: int

    def __len__(self) -> int:
        return len(self.geometry.linear)

    def take(self, index: Tensor) -> Looks:
        """Some of the looks, by number; a number may come more than once."""
        return Looks(
            self.geometry.take(index),
            self.contrast.take(index),
            self.coil.take(index),
            self.inclusions.take(index),
            self.sampling.take(index),
            self.recording.take(index),
            self.seed,
        )

    def to(self, device: torch.device | str) -> Looks:
        """On a device."""
        return Looks(
            self.geometry.to(device),
            self.contrast.to(device),
            self.coil.to(device),
            self.inclusions.to(device),
            self.sampling.to(device),
            self.recording.to(device),
            self.seed,
        )

    def for_frames(self, count: int, seed: int = 0) -> Looks:
        """A single look for each of ``count`` frames of a recording; ``seed`` sets their noise apart from others'.

        Raises:
            ValueError: when these are several looks.
        """
        if len(self) != 1:
            raise ValueError(f"{len(self)} looks: a recording has one")
        index = torch.zeros(count, dtype=torch.long, device=self.geometry.linear.device)
        return replace(self.take(index), seed=self.seed + 2 * seed)


def draw_looks(count: int, generator: torch.Generator, config: LookConfig | None = None) -> Looks:
    """Draw ``count`` looks, on the generator's device.

    Args:
        count: N.
        generator: source of all that is random; the noise of the frames is seeded from it too.
        config: ranges and probabilities; the widest by default.
    """
    config = config or LookConfig()
    draws = Draws(count, generator)
    seed = torch.randint(2**31, (1,), generator=generator, device=generator.device)
    sampling = draw_sampling(draws, config.sampling)
    return Looks(
        geometry=draw_geometry(draws, config.geometry),
        contrast=draw_contrast(draws, config.contrast),
        coil=draw_coil(draws, config.coil),
        inclusions=draw_inclusions(draws, config.inclusions),
        sampling=sampling,
        recording=draw_recording(draws, config.recording, sampling.matrix),
        seed=int(seed.item()),
    )


def apply_looks(
    looks: Looks, images: Tensor, labels: Tensor | None = None, size: int | None = None, *, gray: bool = True
) -> tuple[Tensor, Tensor | None]:
    """Frames with their looks; every frame is scaled to its own darkest and brightest pixel.

    Args:
        looks: N looks.
        images: (N, H, W), 0 to 1, on the looks' device.
        labels: (N, H, W), values of :class:`rtmri2speech.data.labels.Label`, or None.
        size: side of the frames that come out; by default the longer side of the images.
        gray: the images are frames, whose labels get a brightness each; False for painted ones, which have theirs.

    Returns:
        Frames (N, size, size), float32, 0 to 1, and their labels (N, size, size), uint8, or None.

    Raises:
        ValueError: when numbers or shapes differ.
    """
    frames, moved = scan_looks(looks, images, labels, size, gray=gray)
    dark, bright = levels(frames)
    # On its own scale a frame of the start would not be over-bright: its brightest parts saturate.
    bright = dark + (bright - dark) / (1.0 + brightness.excess_at(looks.contrast, None))
    return develop(looks, frames, moved, dark, bright)


def scan_looks(
    looks: Looks,
    images: Tensor,
    labels: Tensor | None = None,
    size: int | None = None,
    *,
    gray: bool = True,
    numbers: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """The first half of :func:`apply_looks`: magnitudes as the scanner gives them, on no particular scale.

    Args:
        looks, images, labels, size, gray: see there.
        numbers: (N,), numbers of the frames in their recording, which is over-bright at its start.
    """
    _check(looks, images, labels)
    size = size or max(images.shape[1:])
    images = images.float()
    if gray and labels is not None:
        images = brightness.brighten_labels(images, labels, looks.contrast)
    frames = warping.warp(images, looks.geometry, size)
    places = warping.positions(looks.geometry, size)
    excess = brightness.excess_at(looks.contrast, numbers)
    # All that is not at the start stays as it is to the last bit.
    frames = torch.where(per_frame(excess) > 1e-3, brightness.unsettled(frames, excess), frames)
    frames = include(frames, looks.inclusions, places)
    frames = frames * brightness.texture(looks.contrast, size) * brightness.sensitivity(looks.coil, places)
    frames = acquire(frames, looks.sampling, looks.seed, numbers)
    frames = resample(frames, looks.recording)
    if labels is None:
        return frames, None
    return frames, warping.sample(labels.float(), places, nearest=True).to(torch.uint8)


def develop(
    looks: Looks, frames: Tensor, labels: Tensor | None, dark: Tensor, bright: Tensor
) -> tuple[Tensor, Tensor | None]:
    """The second half of :func:`apply_looks`: magnitudes to frames 0 to 1.

    Args:
        looks: N looks.
        frames: (N, S, S), magnitudes.
        labels: (N, S, S), or None.
        dark, bright: (N,) or (1,), magnitudes that become 0 and 1 before contrast is clipped.
    """
    span = per_frame(bright - dark).clamp(min=1e-9)
    return record((frames - per_frame(dark)) / span, labels, looks.recording, looks.seed)


def _check(looks: Looks, images: Tensor, labels: Tensor | None) -> None:
    if images.ndim != 3 or len(images) != len(looks):
        raise ValueError(f"images {tuple(images.shape)} for {len(looks)} looks: (N, H, W) is needed")
    if labels is not None and labels.shape != images.shape:
        raise ValueError(f"labels {tuple(labels.shape)} for images {tuple(images.shape)}")
