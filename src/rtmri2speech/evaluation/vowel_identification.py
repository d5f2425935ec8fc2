"""Vowels identified by their position in their speaker's own plane of F1 and F2."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.evaluation.conditions import CONDITIONS
from rtmri2speech.evaluation.scores import RECORDED, ScoredVowel, UtteranceScores

NOTHING = ""
"""What is identified where no formants could be measured."""

LEAST_TOKENS = 3
"""Training vowels of each kind that a speaker's plane needs."""

# Added to the spread of ln F in each direction, so that few or equal tokens do not make a vowel a point.
_LEAST_SPREAD = 0.02


class VowelPlane:
    """A speaker's vowels as Gaussians of one shape in the plane of ln F1 and ln F2.

    The center of a vowel is the median of its tokens, which an occasional wrong formant does not move; the
    covariance is that of all tokens about their own centers (linear discriminant analysis with equal priors, Hastie
    et al. 2009, section 4.3), with a spread of 2 % added.

    Args:
        labels: vowel of each of V tokens.
        formants: shape (V, 2), F1 and F2 in Hz; tokens with a NaN are left out.
    """

    def __init__(self, labels: Sequence[str], formants: Float64) -> None:
        known = np.isfinite(formants).all(axis=1)
        self._labels = np.asarray(labels, dtype=object)[known]
        self._points = np.log(formants[known])
        self._vowels = sorted(set(self._labels.tolist()))

    @property
    def counts(self) -> dict[str, int]:
        """Tokens by vowel."""
        return {vowel: int(np.sum(self._labels == vowel)) for vowel in self._vowels}

    def covers(self, labels: Sequence[str]) -> bool:
        """Whether it holds at least :data:`LEAST_TOKENS` tokens of each of these vowels."""
        counts = self.counts
        return all(counts.get(label, 0) >= LEAST_TOKENS for label in labels)

    def identify(self, formants: Float64) -> list[str]:
        """The nearest vowel of each token, by Mahalanobis distance; :data:`NOTHING` where a formant is NaN.

        Args:
            formants: shape (V, 2), Hz.
        """
        return [self._nearest(point, np.ones(len(self._points), bool)) for point in formants]

    def identify_leaving_out(self, formants: Float64, own: Sequence[int]) -> list[str]:
        """The nearest vowel of each token in a plane without the recorded one that it was made from.

        Args:
            formants: shape (V, 2), Hz.
            own: for each token, the index of its recorded one among those with known formants.
        """
        places = np.arange(len(self._points))
        return [self._nearest(point, places != place) for point, place in zip(formants, own, strict=True)]

    def _nearest(self, hertz: Float64, kept: Bool) -> str:
        if not np.isfinite(hertz).all() or not kept.any():
            return NOTHING
        labels, points = self._labels[kept], self._points[kept]
        vowels = sorted(set(labels.tolist()))
        centers = np.array([np.median(points[labels == vowel], axis=0) for vowel in vowels])
        deviations = points - centers[np.searchsorted(vowels, labels.tolist())]
        freedom = max(len(points) - len(vowels), 1)
        covariance = deviations.T @ deviations / freedom + _LEAST_SPREAD**2 * np.eye(2)
        difference = np.log(hertz) - centers
        distances = np.einsum("vi,ij,vj->v", difference, np.linalg.inv(covariance), difference)
        return str(vowels[int(np.argmin(distances))])


def confusion(true: Sequence[str], found: Sequence[str]) -> tuple[list[str], list[str], Int64]:
    """Confusion matrix: which vowel was identified as which.

    Args:
        true: what was said.
        found: what it was identified as; :data:`NOTHING` is a column of its own, if it occurs.

    Returns:
        Labels of the rows, labels of the columns, and counts, shape (rows, columns).
    """
    rows = sorted(set(true))
    columns = sorted({*rows, *found} - {NOTHING}) + ([NOTHING] if NOTHING in found else [])
    counts = np.zeros((len(rows), len(columns)), np.int64)
    for one, other in zip(true, found, strict=True):
        counts[rows.index(one), columns.index(other)] += 1
    return rows, columns, counts


@dataclass(frozen=True)
class IdentifiedVowel:
    """A vowel of an evaluated utterance.

    Attributes:
        utterance: the utterance.
        vowel: the vowel.
        identified: what it was identified as, by sound (``recorded`` and the conditions); empty where the speaker has
            no other vowel of its kind to compare with.
        by_training: whether it was compared with the speaker's training vowels.
    """

    utterance: UtteranceScores
    vowel: ScoredVowel
    identified: dict[str, str] = field(default_factory=dict)
    by_training: bool = False


def identify_vowels(
    utterances: Sequence[UtteranceScores], training: Sequence[UtteranceScores]
) -> list[IdentifiedVowel]:
    """Identify the vowels of each speaker in the speaker's own plane of F1 and F2.

    The plane is that of the recorded vowels of the speaker's training utterances, if they hold three or more of each
    vowel that is to be identified. Otherwise (a speaker without training utterances) it is that of the recorded
    vowels of the evaluated utterances themselves, each vowel identified in the plane without its own recorded token.

    Args:
        utterances: evaluated ones.
        training: training utterances with their recorded vowels.

    Returns:
        The vowels whose recorded formants are known, in the order of the utterances.
    """
    known = [
        (utterance, vowel)
        for utterance in utterances
        for vowel in utterance.vowels
        if np.isfinite(vowel.formants[RECORDED]).all()
    ]
    of_speaker: dict[str, list[int]] = defaultdict(list)
    for index, (utterance, _) in enumerate(known):
        of_speaker[utterance.speaker].append(index)
    found: dict[int, IdentifiedVowel] = {}
    for speaker, indices in of_speaker.items():
        learned = [vowel for item in training if item.speaker == speaker for vowel in item.vowels]
        own = [known[index][1] for index in indices]
        by_training, labels = _identify(own, learned)
        for index, identified in zip(indices, labels, strict=True):
            found[index] = IdentifiedVowel(*known[index], identified, by_training)
    return [found[index] for index in range(len(known))]


def _identify(own: Sequence[ScoredVowel], learned: Sequence[ScoredVowel]) -> tuple[bool, list[dict[str, str]]]:
    """Whether a speaker's vowels were compared with training vowels, and what each was identified as, by sound."""
    plane, here = _plane(learned), _plane(own)
    by_training = plane.covers([vowel.label for vowel in own])
    identified = {}
    for sound in (RECORDED, *CONDITIONS):
        formants = formants_of(own, sound)
        identified[sound] = (
            plane.identify(formants) if by_training else here.identify_leaving_out(formants, range(len(own)))
        )
    counts = here.counts
    return by_training, [
        {sound: labels[index] for sound, labels in identified.items()} if by_training or counts[vowel.label] > 1 else {}
        for index, vowel in enumerate(own)
    ]


def _plane(vowels: Sequence[ScoredVowel]) -> VowelPlane:
    return VowelPlane([vowel.label for vowel in vowels], formants_of(vowels, RECORDED))


def formants_of(vowels: Sequence[ScoredVowel], sound: str) -> Float64:
    """F1 and F2 of vowels in a sound, (V, 2), Hz."""
    return np.array([vowel.formants[sound] for vowel in vowels], np.float64).reshape(-1, 2)
