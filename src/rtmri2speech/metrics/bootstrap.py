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

    def differences(self, first: Float64, second: Float64, stream: int = 0) -> Float64:
        """Differences of means, second minus first, of tokens of two groups that are drawn apart from each other.

        Args:
            first: shape (U, K), K values of each token; NaN where unknown.
            second: shape (V, K).
            stream: another number draws independently.

        Returns:
            Shape (resamples, K); NaN in draws without a known value.
        """
        means = []
        for side, values in enumerate((first, second)):
            known = np.isfinite(values)
            blocks = self._draws(len(values), max(len(values), values.shape[1]), (stream, side))
            sums = [(draws @ np.where(known, values, 0.0), draws @ known.astype(np.float64)) for draws in blocks]
            total, count = (np.concatenate(part) for part in zip(*sums, strict=True))
            means.append(np.where(count > 0, total / np.maximum(count, 1.0), np.nan))
        return np.asarray(means[1] - means[0])

    def correlation(self, one: Float64, other: Float64, utterances: Int64) -> Interval:
        """95 % interval of Pearson's correlation over tokens, whose utterances are drawn.

        Args:
            one, other: shape (V,), of each token, finite.
            utterances: shape (V,), number of each token's utterance.

        Returns:
            Lower and upper end; NaN with fewer than two utterances.
        """
        if len(np.unique(utterances)) < 2:
            return _NONE
        found = self.correlations(one, other, np.unique(utterances, return_inverse=True)[1])
        return _interval(found[np.isfinite(found)]) if np.isfinite(found).any() else _NONE

    def correlations(self, one: Float64, other: Float64, utterances: Int64, count: int | None = None) -> Float64:
        """Pearson's correlation in each draw, shape (resamples,); NaN where nothing that was drawn varies.

        Draws depend on seed and number of utterances alone, so that correlations of other tokens of the same utterances
        can be compared draw by draw.

        Args:
            one, other, utterances: as of :meth:`correlation`; utterances are numbered from 0.
            count: utterances; None for as many as the largest number says.
        """
        count = int(utterances.max()) + 1 if count is None else count
        first, second = one - one.mean(), other - other.mean()
        parts = (np.ones(len(first)), first, second, first * first, second * second, first * second)
        sums = np.stack([np.bincount(utterances, part, count) for part in parts], axis=1)
        found = np.concatenate([draws @ sums for draws in self._draws(count, len(parts))])
        with np.errstate(invalid="ignore", divide="ignore"):
            x, y, xx, yy, xy = (found[:, 1:] / found[:, :1]).T
            return np.asarray((xy - x * y) / np.sqrt((xx - x * x) * (yy - y * y)), np.float64)

    def _draws(self, utterances: int, width: int, stream: tuple[int, ...] = ()) -> Iterator[Int64]:
        """How often each utterance was drawn, shapes (b, U), in blocks that stay small."""
        rng = np.random.default_rng([self.seed, *stream] if stream else self.seed)
        block = max(1, _AT_ONCE // max(width, utterances))
        shares = np.full(utterances, 1.0 / utterances)
        for start in range(0, self.resamples, block):
            yield rng.multinomial(utterances, shares, size=min(block, self.resamples - start))


def intervals(draws: Float64) -> Float64:
    """95 % intervals, each for itself, of statistics (R, K) by their draws: (K, 2); NaN where no draw is known."""
    found = np.full((draws.shape[1], 2), np.nan)
    some = np.isfinite(draws).any(axis=0)
    if some.any():
        found[some] = np.nanpercentile(draws[:, some], _PERCENTILES, axis=0, method="nearest").T
    return found


def joint_intervals(statistics: Float64, draws: Float64) -> Float64:
    """95 % intervals that hold for all K statistics at once: (K, 2).

    Each is as wide in its own standard deviations as the largest deviation of a draw, of all K, is in 95 % of the draws
    (max-t; Davison and Hinkley 1997, Bootstrap Methods and their Application, section 4.2.4).

    Args:
        statistics: shape (K,).
        draws: shape (R, K).
    """
    found = np.full((len(statistics), 2), np.nan)
    used = np.isfinite(draws).all(axis=0) & np.isfinite(statistics)
    if not used.any():
        return found
    spread = draws[:, used].std(axis=0)
    deviations = np.abs(draws[:, used] - statistics[used])
    largest = np.divide(deviations, spread, out=np.zeros_like(deviations), where=spread > 0).max(axis=1)
    reach = float(np.percentile(largest, _PERCENTILES[1] - _PERCENTILES[0], method="nearest")) * spread
    found[used] = np.stack([statistics[used] - reach, statistics[used] + reach], axis=1)
    return found


def _interval(statistics: Float64) -> Interval:
    """Percentiles without interpolation, so that what is infinite stays so."""
    low, high = np.percentile(statistics, _PERCENTILES, method="nearest")
    return float(low), float(high)
