"""The files of an evaluation of contours: a table of distances, one of Dice, one of frames, and all figures in JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from rtmri2speech.data.files import write_text
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.evaluation.segmentation.distances import STEP
from rtmri2speech.evaluation.segmentation.results import MEASURES, STRETCH, SegmentationEvaluation

KIND, SCHEMA = "segmentation_evaluation", 1

DEFINITIONS = {
    "mean_mm": "Mean of from_truth_mm and to_truth_mm.",
    "from_truth_mm": "Mean distance of the points of the traced contour from the contour found.",
    "to_truth_mm": "Mean distance of the points of the contour found from the traced one, without those beyond its "
    "ends.",
    "hd95_mm": "The larger of the 95th percentiles of the two one-sided distances.",
    "offset_x_mm": "Mean shift from the traced contour to the nearest place of the contour found, to the right.",
    "offset_y_mm": "The same, downwards.",
    "dice": "2 |A and B| / (|A| + |B|), pixels of all frames added up.",
    "frames": "Frames in which both have the contour: only these are in the means.",
    "not_found": "Frames in which it is traced and was not found.",
    "not_traced": "Frames in which it is not traced.",
    "points": f"Every {STEP} pixels along a contour.",
    "pooling": "Means over the frames of a recording or speaker, and over speakers for all. 95 % percentile intervals "
    f"of a bootstrap over stretches of {STRETCH:g} s of a recording or speaker (single frames where no frame rate is "
    "given), and over speakers for all. null: not defined.",
    "parts": "Which part of a traced line is compared: the manual, reference/segmentation.",
}

_CONTOUR_COLUMNS = (
    *("scope", "name", "contour", "frames", "not_found", "not_traced"),
    *(column for measure in MEASURES for column in (measure, f"{measure}_low", f"{measure}_high")),
)
_DICE_COLUMNS = ("scope", "name", "class", "dice", "dice_low", "dice_high")
_FRAME_COLUMNS = ("recording", "speaker", "frame", "contour", "state", *MEASURES)
_DIGITS = 5


def write_evaluation(out: Path, evaluation: SegmentationEvaluation) -> list[Path]:
    """Write ``segmentation.json``, ``contours.csv``, ``frames.csv``, and ``dice.csv`` where there is any.

    Raises:
        UserError: when a file cannot be written.
    """
    paths = [
        write_table(out / "contours.csv", _CONTOUR_COLUMNS, evaluation.contour_rows, _DIGITS),
        write_table(out / "frames.csv", _FRAME_COLUMNS, evaluation.frame_rows(), _DIGITS),
    ]
    if evaluation.dice_rows:
        paths.append(write_table(out / "dice.csv", _DICE_COLUMNS, evaluation.dice_rows, _DIGITS))
    path = out / "segmentation.json"
    write_text(path, json.dumps(contents_of(evaluation), indent=1, ensure_ascii=False) + "\n")
    return [path, *paths]


def contents_of(evaluation: SegmentationEvaluation) -> dict[str, Any]:
    """The entries of ``segmentation.json``; numbers that are not finite are null."""
    bootstrap = evaluation.bootstrap
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "contours": [_plain(row) for row in evaluation.contour_rows],
        "dice": [_plain(row) for row in evaluation.dice_rows],
        "recordings": [
            {
                "name": one.name,
                "speaker": one.speaker,
                "frames": len(one.truth.contours),
                "pixel_mm": one.pixel_mm,
                "found": one.found.source.name,
                "truth": one.truth.source.name,
            }
            for one in evaluation.recordings
        ],
        "bootstrap": {"resamples": bootstrap.resamples, "seed": bootstrap.seed},
        "failures": [{"file": path.name, "problem": error.problem} for path, error in evaluation.failures],
        "notes": list(evaluation.notes),
        "definitions": DEFINITIONS,
    }


def _plain(row: Row) -> dict[str, Any]:
    return {
        name: (round(value, 5) if math.isfinite(value) else None) if isinstance(value, float) else value
        for name, value in row.items()
    }
