"""Does moving a wall move the formant as Hz per mm say? The tract is widened by a millimeter, stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.analysis.regions.masks import AUTO, source_of
from rtmri2speech.analysis.validation.signed.scores import pearson
from rtmri2speech.analysis.validation.signed.stretches import by_stretch
from rtmri2speech.analysis.widening.compute import Lines, WhichTract, tract_for, widening_of_clip
from rtmri2speech.analysis.widening.fields import WIDTH_MM, FrameFields
from rtmri2speech.analysis.widening.finite import STEP_MM, finite_widening
from rtmri2speech.analysis.widening.formant_targets import WIDTH_HZ, FormantTarget
from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.tables import Value, write_table
from rtmri2speech.inference.model import Model

WARPS = "faithfulness_warp.csv"
"""The table of scores."""

# Where a formant's number changes, it jumps by more than that, Hz per mm.
_JUMP = 100.0


@dataclass(frozen=True)
class WarpScore:
    """What widening the tract does to a formant, compared with its derivative, over frames and stretches.

    Attributes:
        formant: which.
        count: of numbers that are compared.
        r: correlation of the derivative with the finite difference of the target, the center of gravity.
        slope: of the finite difference over the derivative.
        error: norm of their difference over that of the finite difference.
        r_formant: correlation of the derivative with what the formant itself does, found anew by linear prediction.
        factor: slope of what it does over the derivative: Hz of the formant per Hz of the target.
    """

    formant: str
    count: int
    r: float
    slope: float
    error: float
    r_formant: float
    factor: float

    def row(self) -> dict[str, Value]:
        """As a row of a table."""
        return dict(vars(self))


def warp_test(
    model: Model,
    clip: Clip,
    *,
    regions: WhichTract = AUTO,
    area_model: str | None = None,
    frames: Int64 | Sequence[int] | None = None,
    step_mm: float = STEP_MM,
    target: FormantTarget = "center",
) -> list[WarpScore]:
    """Widen each of 8 stretches in all frames by a step of either sign, and compare; a score per formant.

    Args:
        model: with an acoustic model.
        clip: the clip, some seconds.
        regions: where the walls are.
        area_model: of a tract that is measured here.
        frames: which are compared; all where None.
        step_mm: how far walls are moved apart and together.
        target: whose derivative is compared; the finite difference of ``r`` and ``slope`` is the center of gravity's.

    Raises:
        ConfigError: when no tract is found.
    """
    tract = tract_for(regions, clip, None, area_model, None)
    found = widening_of_clip(model, clip, tract, area_model=area_model, held=True, tolerance=0.0, target=target)
    source, lines = np.asarray(source_of(clip).frames), Lines(tract, clip)

    def fields_of(frame: int) -> FrameFields:
        return lines.fields(int(source[frame]), WIDTH_MM)

    moved = finite_widening(model, list(clip.blocks()), fields_of, width=WIDTH_HZ, step_mm=step_mm)
    assert found.held is not None
    chosen = np.arange(len(found)) if frames is None else np.asarray(frames)
    slopes = by_stretch(found.held)[chosen]
    return [
        warp_score(name, slopes[:, number], moved.targets[chosen, number], moved.formants[chosen, number])
        for number, name in enumerate(found.names)
    ]


def warp_score(formant: str, slopes: Float64, targets: Float64, formants: Float64) -> WarpScore:
    """Compare derivatives (..., S) with what targets and formants do, likewise, Hz per mm; NaN counts for nothing."""
    known = np.isfinite(slopes) & np.isfinite(targets)
    both = known & np.isfinite(formants)
    both &= np.abs(np.where(both, formants, 0.0)) < _JUMP
    a, b = slopes[known], targets[known]
    c, d = slopes[both], formants[both]
    nothing = float("nan")
    return WarpScore(
        formant,
        int(known.sum()),
        pearson(a, b),
        float(a @ b / (a @ a)) if a.any() else nothing,
        float(np.linalg.norm(a - b) / np.linalg.norm(b)) if b.any() else nothing,
        pearson(c, d),
        float(c @ d / (c @ c)) if c.any() else nothing,
    )


def labels_of_walls(regions: str | Path | None) -> str:
    """The labels that regions are; ``auto`` for ellipses, polygons and air-tissue boundaries, which have no walls."""
    return str(regions) if str(regions).endswith(".npz") else AUTO


def write_warps(path: Path, scores: Sequence[WarpScore]) -> Path:
    """Write the table.

    Raises:
        UserError: when it cannot be written.
    """
    return write_table(path, list(scores[0].row()), (score.row() for score in scores), digits=5)
