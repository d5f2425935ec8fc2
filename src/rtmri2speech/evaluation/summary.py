"""Utterances pooled: over seen and unseen speakers, all of them and each, with confidence intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.evaluation.conditions import CONDITIONS
from rtmri2speech.evaluation.protocol import Evaluation
from rtmri2speech.evaluation.scoring import RECORDED, TRUTH, Scored, Vowel
from rtmri2speech.evaluation.vowel_identification import VowelPlane
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.metrics.bootstrap import Bootstrap, Interval
from rtmri2speech.metrics.waveform import MEASURES

Floats = NDArray[np.float64]

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


@dataclass(frozen=True)
class Token:
    """A vowel of an evaluated utterance.

    Attributes:
        scored: the utterance.
        vowel: the vowel.
        identified: what it was taken for, by sound (``recorded`` and the conditions); empty where the speaker has no
            other vowel of its kind to compare with.
        by_training: whether it was compared with the speaker's training vowels.
    """

    scored: Scored
    vowel: Vowel
    identified: dict[str, str] = field(default_factory=dict)
    by_training: bool = False


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
        scored: the utterances.
        tokens: their vowels whose formants could be measured in the recorded sound.
        by_condition: the measures.
        by_bin: mean absolute error of each mel bin by condition, shape (M,), dB.
        recorded_identification: share of the vowels identified from the recorded sound itself; NaN without vowels.
    """

    name: str
    scored: list[Scored]
    tokens: list[Token]
    by_condition: dict[str, Values]
    by_bin: dict[str, Floats]
    recorded_identification: float

    @property
    def speakers(self) -> list[str]:
        """Who speaks, sorted."""
        return sorted({item.speaker for item in self.scored})


@dataclass(frozen=True)
class Summary:
    """All groups of an evaluation: ``seen`` and ``unseen`` as far as there are such speakers, all, and each.

    A dataset without training split does not tell who was seen: then there is neither group.
    """

    seen: Group | None
    unseen: Group | None
    all: Group
    speakers: dict[str, Group]

    @property
    def main(self) -> list[Group]:
        """The groups of seen and of unseen speakers that there are; all speakers where that is not known."""
        return [group for group in (self.seen, self.unseen) if group is not None] or [self.all]


def summarise(evaluation: Evaluation, bootstrap: Bootstrap) -> Summary:
    """Pool the utterances of an evaluation.

    Means are over utterances, those without a number left out; medians and identification are over vowels.
    """
    tokens = identify_vowels(evaluation.scored, evaluation.learnt)
    n_mels = evaluation.dataset.meta.features.n_mels

    def of(name: str, speakers: set[str]) -> Group | None:
        scored = [item for item in evaluation.scored if item.speaker in speakers]
        own = [token for token in tokens if token.scored.speaker in speakers]
        return pool(name, scored, own, n_mels, bootstrap) if scored else None

    everybody = {item.speaker for item in evaluation.scored}
    groups = {name: of(name, {name}) for name in sorted(everybody)}
    return Summary(
        seen=of("seen", everybody & evaluation.seen),
        unseen=of("unseen", everybody - evaluation.seen) if evaluation.has_training else None,
        all=pool("all", evaluation.scored, tokens, n_mels, bootstrap),
        speakers={name: group for name, group in groups.items() if group is not None},
    )


def identify_vowels(scored: Sequence[Scored], learnt: Sequence[Scored]) -> list[Token]:
    """Identify the vowels of each speaker in the speaker's own plane of F1 and F2.

    The plane is that of the recorded vowels of the speaker's training utterances, if they hold three or more of each
    vowel that is to be identified. Otherwise (a speaker without training utterances) it is that of the recorded
    vowels of the evaluated utterances themselves, each vowel identified in the plane without its own recorded token.

    Args:
        scored: evaluated utterances.
        learnt: training utterances with their recorded vowels.

    Returns:
        The vowels whose recorded formants are known, in the order of the utterances.
    """
    found: dict[int, Token] = {}
    places: dict[str, list[tuple[int, Scored, Vowel]]] = defaultdict(list)
    number = 0
    for item in scored:
        for vowel in item.vowels:
            if np.isfinite(vowel.formants[RECORDED]).all():
                places[item.speaker].append((number, item, vowel))
                number += 1
    for speaker, own in places.items():
        training = [vowel for item in learnt if item.speaker == speaker for vowel in item.vowels]
        vowels = [vowel for _, _, vowel in own]
        plane, here = _plane(training), _plane(vowels)
        by_training = plane.covers([vowel.label for vowel in vowels])
        identified = {}
        for sound in (RECORDED, *CONDITIONS):
            formants = _formants(vowels, sound)
            identified[sound] = (
                plane.identify(formants) if by_training else here.identify_leaving_out(formants, range(len(vowels)))
            )
        counts = here.counts
        for index, (place, item, vowel) in enumerate(own):
            comparable = by_training or counts[vowel.label] > 1
            one = {sound: labels[index] for sound, labels in identified.items()} if comparable else {}
            found[place] = Token(item, vowel, one, by_training)
    return [found[place] for place in sorted(found)]


def _plane(vowels: Sequence[Vowel]) -> VowelPlane:
    return VowelPlane([vowel.label for vowel in vowels], _formants(vowels, RECORDED))


def _formants(vowels: Sequence[Vowel], sound: str) -> Floats:
    return np.array([vowel.formants[sound] for vowel in vowels], np.float64).reshape(-1, 2)


def pool(name: str, scored: list[Scored], tokens: list[Token], n_mels: int, bootstrap: Bootstrap) -> Group:
    """Pool some utterances.

    Args:
        name: of the group.
        scored: utterances, at least one.
        tokens: their vowels, from :func:`identify_vowels`.
        n_mels: number of mel bins M.
        bootstrap: makes the intervals.
    """
    by_condition: dict[str, Values] = {}
    for condition in CONDITIONS:
        values: dict[str, float] = {}
        intervals: dict[str, Interval] = {}
        for measure in measure_names(n_mels):
            found = np.array([item.measures[condition].get(measure, np.nan) for item in scored])
            known = found[np.isfinite(found)]
            values[measure] = float(known.mean()) if len(known) else np.nan
            intervals[measure] = bootstrap.mean(found)
        _add_vowels(values, intervals, tokens, condition, bootstrap)
        by_condition[condition] = Values(values, intervals)
    floor = by_condition["floor"]
    for one in by_condition.values():
        one.values["mel_mae_floor_db"] = floor.values["mel_mae_db"]
        one.intervals["mel_mae_floor_db"] = floor.intervals["mel_mae_db"]
    by_bin: dict[str, Floats] = {name: np.mean([item.by_bin[name] for item in scored], axis=0) for name in CONDITIONS}
    recorded = _right(tokens, RECORDED)
    share = float(np.mean(recorded[1])) if len(recorded[1]) else np.nan
    return Group(name, scored, tokens, by_condition, by_bin, share)


def _add_vowels(
    values: dict[str, float], intervals: dict[str, Interval], tokens: list[Token], condition: str, bootstrap: Bootstrap
) -> None:
    """Medians of the formant errors and the share of identified vowels."""
    for reference, names in ((RECORDED, OF_VOWELS[:-1]), (TRUTH, OF_TRUTH)):
        known = [token for token in tokens if np.isfinite(token.vowel.formants.get(reference, (np.nan,))).all()]
        owners = _owners(known)
        true = _formants([token.vowel for token in known], reference)
        made = _formants([token.vowel for token in known], condition)
        # A formant that cannot be found in the synthesis is as wrong as can be, and not left out.
        errors = np.where(np.isfinite(made), np.abs(made - true), np.inf)
        for index in (0, 1):
            for measure, error in zip(
                names[2 * index : 2 * index + 2], (errors[:, index], errors[:, index] / true[:, index]), strict=True
            ):
                values[measure] = float(np.median(error)) if len(error) else np.nan
                intervals[measure] = bootstrap.median(error, owners)
    owners, right = _right(tokens, condition)
    values["vowel_identification"] = float(np.mean(right)) if len(right) else np.nan
    counted, total = (np.bincount(owners, weights=weights).astype(np.float64) for weights in (right, None))
    intervals["vowel_identification"] = bootstrap.ratio(counted, total)


def _right(tokens: Sequence[Token], sound: str) -> tuple[NDArray[np.int64], Floats]:
    """Of the tokens that can be identified: number of the utterance, and 1 where it was identified."""
    compared = [token for token in tokens if token.identified]
    right = [float(token.identified[sound] == token.vowel.label) for token in compared]
    return _owners(compared), np.array(right)


def _owners(tokens: Sequence[Token]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(token.scored.id, len(numbers)) for token in tokens], np.int64)
