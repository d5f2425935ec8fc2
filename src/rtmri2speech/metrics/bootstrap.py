"""Confidence intervals: percentile bootstrap over utterances (Efron & Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.errors import ConfigError

Interval = tuple[float, float]

_NONE = (float("nan"), float("nan"))
_PERCENTILES = (2.5, 97.5)
# Numbers that are sorted or summed at once: some 30 MB.
_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Bootstrap:
    """Draws utterances with replacement, as many as there are, and takes percentiles of a statistic over the draws.

    What was measured within one utterance stays together: its vowels are drawn with it.

    Attributes:
        resamples: number of draws.
        seed: of the draws; the same seed gives the same intervals.

    Raises:
        ConfigError: for a seed below 0.
    """

    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f"`seed={self.seed}`: less than 0.", "Give a whole number from 0 on.")

    def mean(self, values: Float64) -> Interval:
        """95 % interval of the mean of utterances.

        Args:
            values: shape (U,), NaN where an utterance has no value; those are left out.
        """
        known = values[np.isfinite(values)]
        return self.ratio(known, np.ones(len(known)))

    def ratio(self, counted: Float64, total: Float64) -> Interval:
        """95 % interval of a ratio of sums over utterances.

        Args:
            counted: shape (U,), such as the vowels of each utterance that were identified.
            total: shape (U,), such as its vowels; utterances of 0 are left out.

        Returns:
            Lower and upper end; NaN with fewer than two utterances.
        """
        kept = total > 0
        if kept.sum() < 2:
            return _NONE
        found = [draws @ counted[kept] / (draws @ total[kept]) for draws in self._draws(int(kept.sum()), 1)]
        return _interval(np.concatenate(found))

    def median(self, values: Float64, utterances: Int64) -> Interval:
        """95 % interval of the median over tokens, whose utterances are drawn.

        Args:
            values: shape (V,), of each token; infinite ones are allowed.
            utterances: shape (V,), number of each token's utterance.

        Returns:
            Lower and upper end; NaN with fewer than two utterances.
        """
        names, owner = np.unique(utterances, return_inverse=True)
        if len(names) < 2:
            return _NONE
        order = np.argsort(values)
        ordered, owner = values[order], owner[order]
        found = []
        for draws in self._draws(len(names), len(values)):
            reached = np.cumsum(draws[:, owner], axis=1)
            total = reached[:, -1:]
            # The middle token, or the two middle ones, of the tokens as often as they were drawn.
            low, high = (np.argmax(reached >= half, axis=1) for half in ((total + 1) // 2, total // 2 + 1))
            found.append(0.5 * (ordered[low] + ordered[high]))
        return _interval(np.concatenate(found))

    def _draws(self, utterances: int, width: int) -> Iterator[Int64]:
        """How often each utterance was drawn, shapes (b, U), in blocks that stay small."""
        rng = np.random.default_rng(self.seed)
        block = max(1, _AT_ONCE // max(width, utterances))
        shares = np.full(utterances, 1.0 / utterances)
        for start in range(0, self.resamples, block):
            yield rng.multinomial(utterances, shares, size=min(block, self.resamples - start))


def _interval(statistics: Float64) -> Interval:
    """Percentiles without interpolation, so that what is infinite stays so."""
    low, high = np.percentile(statistics, _PERCENTILES, method="nearest")
    return float(low), float(high)
