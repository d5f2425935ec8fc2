"""``rtmri2speech evaluate-segmentation``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rtmri2speech.cli.console import progress, report_failures
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.data.tables import Row
    from rtmri2speech.evaluation.segmentation.results import SegmentationEvaluation

_SHOWN = ("mean_mm", "hd95_mm")


def evaluate_segmentation(
    found: Path,
    truth: Path,
    *,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    pixel_mm: float | None = None,
    videos: Path | None = None,
    seed: int = 0,
) -> int:
    """Measure labels and contours against traced ones.

    Distances of each contour in mm (mean, one-sided, 95th percentile Hausdorff) and Dice of each label, per recording,
    per speaker and for all, with confidence intervals. Writes OUT/segmentation.json, contours.csv, frames.csv, dice.csv
    where both sides have labels, and NAME_contours.png with both over frames.

    Parameters
    ----------
    found
        What segment wrote: labels (.npz), contours (_contours.csv), or the folder of several.
    truth
        Contours of USC-TIMIT or Annot-16 (.mat), labels (.npz), a folder of label images (.png, one per frame), or a
        folder of several of these, named like the recordings.
    out
        Folder to write to.
    pixel_mm
        Size of a pixel in mm; by default as the files say, 2.9 for contours of USC-TIMIT.
    videos
        Folder of the videos to draw on; by default next to the truth.
    seed
        Seed of the bootstrap behind the confidence intervals.
    """
    from rtmri2speech.evaluation.segmentation.evaluate import evaluate_segmentation as measure
    from rtmri2speech.evaluation.segmentation.output import write_evaluation
    from rtmri2speech.reporting.figures.segmentation import draw_overlays

    with progress("Comparing", "recordings") as bar:
        result = measure(found, truth, pixel_mm=pixel_mm, seed=seed, progress=bar)
        bar.describe("Drawing")
        paths = [*write_evaluation(out, result), *draw_overlays(out, result, videos)]
    print_notes(result.notes)
    _print_table(result)
    for path in paths:
        print(path)
    return report_failures(list(result.failures))


def _print_table(result: SegmentationEvaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{len(result.recordings)} recording(s), distances in mm, 95 % intervals")
    for column in ("contour", "frames", "missed", "mean", "HD95"):
        table.add_column(column, justify="left" if column == "contour" else "right", no_wrap=True)
    for row in result.contour_rows:
        if row["scope"] == "all":
            cells = [str(row["frames"]), str(row["not_found"]), *(_with_interval(row, name) for name in _SHOWN)]
            table.add_row(str(row["contour"]).replace("_", " "), *cells)
    Console().print(table)


def _with_interval(row: Row, measure: str) -> str:
    value, low, high = (float(row[f"{measure}{end}"] or 0.0) for end in ("", "_low", "_high"))
    interval = "" if math.isnan(low) else f" ({low:.2f}-{high:.2f})"
    return "" if math.isnan(value) else f"{value:.2f}{interval}"
