"""What the acoustic model predicts when regions are hidden in every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.analysis.occlusion.conditions import Condition, OcclusionOptions
from rtmri2speech.analysis.occlusion.controls import ControlOffset, place_controls
from rtmri2speech.analysis.occlusion.fills import FillFactory, hide
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.encoder import encode, in_pieces, predict
from rtmri2speech.inference.model import Model
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frames import model_input


@dataclass(frozen=True)
class Predictions:
    """Mel spectrograms of a clip, as it is and under each condition.

    Attributes:
        unmasked: of the clip as it is, (T, M), dB.
        mels: under each condition, (T, M), dB.
        pixels: mean area of each region, pixels per frame; its controls have the same.
        controls: where each region's controls lie.
        empty: regions left out because they cover no pixel in any frame.
    """

    unmasked: Float32
    mels: dict[Condition, Float32]
    pixels: dict[str, float]
    controls: dict[str, list[ControlOffset]]
    empty: list[str]


@dataclass(frozen=True)
class _Survey:
    """A clip looked through once.

    Attributes:
        features: feature vectors of its frames, (T, C).
        mean: mean frame, (S, S), 0 to 1, on the device.
        footprints: share of the frames in which a pixel belongs to a region, (R, S, S), in the regions' order.
    """

    features: Tensor
    mean: Tensor
    footprints: Float64


def predict_occluded(
    model: Model, clip: Clip, regions: Regions, options: OcclusionOptions, progress: Progress = SILENT
) -> Predictions:
    """Predict the mel spectrogram of a clip with regions hidden, and with control regions hidden.

    Frames are changed after their normalization, as the model receives them: hiding a bright tongue does not make the
    rest of the frame brighter. With alpha 1 every frame is what it was, and so is the mel.

    Args:
        model: with an acoustic model.
        clip: the video.
        regions: all that are known; controls lie on none of them.
        options: which of them are hidden, and how.
        progress: counts frames, :attr:`OcclusionOptions.passes` times the clip's.

    Raises:
        ConfigError: when a region is not among them, or none covers a pixel.
        BundleError: when there is no acoustic model.
    """
    wanted = regions.only(options.regions).names
    survey = _look_through(model, clip, regions, progress)
    taken = np.any(survey.footprints, axis=0)
    mean = survey.mean.cpu().numpy().astype(np.float64)
    pixels, controls = {}, {}
    for name in wanted:
        footprint = survey.footprints[regions.names.index(name)]
        if footprint.any():
            seed = [options.seed, *name.encode()]
            pixels[name] = float(footprint.sum())
            controls[name] = place_controls(footprint, taken, mean, options.controls, seed)
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
    encoded = _encode(model, clip, regions, conditions, controls, survey, progress)
    speaker = model.acoustic.for_speaker(survey.features)  # hidden pixels do not make the speaker another one
    return Predictions(
        unmasked=predict(speaker, survey.features),
        mels={condition: predict(speaker, features) for condition, features in encoded.items()},
        pixels=pixels,
        controls=controls,
        empty=[name for name in wanted if name not in pixels],
    )


def _look_through(model: Model, clip: Clip, regions: Regions, progress: Progress) -> _Survey:
    """Features, mean frame and the regions' footprints of a clip."""
    size = model.frames.size
    total = torch.zeros(size, size, dtype=torch.float64)
    footprints = np.zeros((len(regions.names), size, size))
    features: list[Tensor] = []
    count = 0
    for block in clip.blocks():
        total += torch.from_numpy(block).sum(dim=0)
        for frame in range(count, count + len(block)):
            footprints += regions.at(frame)
        features.append(encode(model.acoustic, [block], model.pixel_mask, progress, model.encoder))
        count += len(block)
    mean = (total / (255.0 * count)).float().to(model.device)
    return _Survey(torch.cat(features), mean, footprints / count)


def _encode(
    model: Model,
    clip: Clip,
    regions: Regions,
    conditions: Sequence[Condition],
    controls: dict[str, list[ControlOffset]],
    survey: _Survey,
    progress: Progress,
) -> dict[Condition, Tensor]:
    """Features (T, C) under each condition; the video is decoded once, a block at a time."""
    factory = FillFactory(survey.mean)
    parts: dict[Condition, list[Tensor]] = {condition: [] for condition in conditions}
    first = 0
    for block in clip.blocks():
        masks = np.stack([regions.at(frame) for frame in range(first, first + len(block))], axis=1)
        known = survey.features[first : first + len(block)]
        for condition in conditions:
            moved = masks[regions.names.index(condition.region)]
            if condition.control:
                moved = controls[condition.region][condition.control - 1].apply(moved)
            work = _HiddenRegion(model, factory, condition, torch.from_numpy(moved), known)
            parts[condition] += in_pieces([block], work, model.device)
            progress.advance(len(block))
        first += len(block)
    return {condition: torch.cat(features) for condition, features in parts.items()}


@dataclass(frozen=True)
class _HiddenRegion:
    """Features of pieces of a block in which a region is hidden."""

    model: Model
    factory: FillFactory
    condition: Condition
    masks: Tensor
    known: Tensor

    def __call__(self, frames: Tensor, start: int) -> Tensor:
        model, stop = self.model, start + len(frames)
        with torch.inference_mode():
            shown = model_input(frames.to(model.device))
            masks = self.masks[start:stop].to(model.device)
            fills = self.factory.fill(self.condition.fill, shown, masks)
            hidden = hide(shown, masks, fills, self.condition.alpha)
            if torch.equal(hidden, shown):
                # Nothing has changed, so neither have the features: the CNN backbone is spared.
                return self.known[start:stop]
            seen = hidden if model.pixel_mask is None else hidden * model.pixel_mask.to(hidden)
            return (model.encoder or model.acoustic.encode)(seen)
