"""Utterances pooled: over seen and unseen speakers, all of them and each, with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.tables import Row
from rtmri2speech.evaluation.conditions import CONDITIONS
from rtmri2speech.evaluation.scores import RECORDED, TRUTH, UtteranceScores
from rtmri2speech.evaluation.vowel_identification import IdentifiedVowel, formants_of, identify_vowels
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.metrics.bootstrap import Bootstrap, Interval
from rtmri2speech.metrics.further import FURTHER
from rtmri2speech.metrics.listening_models import FROM_LISTENERS
from rtmri2speech.metrics.waveform import MEASURES

OF_VOWELS = (
    "f1_error_median_hz",
    "f1_error_median",
    "f2_error_median_hz",
    "f2_error_median",
    "vowel_identification",
)
"""Measures over vowels: medians of the absolute difference from the recorded sound, Hz and as a fraction of it."""

OF_TRUTH = tuple(name.replace("error", "truth_error") for name in OF_VOWELS[:-1])
"""The same against the formants of a simulated speaker's tract instead of the recorded sound."""


def measure_names(n_mels: int) -> list[str]:
    """All measures over utterances, in the order of the tables."""
    bands = [f"mel_mae_{name}_db" for name in band_slices(n_mels)]
    cepstral = ["mcd_db", "mcd_dtw_db"]
    return ["mel_mae_db", *bands, "mel_mae_wave_db", *cepstral, "pesq_nb", *MEASURES]


def taken_further(utterances: Iterable[UtteranceScores]) -> list[str]:
    """Which of the further measures, and those of listeners, some utterance has, in the order of the tables."""
    taken = {name for item in utterances for measures in item.measures.values() for name in measures}
    return [name for name in (*FURTHER, *FROM_LISTENERS) if name in taken]


@dataclass(frozen=True)
class Values:
    """The measures of some utterances under one condition, and their 95 % intervals."""

    values: dict[str, float]
    intervals: dict[str, Interval]


@dataclass(frozen=True)
class Group:
    """Some utterances pooled.

    Attributes:
        name: ``seen``, ``unseen``, ``all``, or a speaker's.
        utterances: the utterances.
        vowels: their vowels whose formants could be measured in the recorded sound.
        by_condition: the measures.
        by_bin: mean absolute error of each mel bin by condition, shape (M,), dB.
        recorded_identification: share of the vowels identified from the recorded sound itself; NaN without vowels.
    """

    name: str
    utterances: list[UtteranceScores]
    vowels: list[IdentifiedVowel]
    by_condition: dict[str, Values]
    by_bin: dict[str, Float64]
    recorded_identification: float

    @property
    def speakers(self) -> list[str]:
        """Their speakers, sorted."""
        return sorted({item.speaker for item in self.utterances})

    def rows(self) -> list[Row]:
        """A row per measure: its value under each condition, with the ends of its 95 % interval; None where unknown."""
        rows: list[Row] = []
        for measure in self.by_condition["model"].values:
            row: dict[str, str | float | None] = {"group": self.name, "measure": measure}
            for condition, found in self.by_condition.items():
                low, high = found.intervals[measure]
                numbers = {condition: found.values[measure], f"{condition}_low": low, f"{condition}_high": high}
                row |= {name: None if math.isnan(number) else number for name, number in numbers.items()}
            rows.append(row)
        return rows


@dataclass(frozen=True)
class Summary:
    """All groups of an evaluation: ``seen`` and ``unseen`` as far as there are such speakers, all, and each.

    Without a training split in the dataset nobody counts as seen or unseen: then there is neither group.
    """

    seen: Group | None
    unseen: Group | None
    all: Group
    speakers: dict[str, Group]

    @property
    def main(self) -> list[Group]:
        """The groups of seen and of unseen speakers that there are; all speakers where that is not known."""
        return [group for group in (self.seen, self.unseen) if group is not None] or [self.all]


def summarize(
    utterances: Sequence[UtteranceScores],
    training: Sequence[UtteranceScores],
    seen: set[str] | None,
    n_mels: int,
    bootstrap: Bootstrap,
) -> Summary:
    """Pool the utterances of an evaluation.

    Means are over utterances, those without a number left out; medians and identification are over vowels.

    Args:
        utterances: of the split, at least one.
        training: training utterances with their recorded vowels.
        seen: speakers with training utterances; None where the dataset has no training split.
        n_mels: number of mel bins M.
        bootstrap: makes the intervals.
    """
    vowels = identify_vowels(utterances, training)

    def of(name: str, speakers: set[str]) -> Group | None:
        own = [item for item in utterances if item.speaker in speakers]
        spoken = [vowel for vowel in vowels if vowel.utterance.speaker in speakers]
        return pool(name, own, spoken, n_mels, bootstrap) if own else None

    everybody = {item.speaker for item in utterances}
    groups = {name: of(name, {name}) for name in sorted(everybody)}
    return Summary(
        seen=of("seen", everybody & (seen or set())),
        unseen=None if seen is None else of("unseen", everybody - seen),
        all=pool("all", list(utterances), vowels, n_mels, bootstrap),
        speakers={name: group for name, group in groups.items() if group is not None},
    )


def pool(
    name: str,
    utterances: list[UtteranceScores],
    vowels: list[IdentifiedVowel],
    n_mels: int,
    bootstrap: Bootstrap,
) -> Group:
    """Pool some utterances.

    Args:
        name: of the group.
        utterances: at least one.
        vowels: theirs, from :func:`~rtmri2speech.evaluation.vowel_identification.identify_vowels`.
        n_mels: number of mel bins M.
        bootstrap: makes the intervals.
    """
    by_condition: dict[str, Values] = {}
    for condition in CONDITIONS:
        values: dict[str, float] = {}
        intervals: dict[str, Interval] = {}
        for measure in (*measure_names(n_mels), *taken_further(utterances)):
            found = np.array([item.measures[condition].get(measure, np.nan) for item in utterances])
            known = found[np.isfinite(found)]
            values[measure] = float(known.mean()) if len(known) else np.nan
            intervals[measure] = bootstrap.mean(found)
        _add_vowels(values, intervals, vowels, condition, bootstrap)
        by_condition[condition] = Values(values, intervals)
    floor = by_condition["floor"]
    for one in by_condition.values():
        one.values["mel_mae_floor_db"] = floor.values["mel_mae_db"]
        one.intervals["mel_mae_floor_db"] = floor.intervals["mel_mae_db"]
    by_bin: dict[str, Float64] = {
        name: np.mean([item.by_bin[name] for item in utterances], axis=0) for name in CONDITIONS
    }
    _, right = _right(vowels, RECORDED)
    share = float(np.mean(right)) if len(right) else np.nan
    return Group(name, utterances, vowels, by_condition, by_bin, share)


def _add_vowels(
    values: dict[str, float],
    intervals: dict[str, Interval],
    vowels: Sequence[IdentifiedVowel],
    condition: str,
    bootstrap: Bootstrap,
) -> None:
    """Medians of the formant errors and the share of identified vowels."""
    for reference, names in ((RECORDED, OF_VOWELS[:-1]), (TRUTH, OF_TRUTH)):
        known = [one for one in vowels if np.isfinite(one.vowel.formants.get(reference, (np.nan,))).all()]
        owners = _owners(known)
        true = formants_of([one.vowel for one in known], reference)
        made = formants_of([one.vowel for one in known], condition)
        # A formant that cannot be found in the synthesis is as wrong as can be, and not left out.
        errors = np.where(np.isfinite(made), np.abs(made - true), np.inf)
        # In the order of the names: F1 in Hz and as a fraction, F2 in Hz and as a fraction.
        columns = [error for f in (0, 1) for error in (errors[:, f], errors[:, f] / true[:, f])]
        for measure, error in zip(names, columns, strict=True):
            values[measure] = float(np.median(error)) if len(error) else np.nan
            intervals[measure] = bootstrap.median(error, owners)
    owners, right = _right(vowels, condition)
    values["vowel_identification"] = float(np.mean(right)) if len(right) else np.nan
    counted, total = (np.bincount(owners, weights=weights).astype(np.float64) for weights in (right, None))
    intervals["vowel_identification"] = bootstrap.ratio(counted, total)


def _right(vowels: Iterable[IdentifiedVowel], sound: str) -> tuple[Int64, Float64]:
    """Of the vowels that can be identified: number of the utterance, and 1 where it was identified correctly."""
    compared = [one for one in vowels if one.identified]
    right = [float(one.identified[sound] == one.vowel.label) for one in compared]
    return _owners(compared), np.array(right)


def _owners(vowels: Iterable[IdentifiedVowel]) -> Int64:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(one.utterance.id, len(numbers)) for one in vowels], np.int64)
