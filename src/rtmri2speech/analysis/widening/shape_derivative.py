"""The shape derivative of formants: their gradients by the pixels of all frames, along displacement fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import minimum_filter1d
from torch import Tensor

from rtmri2speech.analysis.attribution.layer_maps import frozen
from rtmri2speech.analysis.widening.cotangents import Cotangents
from rtmri2speech.analysis.widening.fields import FrameFields
from rtmri2speech.analysis.widening.warp import slopes
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.inference.encoder import in_pieces
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.progress import SILENT, Progress

TOLERANCE = 0.05
"""Share of a target's gradient by features, by norm, that may be left out in each frame where walls are held; 0 for
none. What is left out of the derivatives themselves is of the same size."""

# Frames to either side of a target's in which a wall has to be there: those that share a window with it.
_NEIGHBORS = 3

FieldsOf = Callable[[int], FrameFields]
"""Fields of a frame by its number."""


@dataclass(frozen=True)
class ShapeDerivatives:
    """Hz per mm of N targets of T frames for K parameters; NaN where a frame has no such wall.

    Attributes:
        total: (T, N, K), the wall moved in this frame alone, and what that does to the target in all frames added up.
        own: (T, N, K), the same, and what that does in this frame alone; None where it was not asked for.
        held: (T, N, K), the wall moved by the same amount in all frames, and what that does in this one; likewise.
    """

    total: Float64
    own: Float64 | None = None
    held: Float64 | None = None


def shape_derivatives(
    model: AcousticModel,
    blocks: Iterable[UInt8],
    cotangents: Cotangents,
    fields_of: FieldsOf,
    pixel_mask: Tensor | None = None,
    *,
    held: bool = False,
    tolerance: float = TOLERANCE,
    progress: Progress = SILENT,
) -> ShapeDerivatives:
    """dT_n(t) / du_k,s = - sum over pixels p of dT_n(t)/dI_s(p) grad I_s(p) . v_k,s(p), for a wall moved in frame s.

    A frame I_s warped by u v_k,s shows I_s(p - u v_k,s(p)), whose derivative by u is - grad I_s . v_k,s: the shape
    derivative of T (Sokolowski and Zolesio 1992, Introduction to Shape Optimization), in a form that needs no edge to
    be found. dT/dI is linear in dT/df, the derivative by the frame's features: the total takes one pass backward
    through the CNN backbone per frame and target. Where walls are held, every frame matters to several targets in its
    own way; these have few directions in common, and each of those takes a pass.

    Args:
        model: in eval mode; float32, or float64 for tests.
        blocks: frames (n, H, W), uint8, normalized.
        cotangents: of the targets.
        fields_of: displacement fields of each frame.
        pixel_mask: (H, W) on the model's device, or None.
        held: whether ``own`` and ``held`` are wanted too: some three times as long.
        tolerance: of ``own`` and ``held``, as :data:`TOLERANCE`.
        progress: counts frames.
    """
    weight = model.head.weight
    sums: _Sums | None = None
    wanted = _Wanted(cotangents, held, tolerance)

    def work(frames: Tensor, start: int) -> list[tuple[FrameFields, Float64]]:
        unit = frames.to(weight.device).to(weight.dtype) / 255.0
        bases = [wanted.of(start + place) for place in range(len(unit))]
        gradients = _pixel_gradients(model, unit, [basis for basis, _ in bases], pixel_mask)
        across, down = slopes(unit)
        found = []
        for place, (basis, shares) in enumerate(bases):
            fields = fields_of(start + place)
            by_x, by_y = (
                (gradients[: len(basis), place] * one[place]).flatten(1).double().cpu().numpy()
                for one in (across, down)
            )
            moved = -fields.along(by_x, by_y)
            found.append((fields, shares.double().cpu().numpy() @ moved))
            progress.advance(len(frames) if place == 0 else 0)
        return found

    with frozen(model):
        first = 0
        for piece in in_pieces(blocks, work, weight.device, backward=True):
            for fields, effects in piece:
                if sums is None:
                    sums = _Sums(cotangents, len(fields.known), held)
                sums.add(first, fields, effects)
                first += 1
    return sums.result() if sums is not None else ShapeDerivatives(np.zeros((0, len(cotangents.values), 0)))


class _Wanted:
    """What is wanted of a frame: directions in feature space, and how all results follow from them."""

    def __init__(self, cotangents: Cotangents, held: bool, tolerance: float) -> None:
        self._cotangents, self._held, self._tolerance = cotangents, held, tolerance
        self._norms = cotangents.values.flatten(2).norm(dim=2)

    def of(self, frame: int) -> tuple[Tensor, Tensor]:
        """Directions (R, C), and shares (Q, R) of the totals, then of all targets around the frame."""
        values, targets = self._cotangents.of_frame(frame)
        total = values.sum(dim=1)
        if not self._held:
            return total, torch.eye(len(total)).to(total)
        every = torch.cat([total, values.flatten(0, 1)])
        norms = torch.cat([total.norm(dim=1), self._norms[:, targets].flatten()])
        return _basis(every, norms, self._tolerance)


class _Sums:
    """Adds up what each frame gives to the targets around it."""

    def __init__(self, cotangents: Cotangents, parameters: int, held: bool) -> None:
        self.targets, frames = cotangents.values.shape[:2]
        self.reach = cotangents.reach
        self.total = np.zeros((frames, self.targets, parameters))
        self.own: Float64 | None = np.zeros_like(self.total) if held else None
        self.held: Float64 | None = np.zeros_like(self.total) if held else None
        self.known = np.zeros((frames, parameters), np.bool_)

    def add(self, frame: int, fields: FrameFields, effects: Float64) -> None:
        """Effects (Q, K), in the order of :meth:`_Wanted.of`."""
        self.known[frame] = fields.known
        self.total[frame] = effects[: self.targets]
        if self.held is not None and self.own is not None:
            around = range(max(frame - self.reach, 0), min(frame + self.reach + 1, len(self.total)))
            each = effects[self.targets :].reshape(self.targets, len(around), -1)
            self.held[around.start : around.stop] += each.swapaxes(0, 1)
            self.own[frame] = each[:, frame - around.start]

    def result(self) -> ShapeDerivatives:
        # A wall that a neighbor lacks was not held there.
        around = minimum_filter1d(self.known.astype(np.uint8), 2 * min(self.reach, _NEIGHBORS) + 1, axis=0) > 0
        known = [self.known, self.known, around]
        return ShapeDerivatives(
            *(
                None if values is None else np.where(there[:, None], values, np.nan)
                for values, there in zip((self.total, self.own, self.held), known, strict=True)
            )  # type: ignore[arg-type]
        )


def _basis(values: Tensor, norms: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """An orthonormal basis (R, C) of vectors (Q, C) but for a small part, and their shares of it (Q, R).

    Args:
        values: the vectors.
        norms: (Q,), that what may be left out of each is measured by.
        tolerance: what may be left out, as a share of that norm.
    """
    _, size, directions = torch.linalg.svd(values / norms.clamp(min=1e-30)[:, None], full_matrices=False)
    shares = values @ directions.T
    if tolerance > 0.0:
        left = (values.square().sum(dim=1, keepdim=True) - shares.square().cumsum(dim=1)).clamp(min=0.0).sqrt()
        enough = (left <= tolerance * norms[:, None]).all(dim=0)
        rank = int(enough.float().argmax()) + 1 if enough.any() else len(directions)
    else:
        rank = max(int((size > 1e-7 * size[:1]).sum()), 1)
    return directions[:rank], shares[:, :rank]


def _pixel_gradients(model: AcousticModel, unit: Tensor, bases: list[Tensor], pixel_mask: Tensor | None) -> Tensor:
    """Gradients (R, n, H, W) of each frame's features along the directions of its basis; 0 beyond its own R."""
    most = max(len(basis) for basis in bases)
    wanted = torch.stack([torch.nn.functional.pad(basis, (0, 0, 0, most - len(basis))) for basis in bases], dim=1)
    with torch.enable_grad():
        leaf = unit.detach().requires_grad_()
        features = model.encode(leaf if pixel_mask is None else leaf * pixel_mask.to(leaf))
        found = [
            torch.autograd.grad(features, leaf, one, retain_graph=number + 1 < most)[0]
            for number, one in enumerate(wanted)
        ]
    return torch.stack(found)
