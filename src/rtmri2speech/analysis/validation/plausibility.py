"""Maps against physics: does attribution lie where, by the sensitivity functions, a formant is made?"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.validation.probe import Probe, Variant
from rtmri2speech.analysis.validation.similarity import (
    cosine,
    mean_of_known,
    permutation_p,
    rank_correlation,
    specificity_p,
)
from rtmri2speech.analysis.validation.summary_table import PHYSICS, POOLED, SCHEMA, Score, write_belief, write_scores
from rtmri2speech.analysis.validation.tract import Tract
from rtmri2speech.data.files import remove_file, write_text
from rtmri2speech.data.provenance import write_about

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """One vowel and formant, seen by one way to make maps; means over frames.

    Attributes:
        variant, band, vowel: which.
        frames: how many.
        found: share of the tract's attribution, by absolute value, in each of K places: (K,).
        expected: share of the sensitivity function's size in each place, (K,).
        area: share of the tract's pixels in each place, (K,): what an even map would give.
        mass: share of the whole picture's attribution that lies in the tract.
        density: that divided by the tract's share of the picture; 1 for a map that is the same everywhere.
    """

    variant: Variant
    band: str
    vowel: str
    frames: int
    found: Floats
    expected: Floats
    area: Floats
    mass: float
    density: float


@dataclass(frozen=True)
class _Sums:
    """Of one frame."""

    found: Floats
    expected: Floats
    area: Floats
    mass: float
    tract: float


class PhysicsTable:
    """Gathers frames of any number of clips, and compares.

    Args:
        names: of the places.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._sums: dict[tuple[Variant, str, str], list[_Sums]] = {}

    def add(self, probe: Probe, tract: Tract) -> None:
        """Take the vowels of a clip; the probe's first band is that of F1, the second that of F2."""
        for vowel, chosen in tract.vowels.items():
            maps = probe.maps(chosen)
            for place, frame in enumerate(chosen.tolist()):
                masks = tract.at(frame)
                flat = masks.reshape(len(masks), -1).astype(np.float64)
                inside = masks.any(axis=0).ravel()
                expected, area = tract.expected(frame, vowel), _share(flat.sum(axis=1))
                for variant in probe.variants:
                    for number, band in enumerate(probe.bands):
                        cells = torch.from_numpy(maps[variant.stride][probe.index(variant.target, number), place])
                        pixels = np.abs(to_pixels(cells, masks.shape[-1]).astype(np.float64)).ravel()
                        total = float(pixels.sum())
                        mass = float(pixels[inside].sum()) / total if total > 0 else 0.0
                        found, true = _share(flat @ pixels), _share(expected[number])
                        one = _Sums(found, true, area, mass, float(inside.mean()))
                        self._sums.setdefault((variant, band.name, vowel), []).append(one)

    def profiles(self) -> list[Profile]:
        """One a variant, band and vowel."""
        found = []
        for (variant, band, vowel), sums in self._sums.items():
            seen, true, area = (
                np.mean([getattr(one, name) for one in sums], axis=0) for name in ("found", "expected", "area")
            )
            mass = float(np.mean([one.mass for one in sums]))
            density = float(np.mean([one.mass / one.tract for one in sums if one.tract > 0]))
            found.append(Profile(variant, band, vowel, len(sums), seen, true, area, mass, density))
        return found


def scores_of(profiles: Sequence[Profile]) -> list[Score]:
    """By variant and band, and by variant for all bands: means over vowels, and the p of all of them together."""
    found = []
    for variant in dict.fromkeys(one.variant for one in profiles):
        ours = [one for one in profiles if one.variant == variant]
        for band in (*dict.fromkeys(one.band for one in ours), POOLED):
            chosen = [one for one in ours if band in (one.band, POOLED)]
            seen, true, area = (
                np.stack([getattr(one, name) for one in chosen]) for name in ("found", "expected", "area")
            )
            values = {
                "cosine": mean_of_known(cosine(seen, true)),
                "cosine_even": mean_of_known(cosine(area, true)),
                "rank": mean_of_known(rank_correlation(seen, true)),
                "p": permutation_p(seen, true),
                "p_specific": specificity_p(_by_band(chosen)),
                "tract_mass": float(np.mean([one.mass for one in chosen])),
                "tract_density": float(np.mean([one.density for one in chosen])),
            }
            found.append(Score(variant, band, values))
    return found


def _by_band(profiles: Sequence[Profile]) -> list[tuple[Floats, Floats]]:
    bands = dict.fromkeys(one.band for one in profiles)
    groups = ([one for one in profiles if one.band == band] for band in bands)
    return [(np.stack([one.found for one in group]), np.stack([one.expected for one in group])) for group in groups]


def write_physics(
    out: Path, names: Sequence[str], profiles: Sequence[Profile], about: Mapping[str, Any], notes: list[str]
) -> list[Path]:
    """Write ``physics.csv``, ``physics_vowels.csv`` with the profile of every vowel, and the one table.

    Args:
        out: folder to write to.
        names: of the places.
        profiles: from :meth:`PhysicsTable.profiles`.
        about: what they were made with, for ``physics.json``.
        notes: taken further: what is missing in the one table, and why.

    Raises:
        UserError: when a file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["method", "target", "cell_pixels", "band", "vowel", "frames", "cosine", "rank", "tract_mass"]
    writer.writerow([*head, *(f"{what}_{name}" for what in ("found", "expected") for name in names)])
    for one in profiles:
        numbers = [float(cosine(one.found, one.expected)), float(rank_correlation(one.found, one.expected)), one.mass]
        cells = (f"{value:.5g}" for value in (*numbers, *one.found, *one.expected))
        writer.writerow([*one.variant.key, one.band, one.vowel, one.frames, *cells])
    # Away with the older one first: it must never tell of a newer table.
    origin = (out / PHYSICS).with_suffix(".json")
    remove_file(origin)
    files = [write_scores(out / PHYSICS, scores_of(profiles)), write_about(origin, "physics", SCHEMA, about)]
    files.append(out / "physics_vowels.csv")
    write_text(files[-1], text.getvalue())
    return files + write_belief(out, PHYSICS, notes)


def _share(values: Floats) -> Floats:
    whole = values.sum()
    return np.asarray(values / whole if whole > 0 else values)
