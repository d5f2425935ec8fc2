"""How faithful maps are to the model: what randomisation, deletion, insertion and hiding regions say, as tables."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.analysis.attribution.targets import UNITS
from rtmri2speech.analysis.validation.deletion_insertion import FRACTIONS, Curve, gains
from rtmri2speech.analysis.validation.probe import Probe, Variant
from rtmri2speech.analysis.validation.randomization import Similarity
from rtmri2speech.analysis.validation.region_occlusion import RegionAgreement
from rtmri2speech.analysis.validation.summary_table import (
    FAITHFULNESS,
    POOLED,
    SCHEMA,
    Score,
    write_belief,
    write_scores,
)
from rtmri2speech.data.files import remove_file, write_text
from rtmri2speech.data.provenance import write_about


@dataclass(frozen=True)
class Faithfulness:
    """What was found of a clip.

    Attributes:
        probe: the clip.
        similarities: of the maps before and after each step of the randomisation.
        curves: deletion and insertion.
        regions: attribution against the effect of hiding.
    """

    probe: Probe
    similarities: list[Similarity]
    curves: list[Curve]
    regions: list[RegionAgreement]

    def scores(self) -> list[Score]:
        """By variant and band, and by variant for all bands: means over them."""
        found = []
        for variant in self.probe.variants:
            bands = [self._score(variant, number) for number in range(len(self.probe.bands))]
            found += bands
            table = np.array([list(score.values.values()) for score in bands])
            found.append(Score(variant, POOLED, dict(zip(bands[0].values, table.mean(axis=0).tolist(), strict=True))))
        return found

    def _score(self, variant: Variant, number: int) -> Score:
        band = self.probe.bands[number].name
        target = self.probe.index(variant.target, number)
        (*_, random) = (one for one in self.similarities if (one.variant, one.band) == (variant, band))
        (region,) = (one for one in self.regions if (one.variant, one.target) == (variant, target))
        values = {"randomised_rank": random.rank, "randomised_rank_absolute": random.rank_absolute}
        values["randomised_ssim"] = random.ssim
        for name, deletion in (("deletion", True), ("insertion", False)):
            ratios = gains(self.curves, variant, target, deletion)
            values |= {f"{name}_vs_{baseline}": ratio for baseline, ratio in ratios.items()}
            values[f"{name}_vs_best"] = min(ratios.values())
        values |= {"regions_signed": region.signed, "regions_absolute": region.absolute}
        return Score(variant, band, values)


def write_faithfulness(out: Path, found: Faithfulness, about: Mapping[str, Any], notes: list[str]) -> list[Path]:
    """Write ``faithfulness.csv``, ``faithfulness_randomisation.csv``, ``faithfulness_curves.csv`` and the one table.

    The curves are medians over frames of the target's distance from its value with nothing changed.

    Args:
        out: folder to write to.
        found: what was found.
        about: what it was made with, for ``faithfulness.json``.
        notes: taken further: what is missing, and why.

    Raises:
        UserError: when a file cannot be written.
    """
    # Away with the older one first: it must never tell of a newer table.
    origin = (out / FAITHFULNESS).with_suffix(".json")
    remove_file(origin)
    files = [write_scores(out / FAITHFULNESS, found.scores()), write_about(origin, "faithfulness", SCHEMA, about)]
    if not any(math.isfinite(one.signed) or math.isfinite(one.absolute) for one in found.regions):
        notes.append("regions could not be compared: in no frame have three of them a pixel and differ")
    head = ["step", "method", "target", "cell_pixels", "band", "rank", "rank_absolute", "ssim"]
    files.append(_write(out / "faithfulness_randomisation.csv", head, map(_similarity_row, found.similarities)))
    head = ["order", "target", "unit", "band", "fraction", "deletion", "insertion"]
    rows = (row for curve in found.curves for row in _curve_rows(curve, found.probe))
    files.append(_write(out / "faithfulness_curves.csv", head, rows))
    return files + write_belief(out, FAITHFULNESS, notes)


def _similarity_row(one: Similarity) -> list[object]:
    numbers = (f"{value:.6g}" for value in (one.rank, one.rank_absolute, one.ssim))
    return [one.step, *one.variant.key, one.band, *numbers]


def _curve_rows(curve: Curve, probe: Probe) -> Iterator[list[object]]:
    target = probe.targets[curve.target]
    order = curve.order if isinstance(curve.order, str) else f"{curve.order.method} {curve.order.stride}"
    middle = np.median(np.stack([curve.deletion, curve.insertion]), axis=1)
    for fraction, deletion, insertion in zip(FRACTIONS, *middle, strict=True):
        yield [order, target.kind, UNITS[target.kind], target.name, fraction, f"{deletion:.6g}", f"{insertion:.6g}"]


def _write(path: Path, head: Sequence[str], rows: Iterator[list[object]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    write_text(path, text.getvalue())
    return path
