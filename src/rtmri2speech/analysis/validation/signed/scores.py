"""How well two answers in Hz per millimeter agree: size, order, sign, and what chance would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from rtmri2speech.analysis.validation.similarity import correlation, rank_correlation, sums_over_permutations
from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.tables import Value

LARGE = 5.0
"""Hz per mm from which on physics is taken to have a sign."""

PERMUTATIONS = 9999
"""Of the vowels."""


@dataclass(frozen=True)
class SignedScore:
    """Agreement of Hz per mm with physics, for one formant, over S stretches of V vowels of utterances.

    Attributes:
        formant: which.
        vowels: V.
        r: Pearson's correlation of the V S numbers, signs included.
        low, high: bounds of its 90 % interval, vowels drawn with replacement.
        rank: Spearman's.
        r_size: Pearson's of their sizes alone.
        signs: how often signs agree where physics exceeds 5 Hz/mm.
        slope: of the model over physics, through the origin.
        p_places: probability that stretches named at random, alike in all vowels, would have such an r; exact.
        p_vowels: that profiles permuted among the vowels of an utterance would.
        r_permuted: r of models whose weights were permuted, its mean; NaN without any.
        p_weights: probability of such an r among these, from Student's distribution; NaN with fewer than two.
    """

    formant: str
    vowels: int
    r: float
    low: float
    high: float
    rank: float
    r_size: float
    signs: float
    slope: float
    p_places: float
    p_vowels: float
    r_permuted: float = float("nan")
    p_weights: float = float("nan")

    def row(self) -> dict[str, Value]:
        """As a row of a table."""
        return dict(vars(self))


def signed_score(
    formant: str,
    ours: Float64,
    physics: Float64,
    groups: Sequence[int],
    permuted: Sequence[Float64] = (),
    seed: int = 0,
) -> SignedScore:
    """Compare Hz per mm of a model with physics.

    Args:
        formant: its name.
        ours: (V, S), Hz per mm; NaN where nothing is known.
        physics: (V, S), likewise.
        groups: (V,), number of the utterance that each vowel is of.
        permuted: (V, S) each, what models with permuted weights say.
        seed: of permutations and intervals.
    """
    known = np.isfinite(ours) & np.isfinite(physics)
    one, other = np.where(known, ours, np.nan), np.where(known, physics, np.nan)
    a, b = one[known], other[known]
    large = np.abs(b) > LARGE
    rng = np.random.default_rng(seed)
    r = pearson(a, b)
    draws = (rng.integers(0, len(ours), len(ours)) for _ in range(1000)) if len(ours) > 1 else iter(())
    drawn = np.array([_of_rows(one, other, rows) for rows in draws])
    low, high = np.nanquantile(drawn, (0.05, 0.95)) if np.isfinite(drawn).any() else (np.nan, np.nan)
    nulls = np.array([pearson(null[known], b) for null in permuted if np.isfinite(null[known]).all()])
    return SignedScore(
        formant,
        len(ours),
        r,
        float(low),
        float(high),
        float(rank_correlation(a, b)) if len(a) > 1 else float("nan"),
        pearson(np.abs(a), np.abs(b)),
        float((np.sign(a) == np.sign(b))[large].mean()) if large.any() else float("nan"),
        float(a @ b / (b @ b)) if (b != 0.0).any() else float("nan"),
        _p_places(one, other),
        _p_vowels(one, other, np.asarray(groups), rng),
        float(nulls.mean()) if len(nulls) else float("nan"),
        _p_student(r, nulls),
    )


def pearson(a: Float64, b: Float64) -> float:
    """Pearson's correlation of vectors (n,); NaN where one does not vary."""
    return float(correlation(a, b)) if len(a) > 1 else float("nan")


def _of_rows(one: Float64, other: Float64, rows: Int64) -> float:
    a, b = one[rows].ravel(), other[rows].ravel()
    known = np.isfinite(a)
    return pearson(a[known], b[known])


def _p_places(one: Float64, other: Float64) -> float:
    """All orders of the stretches, the same for all vowels: of r only the sum of products depends on it."""
    whole = np.isfinite(one).all(axis=1)
    if not whole.any():
        return float("nan")
    table = (one[whole] - one[whole].mean()).T @ (other[whole] - other[whole].mean())
    sums = sums_over_permutations(table)
    own = float(np.trace(table))
    return float(np.mean(sums >= own - 1e-9 * max(1.0, abs(own))))


def _p_vowels(one: Float64, other: Float64, groups: Int64, rng: np.random.Generator) -> float:
    """Vowels of an utterance in random orders; the order that was found counts as one."""
    whole = np.isfinite(one).all(axis=1)
    ours, theirs, group = one[whole], other[whole], groups[whole]
    if len(ours) < 3:
        return float("nan")
    places = [np.flatnonzero(group == name) for name in np.unique(group)]
    own, found = float((ours * theirs).sum()), 1
    for _ in range(PERMUTATIONS):
        order = np.arange(len(ours))
        for place in places:
            order[place] = rng.permutation(place)
        found += bool((ours[order] * theirs).sum() >= own - 1e-9 * abs(own))
    return found / (PERMUTATIONS + 1)


def _p_student(r: float, nulls: Float64) -> float:
    """Probability of a further draw as large as r where K draws of a normal distribution are known."""
    if len(nulls) < 2 or not np.isfinite(r):
        return float("nan")
    z, mean, spread = np.arctanh(r), np.arctanh(nulls).mean(), np.arctanh(nulls).std(ddof=1)
    return float(student.sf((z - mean) / (spread * np.sqrt(1.0 + 1.0 / len(nulls))), len(nulls) - 1))
