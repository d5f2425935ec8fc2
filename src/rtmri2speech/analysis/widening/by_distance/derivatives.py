"""Formants of a tract model by the distances of each section: gradients through the network, over the utterance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.analysis.attribution.layer_maps import frozen
from rtmri2speech.analysis.widening.by_distance.slopes import InputSlopes
from rtmri2speech.analysis.widening.shape_derivative import TOLERANCE, ShapeDerivatives
from rtmri2speech.arrays import Float64
from rtmri2speech.models.tract.acoustic import TractAcousticModel
from rtmri2speech.models.tract.inputs import PLACES
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

APART = 128
"""Targets this many frames apart share a pass backward: of what a target depends on, little is that far away."""

# Frames of all copies of the recording that are in memory at once.
_FRAMES_AT_ONCE = 4096


def distance_derivatives(
    model: TractAcousticModel,
    rows: Tensor,
    by_mel: Tensor,
    slopes: InputSlopes,
    *,
    held: bool = False,
    tolerance: float = TOLERANCE,
    progress: Progress = SILENT,
) -> ShapeDerivatives:
    """dT_n / dd_k = sum over inputs x of dT_n/dx dx/dd_k, for a section that is widened in one frame.

    dT/dx is the exact gradient through the whole network, by all inputs that depend on the distance: the distance, and
    the tube's formants. The medians of the recording that inputs are compared with stay: they are the speaker's own.

    The total takes a pass backward per target, and ``held`` one per section, forward in effect: the derivative by u of
    u' J v is J v, for the Jacobian J and a direction v.

    Args:
        model: in eval mode.
        rows: (T, C), of :data:`~rtmri2speech.models.tract.inputs.INPUTS`, on the model's device.
        by_mel: (N, T, M), derivative of each target by its own frame's mel, Hz per dB.
        slopes: of the inputs.
        held: whether ``own`` and ``held`` are wanted too.
        tolerance: 0 for a pass backward per target and frame for ``own``; otherwise frames :data:`APART` share one.
        progress: counts frames.
    """
    # cuDNN refuses to go backward through an LSTM in eval mode.
    with frozen(model), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        total = _by_distance(_gradients(model, rows[None], by_mel[:, None])[:, 0], slopes)
        progress.advance(len(rows))
        if not held:
            return ShapeDerivatives(total)
        own = np.zeros_like(total)
        for copies, found in _single(model, rows, by_mel, len(rows) if tolerance == 0.0 else APART):
            for place, frames in enumerate(copies):
                own[frames] = _by_distance(found[:, place], slopes)[frames]
        around = _of_all_frames(model, rows, by_mel, slopes)
    return ShapeDerivatives(total, own, np.where(np.isnan(total), np.nan, around))


def _single(
    model: TractAcousticModel, rows: Tensor, by_mel: Tensor, apart: int
) -> Iterator[tuple[list[Tensor], Tensor]]:
    """Frames of the targets of each copy of the recording, and the gradients of their sums, (N, B, T, C)."""
    count = len(rows)
    every = [torch.arange(first, count, apart) for first in range(min(apart, count))]
    at_once = max(_FRAMES_AT_ONCE // max(count, 1), 1)
    for first in range(0, len(every), at_once):
        copies = every[first : first + at_once]
        chosen = torch.zeros(len(copies), count, 1)
        for place, frames in enumerate(copies):
            chosen[place, frames] = 1.0
        yield copies, _gradients(model, rows.expand(len(copies), -1, -1), by_mel[:, None] * chosen.to(by_mel))


def _of_all_frames(model: TractAcousticModel, rows: Tensor, by_mel: Tensor, slopes: InputSlopes) -> Float64:
    """Derivatives (T, N, 40) of each frame's targets by a section that is widened in all frames alike."""
    leaf = rows.detach()[None].clone().requires_grad_()
    mel = _mel(model, leaf)
    upstream = torch.zeros_like(mel, requires_grad=True)
    (gradient,) = torch.autograd.grad((mel * upstream).sum(), leaf, create_graph=True)
    gradient = gradient.nan_to_num()
    found = []
    for section in range(SECTIONS):
        direction = np.zeros(rows.shape)
        direction[:, PLACES["distance"].start + section] = np.nan_to_num(slopes.distance[:, section])
        direction[:, PLACES["formants"]] = slopes.formants[:, :, section]
        along = (gradient * torch.from_numpy(direction).to(gradient)).sum()
        (moved,) = torch.autograd.grad(along, upstream, retain_graph=True)
        found.append((by_mel * moved.to(by_mel)).sum(dim=-1).T.double().cpu().numpy())
    return np.stack(found, axis=-1)


def _gradients(model: TractAcousticModel, rows: Tensor, upstream: Tensor) -> Tensor:
    """Gradients (N, B, T, C) of sums over the mel (B, T, M) of recordings (B, T, C), weighted by (N, B, T, M)."""
    leaf = rows.detach().clone().requires_grad_()
    mel = _mel(model, leaf)
    found = [
        torch.autograd.grad((mel * one.to(mel)).sum(), leaf, retain_graph=number + 1 < len(upstream))[0]
        for number, one in enumerate(upstream)
    ]
    # What is missing has the recording's median, which does not move.
    return torch.stack(found).nan_to_num()


def _mel(model: TractAcousticModel, rows: Tensor) -> Tensor:
    """The mel (B, T, M) in dB of rows (B, T, C), without padding."""
    real = torch.ones(rows.shape[:2], dtype=torch.bool, device=rows.device)
    return model.scaler.inverse(model(rows, real)[0].float())


def _by_distance(gradients: Tensor, slopes: InputSlopes) -> Float64:
    """Gradients (N, T, C) by inputs as derivatives (T, N, 40) by the sections' widening; NaN where it is closed."""
    numbers = gradients.double().cpu().numpy()
    by_distance, by_formants = (numbers[..., PLACES[name]] for name in ("distance", "formants"))
    through = np.einsum("ntf,tfk->tnk", by_formants, slopes.formants)
    return np.asarray(by_distance.swapaxes(0, 1) * slopes.distance[:, None] + through)
