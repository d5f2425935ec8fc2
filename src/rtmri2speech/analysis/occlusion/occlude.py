"""Regions hidden in every frame, and what the model makes of such pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.analysis.attribution.explainer import Explainer, OnFrames
from rtmri2speech.analysis.occlusion.controls import Shift, place_controls
from rtmri2speech.analysis.occlusion.fills import Fill, Painter, hide
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.frames import model_input

Mel = NDArray[np.float32]


@dataclass(frozen=True)
class Condition:
    """One way to change the pictures.

    Attributes:
        region: its name.
        fill: what stands in its place.
        alpha: 0 hides, 1 leaves as is.
        control: 0 for the region itself, k for its k-th control region.
    """

    region: str
    fill: Fill
    alpha: float
    control: int = 0

    @property
    def file_name(self) -> str:
        """As files of this condition are called."""
        control = f"_control{self.control}" if self.control else ""
        return f"{self.region}_{self.fill}_{self.alpha:g}{control}"


@dataclass(frozen=True)
class MaskOptions:
    """What is hidden, and how.

    Attributes:
        regions: names.
        fills: what stands in the place of a region.
        alphas: how much of it stays visible, each from 0 to 1.
        controls: control regions beside each.
        seed: of their places.
    """

    regions: tuple[str, ...]
    fills: tuple[Fill, ...] = ("darken",)
    alphas: tuple[float, ...] = (0.0, 0.3, 1.0)
    controls: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = next((alpha for alpha in self.alphas if not 0.0 <= alpha <= 1.0), None)
        if wrong is not None:
            raise ConfigError(f"--alpha {wrong:g}: not from 0 to 1.", "0 hides the region, 1 leaves it as it is.")
        if self.controls < 1:
            raise ConfigError(
                f"--controls {self.controls}: an effect means nothing without a control beside it.", "Give 1 or more."
            )


@dataclass(frozen=True)
class Survey:
    """A clip looked through once.

    Attributes:
        features: feature vectors of its frames, (T, C).
        mean: mean picture, (S, S), 0 to 1.
        footprints: share of the frames in which a pixel belongs to a region, (R, S, S), in the regions' order.
    """

    features: Tensor
    mean: Tensor
    footprints: NDArray[np.float64]

    def area(self, region: int) -> float:
        """Mean area of a region, pixels a frame."""
        return float(self.footprints[region].sum())


@dataclass(frozen=True)
class Masked:
    """What the model says.

    Attributes:
        unmasked: the mel of the clip as it is, (T, M), dB.
        mels: the mel under each condition, (T, M), dB.
        pixels: mean area of each region, pixels a frame; its controls have the same.
        controls: where each region's controls lie.
        empty: regions left out because they cover no pixel in any frame.
    """

    unmasked: Mel
    mels: dict[Condition, Mel]
    pixels: dict[str, float]
    controls: dict[str, list[Shift]]
    empty: list[str]


def mask_clip(
    clip: Clip,
    explainer: Explainer,
    regions: Regions,
    options: MaskOptions,
    on_frames: OnFrames = lambda count: None,
) -> Masked:
    """Predict the mel of a clip with regions hidden, and with control regions hidden.

    Pictures are changed after their normalisation, as the model gets them: hiding a bright tongue does not make the
    rest of the frame brighter. With alpha 1 every picture is what it was, and so is the mel.

    Args:
        clip: the video.
        explainer: the model.
        regions: all that are known; controls lie on none of them.
        options: which of them are hidden, and how.
        on_frames: called with the number of frames done, :func:`passes` times the clip's.

    Raises:
        ConfigError: when a region is not among them, or none covers a pixel.
    """
    wanted = regions.only(options.regions).names
    survey = look_through(clip, explainer, regions, on_frames)
    taken = np.any(survey.footprints, axis=0)
    picture = survey.mean.cpu().numpy().astype(np.float64)
    pixels, controls = {}, {}
    for name in wanted:
        index = regions.names.index(name)
        if survey.area(index) > 0:
            seed = [options.seed, *name.encode()]
            pixels[name] = survey.area(index)
            controls[name] = place_controls(survey.footprints[index], taken, picture, options.controls, seed)
    if not pixels:
        raise ConfigError(
            f"No pixel of {clip.scan.path} belongs to {' or '.join(wanted)}.", "Draw the regions, or choose others."
        )
    conditions = [
        Condition(name, fill, alpha, control)
        for name in pixels
        for fill in options.fills
        for alpha in options.alphas
        for control in range(len(controls[name]) + 1)
    ]
    encoded = _encode(clip, explainer, regions, conditions, controls, survey, on_frames)
    return Masked(
        unmasked=_mel(explainer, survey.features),
        mels={condition: _mel(explainer, features) for condition, features in encoded.items()},
        pixels=pixels,
        controls=controls,
        empty=[name for name in wanted if name not in pixels],
    )


def passes(options: MaskOptions) -> int:
    """How often each frame is looked at, at most."""
    return 1 + len(options.regions) * len(options.fills) * len(options.alphas) * (1 + options.controls)


def look_through(
    clip: Clip, explainer: Explainer, regions: Regions, on_frames: OnFrames = lambda count: None
) -> Survey:
    """Features, mean picture and the regions' footprints of a clip."""
    size = explainer.frames.size
    total = torch.zeros(size, size, dtype=torch.float64)
    footprints = np.zeros((len(regions.names), size, size))
    features: list[Tensor] = []
    count = 0

    def encode(frames: Tensor, _: int) -> Tensor:
        with torch.no_grad():
            return explainer.model.encode(model_input(frames.to(explainer.device), explainer.mask))

    for block in clip.blocks():
        total += torch.from_numpy(block).sum(dim=0)
        for frame in range(count, count + len(block)):
            footprints += regions.at(frame)
        features += explainer.pieces([block], encode)
        count += len(block)
        on_frames(len(block))
    mean = (total / (255.0 * count)).float().to(explainer.device)
    return Survey(torch.cat(features), mean, footprints / count)


def _encode(
    clip: Clip,
    explainer: Explainer,
    regions: Regions,
    conditions: Sequence[Condition],
    controls: dict[str, list[Shift]],
    survey: Survey,
    on_frames: OnFrames,
) -> dict[Condition, Tensor]:
    """Features (T, C) under each condition; the video is decoded once, a block at a time."""
    painter = Painter(survey.mean)
    parts: dict[Condition, list[Tensor]] = {condition: [] for condition in conditions}
    first = 0
    for block in clip.blocks():
        masks = np.stack([regions.at(frame) for frame in range(first, first + len(block))], axis=1)
        known = survey.features[first : first + len(block)]
        for condition in conditions:
            moved = masks[regions.names.index(condition.region)]
            if condition.control:
                moved = controls[condition.region][condition.control - 1].apply(moved)
            work = _Hidden(explainer, painter, condition, torch.from_numpy(moved), known)
            parts[condition] += explainer.pieces([block], work)
            on_frames(len(block))
        first += len(block)
    return {condition: torch.cat(features) for condition, features in parts.items()}


@dataclass(frozen=True)
class _Hidden:
    """Features of pieces of a block in which a region is hidden."""

    explainer: Explainer
    painter: Painter
    condition: Condition
    masks: Tensor
    known: Tensor

    def __call__(self, frames: Tensor, start: int) -> Tensor:
        explainer, stop = self.explainer, start + len(frames)
        with torch.no_grad():
            pictures = model_input(frames.to(explainer.device))
            masks = self.masks[start:stop].to(explainer.device)
            fills = self.painter.fill(self.condition.fill, pictures, masks)
            hidden = hide(pictures, masks, fills, self.condition.alpha)
            if torch.equal(hidden, pictures):
                # Nothing has changed, so neither have the features: the image network is spared.
                return self.known[start:stop]
            return explainer.model.encode(hidden if explainer.mask is None else hidden * explainer.mask.to(hidden))


def _mel(explainer: Explainer, features: Tensor) -> Mel:
    with torch.no_grad():
        return explainer.model.predict(features).cpu().numpy()


def beside(conditions: Sequence[Condition]) -> Iterator[tuple[Condition, list[Condition]]]:
    """Each condition of a region with those of its controls, all else equal."""
    for one in conditions:
        if one.control == 0:
            yield one, [other for other in conditions if other.control and replace(other, control=0) == one]
