"""How similar two maps, or two profiles over regions, are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from rtmri2speech.arrays import Float64

# Of structural similarity: standard deviation of its window in pixels, and its constants (Wang et al. 2004).
_SSIM_SIGMA = 1.5
_SSIM_CONSTANTS = (0.01, 0.03)
# Numbers in the table of permutations that are worked on at once.
_AT_ONCE = 1 << 20
MOST_PERMUTED = 9
"""Regions of which all permutations are gone through: 362,880 of nine."""


def cosine(a: Float64, b: Float64) -> Float64:
    """Cosine of the angle between vectors (..., K): (...); NaN where one is zero."""
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((a * b).sum(axis=-1) / lengths)


def correlation(a: Float64, b: Float64) -> Float64:
    """Pearson's correlation of vectors (..., K): (...); NaN where one does not vary."""
    return cosine(a - a.mean(axis=-1, keepdims=True), b - b.mean(axis=-1, keepdims=True))


def rank_correlation(a: Float64, b: Float64) -> Float64:
    """Spearman's correlation of vectors (..., K), ties with their mean rank: (...); NaN where one does not vary."""
    return correlation(rankdata(a, axis=-1), rankdata(b, axis=-1))


def structural_similarity(a: Float64, b: Float64) -> Float64:
    """Mean structural similarity (Wang et al. 2004) of signed maps (n, H, W), each as a gray image: (n,).

    Zero is gray and a map's largest size is black or white. NaN where a map is zero everywhere.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = (0.5 + 0.5 * one / np.abs(one).max(axis=(1, 2), keepdims=True) for one in (a, b))

    def mean(values: Float64) -> Float64:
        return np.asarray(gaussian_filter(values, (0.0, _SSIM_SIGMA, _SSIM_SIGMA), mode="nearest"))

    c1, c2 = (constant**2 for constant in _SSIM_CONSTANTS)
    mean_x, mean_y = mean(x), mean(y)
    spread_x, spread_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    common = mean(x * y) - mean_x * mean_y
    similarity = (2.0 * mean_x * mean_y + c1) * (2.0 * common + c2)
    similarity /= (mean_x**2 + mean_y**2 + c1) * (spread_x + spread_y + c2)
    return np.asarray(similarity.mean(axis=(1, 2)))


def permutation_p(found: Float64, expected: Float64) -> float:
    """Exact probability that regions named at random would do as well.

    The statistic is the mean cosine over pairs of profiles. Under the null hypothesis the found profiles know nothing
    of which region is which. The same permutation of the regions is applied to all of them at once, so that a habit
    which they share (always the lips, say) counts once and not once per pair. All K! permutations are gone through, the
    one that changes nothing among them.

    Args:
        found: (P, K), K at most :data:`MOST_PERMUTED`.
        expected: (P, K).

    Raises:
        ValueError: for more regions.
    """
    count = found.shape[1]
    if count > MOST_PERMUTED:
        raise ValueError(f"{count} regions have too many permutations")
    # Mean cosine after permuting = sum over k of C[permuted k, k], with C summed over the pairs.
    table = _unit(found).T @ _unit(expected)
    return _p_of(sums_over_permutations(table), float(np.trace(table)))


def specificity_p(groups: Sequence[tuple[Float64, Float64]]) -> float:
    """Exact probability that profiles permuted among the vowels would fit their vowels' physics as well.

    The statistic is again the mean cosine; under the null hypothesis the found profiles know the tract, but not which
    vowel is spoken. Within each group, a formant's, all orders of its profiles are gone through, in every
    combination with those of the other groups. What all profiles share does not help here.

    Args:
        groups: found and expected profiles of V vowels, (V, K) each, V at most 6 where there are two groups.

    Raises:
        ValueError: for more than nine profiles in a group.
    """
    sums, own = np.zeros(1), 0.0
    for found, expected in groups:
        if len(found) > MOST_PERMUTED:
            raise ValueError(f"{len(found)} vowels have too many permutations")
        table = _unit(found) @ _unit(expected).T
        sums = np.add.outer(sums, sums_over_permutations(table)).ravel()
        own += float(np.trace(table))
    return _p_of(sums, own)


def _unit(profiles: Float64) -> Float64:
    """Rows of length 1; those of zero stay."""
    lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
    return np.asarray(profiles / np.where(lengths > 0, lengths, 1.0))


def sums_over_permutations(table: Float64) -> Float64:
    """Sum of table[p(k), k] over k for every permutation p of the K rows, (K!,)."""
    places = np.arange(len(table))
    orders = np.array(list(permutations(range(len(table)))))
    parts = np.array_split(orders, max(1, orders.size // _AT_ONCE))
    return np.concatenate([table[part, places].sum(axis=1) for part in parts])


def _p_of(values: Float64, own: float) -> float:
    if not np.any(values):
        return float("nan")
    # Rounding must not make the arrangement that was found worse than itself.
    return float(np.mean(values >= own - 1e-9 * max(1.0, abs(own))))
