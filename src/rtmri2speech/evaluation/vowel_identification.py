"""Vowels identified by where they lie in their speaker's own plane of F1 and F2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NOTHING = ""
"""What is identified where no formants could be measured."""

LEAST_TOKENS = 3
"""Training vowels of each kind that a speaker's plane needs."""

# Added to the spread of ln F in each direction, so that few tokens or equal ones do not claim certainty.
_LEAST_SPREAD = 0.02


class VowelPlane:
    """A speaker's vowels as Gaussians of one shape in the plane of ln F1 and ln F2.

    The centre of a vowel is the median of its tokens, which a formant missed now and then does not move; the
    covariance is that of all tokens about their own centres (linear discriminant analysis with equal priors, Hastie
    et al. 2009, section 4.3), with a spread of 2 % added.

    Args:
        labels: vowel of each of V tokens.
        formants: shape (V, 2), F1 and F2 in Hz; tokens with a NaN are left out.
    """

    def __init__(self, labels: Sequence[str], formants: Floats) -> None:
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

    def identify(self, formants: Floats) -> list[str]:
        """The nearest vowel of each token, by Mahalanobis distance; :data:`NOTHING` where a formant is NaN.

        Args:
            formants: shape (V, 2), Hz.
        """
        return [self._nearest(point, np.ones(len(self._points), bool)) for point in formants]

    def identify_leaving_out(self, formants: Floats, own: Sequence[int]) -> list[str]:
        """The nearest vowel of each token in a plane without the recorded one that it was made from.

        Args:
            formants: shape (V, 2), Hz.
            own: for each token, the place of its recorded one among those with known formants.
        """
        places = np.arange(len(self._points))
        return [self._nearest(point, places != place) for point, place in zip(formants, own, strict=True)]

    def _nearest(self, hertz: Floats, kept: NDArray[np.bool_]) -> str:
        if not np.isfinite(hertz).all() or not kept.any():
            return NOTHING
        labels, points = self._labels[kept], self._points[kept]
        vowels = sorted(set(labels.tolist()))
        centres = np.array([np.median(points[labels == vowel], axis=0) for vowel in vowels])
        deviations = points - centres[np.searchsorted(vowels, labels.tolist())]
        freedom = max(len(points) - len(vowels), 1)
        covariance = deviations.T @ deviations / freedom + _LEAST_SPREAD**2 * np.eye(2)
        difference = np.log(hertz) - centres
        distances = np.einsum("vi,ij,vj->v", difference, np.linalg.inv(covariance), difference)
        return str(vowels[int(np.argmin(distances))])


def confusion(true: Sequence[str], found: Sequence[str]) -> tuple[list[str], list[str], NDArray[np.int64]]:
    """Counts of which vowel was taken for which.

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
