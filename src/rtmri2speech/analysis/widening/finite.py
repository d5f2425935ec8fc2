"""The tract widened by a whole millimeter, stretch by stretch: what the derivative leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.analysis.widening.fields import FrameFields
from rtmri2speech.analysis.widening.formant_targets import centers_about, formant_targets
from rtmri2speech.analysis.widening.shape_derivative import FieldsOf
from rtmri2speech.analysis.widening.warp import warp
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.inference.encoder import encode, in_pieces
from rtmri2speech.inference.model import Model
from rtmri2speech.phonetics.mel_formants import formants_of_mel
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

STRETCHES = 8
"""Stretches of equal length that the tract is widened in, one at a time: 2 cm each in a man's."""

STEP_MM = 1.0
"""By how much the walls are moved apart, and together."""


@dataclass(frozen=True)
class FiniteWidening:
    """Hz per mm of T frames, N formants and S stretches from glottis to lips; NaN where there is no formant or tract.

    Attributes:
        targets: (T, N, S), of the centers of gravity about the formants.
        formants: (T, N, S), of the formants themselves, found anew in both ends' mel by linear prediction.
    """

    targets: Float64
    formants: Float64


def finite_widening(
    model: Model,
    blocks: list[UInt8],
    fields_of: FieldsOf,
    *,
    width: float,
    step_mm: float = STEP_MM,
    stretches: int = STRETCHES,
    progress: Progress = SILENT,
) -> FiniteWidening:
    """Widen each stretch in all frames alike by both signs of a step, and predict.

    The effect in a frame is that of a wall which is held there, as ``held`` of
    :class:`~rtmri2speech.analysis.widening.shape_derivative.ShapeDerivatives`.

    Args:
        model: with an acoustic model.
        blocks: frames (n, S, S), uint8, normalized.
        fields_of: displacement fields of each frame.
        width: of the targets' windows, standard deviation, Hz.
        step_mm: how far walls are moved apart and together; the difference is divided by twice that.
        stretches: how many; they divide the sections.
        progress: counts frames, once per stretch and sign.
    """
    acoustic = model.acoustic_float32
    features = encode(acoustic, blocks, model.pixel_mask).clone()
    speaker = acoustic.for_speaker(features)
    mel = speaker.predict(features).detach()
    targets = formant_targets(mel, model.features, width=width)
    known = np.array([fields_of(frame).known[:SECTIONS].all() for frame in range(len(mel))])
    found, formants = [], []
    for stretch in range(stretches):
        ends = [
            speaker.predict(
                _warped(model, blocks, fields_of, _sections(stretch, stretches), sign * step_mm, progress)
            ).detach()
            for sign in (1.0, -1.0)
        ]
        centers = [centers_about(one, targets.found, model.features, width) for one in ends]
        found.append((centers[0] - centers[1]).T / (2.0 * step_mm))
        anew = [formants_of_mel(one.cpu().numpy(), model.features) for one in ends]
        formants.append((anew[0] - anew[1]) / (2.0 * step_mm))
    unknown = ~known[:, None, None]
    return FiniteWidening(*(np.where(unknown, np.nan, np.stack(one, axis=-1)) for one in (found, formants)))


def _sections(stretch: int, stretches: int) -> range:
    each = SECTIONS // stretches
    return range(stretch * each, (stretch + 1) * each)


def _warped(
    model: Model,
    blocks: Iterable[UInt8],
    fields_of: FieldsOf,
    sections: range,
    mm: float,
    progress: Progress,
) -> Tensor:
    """Features (T, C) of frames whose sections were widened."""
    acoustic = model.acoustic_float32
    device = acoustic.head.weight.device

    def work(frames: Tensor, start: int) -> Tensor:
        unit = frames.float() / 255.0
        moved = np.stack([_displacement(fields_of(start + n), sections, unit.shape[-1]) for n in range(len(unit))])
        shown = warp(unit, torch.from_numpy(mm * moved).to(unit)).to(device)
        progress.advance(len(frames))
        with torch.inference_mode():
            return acoustic.encode(shown if model.pixel_mask is None else shown * model.pixel_mask.to(shown))

    return torch.cat(list(in_pieces(blocks, work, device))).clone()


def _displacement(fields: FrameFields, sections: range, size: int) -> Float64:
    """Displacements (S, S, 2) per mm of several sections together, pixels."""
    chosen = (fields.parameters >= sections.start) & (fields.parameters < sections.stop)
    both = [np.bincount(fields.pixels[chosen], one[chosen], size * size) for one in fields.moves.T]
    return np.asarray(np.stack(both, axis=-1).reshape(size, size, 2))
