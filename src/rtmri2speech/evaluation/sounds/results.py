"""The result of a comparison of two folders: files, pooled measures, error rates, and a paper's figures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.files import check_writable
from rtmri2speech.data.provenance import write_about
from rtmri2speech.data.tables import Row, finite_or_none, write_table
from rtmri2speech.errors import UserError
from rtmri2speech.evaluation.intelligibility.rates import DEFINITIONS as OF_RATES
from rtmri2speech.evaluation.intelligibility.rates import Intelligibility
from rtmri2speech.evaluation.intelligibility.table import TEXTS, write_texts
from rtmri2speech.evaluation.output.metrics_file import DEFINITIONS
from rtmri2speech.evaluation.partial_results import installed_versions
from rtmri2speech.evaluation.published import Comparison, Paper
from rtmri2speech.evaluation.scores import RECORDED
from rtmri2speech.evaluation.sounds.pairs import Pairs
from rtmri2speech.evaluation.sounds.scoring import FLOOR, GENERATED, MEASURES_OF_SOUNDS, SoundScores
from rtmri2speech.metrics.bootstrap import Bootstrap

KIND, SCHEMA = "sounds", 1
"""What ``metrics.json`` says of itself."""

METRICS, SOUNDS = "metrics.json", "sounds.csv"

_DIGITS = 6
_SHOWN = ("mcd_db", "stoi", "f0_correlation")

_OF_SOUNDS = {
    "floor": "The made sound of the next file, cut to the same length, against this recording: what a system that says "
    "something else reaches. Of more than 40 files, of 40 of them.",
    "sample_rate": "Both sounds are compared at the lowest sampling rate of all files (or that asked for); where one "
    "of a pair was brought to it, both went through the same filter.",
    "lag_ms": "Delay of the made sound, by the correlation of the logarithms of both amplitude envelopes (2.5 ms). Not "
    "corrected.",
    "level_db": "Level of the made sound against the recording's. Not corrected.",
}


@dataclass(frozen=True, repr=False, eq=False)
class SoundEvaluation:
    """Two folders of sound, compared.

    Attributes:
        folders: of the recordings and of the made sounds.
        pairs: which files belong together, and which have no counterpart.
        rate: samples per second at which they were compared.
        scores: of the pairs, in their order.
        failures: files that could not be used, and why.
        notes: what else is to be said.
        models: files of the user's networks, by measure.
        intelligibility: None without a recognizer.
        comparison: with a paper; None where none was named.
        bootstrap: how intervals are made.
    """

    folders: tuple[Path, Path]
    pairs: Pairs
    rate: int
    scores: list[SoundScores]
    failures: list[tuple[Path, UserError]]
    notes: list[str]
    models: dict[str, str]
    intelligibility: Intelligibility | None
    comparison: Comparison | None
    bootstrap: Bootstrap

    @property
    def measures(self) -> list[str]:
        """Everything that was measured of some file."""
        taken = {name for one in self.scores for name in one.measures[GENERATED]}
        return [name for name in MEASURES_OF_SOUNDS if name in taken]

    @cached_property
    def values(self) -> dict[str, dict[str, float]]:
        """Means over the files that have a number, by sound and measure."""
        return {
            sound: {name: _mean(self._column(sound, name)) for name in self.measures} for sound in (GENERATED, FLOOR)
        }

    def summary(self) -> list[Row]:
        """A row per measure: mean of the made sounds and its 95 % interval, the floor, and the number of files."""
        rows: list[Row] = []
        for name in self.measures:
            column = self._column(GENERATED, name)
            low, high = self.bootstrap.mean(column)
            numbers = {
                GENERATED: self.values[GENERATED][name],
                "low": low,
                "high": high,
                FLOOR: self.values[FLOOR][name],
            }
            known = {key: finite_or_none(round(value, _DIGITS)) for key, value in numbers.items()}
            rows.append({"measure": name, **known, "files": int(np.isfinite(column).sum())})
        return rows

    def rows(self) -> list[Row]:
        """A row per file: duration, difference of length, the measures of the made sound, and the floor's."""
        return [
            {
                "name": one.name,
                "seconds": one.seconds,
                "longer_s": one.longer,
                **{name: _known(one, GENERATED, name) for name in self.measures},
                **{f"{FLOOR}_{name}": _known(one, FLOOR, name) for name in self.measures},
            }
            for one in self.scores
        ]

    def save(self, out: str | Path) -> list[Path]:
        """Write ``sounds.csv``, ``texts.csv`` where there is a recognizer, and ``metrics.json``.

        Args:
            out: folder to write to; made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        folder = Path(out)
        check_writable(folder / METRICS)
        columns = ["name", "seconds", "longer_s", *self.measures, *(f"{FLOOR}_{name}" for name in self.measures)]
        write_table(folder / SOUNDS, columns, self.rows(), _DIGITS)
        if self.intelligibility is not None:
            write_texts(folder, self.intelligibility)
        write_about(folder / METRICS, KIND, SCHEMA, self.about())
        return self.files(folder)

    def files(self, out: Path) -> list[Path]:
        """What :meth:`save` writes, ``metrics.json`` last."""
        spoken = [] if self.intelligibility is None else [out / TEXTS]
        return [out / SOUNDS, *spoken, out / METRICS]

    def about(self) -> dict[str, object]:
        """The entries of ``metrics.json``; numbers that are unknown are null."""
        spoken = self.intelligibility
        own = {name: text for name, text in DEFINITIONS.items() if name in self.measures}
        return {
            "reference": str(self.folders[0]),
            "generated": str(self.folders[1]),
            "sample_rate": self.rate,
            "files": len(self.scores),
            "seconds": round(math.fsum(one.seconds for one in self.scores), 3),
            "measures": [dict(row) for row in self.summary()],
            "intelligibility": None if spoken is None else spoken.about(),
            "published": None if self.comparison is None else self.comparison.about(),
            "only_reference": [path.name for path in self.pairs.only_reference],
            "only_generated": [path.name for path in self.pairs.only_made],
            "failures": [{"file": path.name, "problem": error.problem} for path, error in self.failures],
            "notes": self.notes,
            "models": self.models,
            "bootstrap": {"resamples": self.bootstrap.resamples, "seed": self.bootstrap.seed, "unit": "file"},
            "definitions": {**own, **_OF_SOUNDS, **({} if spoken is None else OF_RATES)},
            "versions": installed_versions(),
        }

    def next_to(self, paper: Paper) -> SoundEvaluation:
        """The same with the figures of a paper."""
        spoken = self.intelligibility
        made, recorded = (
            {} if spoken is None else {name: spoken.value(sound, name) for name in spoken.measures}
            for sound in (GENERATED, RECORDED)
        )
        data = f"{len(self.scores)} files of {self.folders[1].resolve().name}, at {self.rate} Hz"
        found = {**self.values[GENERATED], **made}
        name = None if spoken is None else spoken.recognizer.name
        return replace(self, comparison=Comparison(paper, found, recorded, name, data))

    def _column(self, sound: str, name: str) -> Float64:
        return np.array([one.measures.get(sound, {}).get(name, math.nan) for one in self.scores])

    def __repr__(self) -> str:
        values = self.values[GENERATED]
        shown = (f"{name} {values[name]:.3g}" for name in _SHOWN if name in values)
        counts = f"{len(self.scores)} files at {self.rate} Hz, {len(self.failures)} failed"
        return f"SoundEvaluation({counts}: {', '.join(shown)})"


def _mean(values: Float64) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _known(scores: SoundScores, sound: str, name: str) -> float | None:
    return finite_or_none(scores.measures.get(sound, {}).get(name, math.nan))
