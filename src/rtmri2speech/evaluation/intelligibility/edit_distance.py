"""How many insertions, deletions and substitutions lead from one sequence to another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np


def edit_distance(reference: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Smallest number of insertions, deletions and substitutions that make ``other`` from ``reference``.

    Source: Levenshtein 1966, "Binary codes capable of correcting deletions, insertions, and reversals", by the rows of
    Wagner and Fischer 1974. Time grows with the product of the lengths, memory with that of ``other``.

    Args:
        reference: words, letters, phones.
        other: the same.
    """
    numbers: dict[Hashable, int] = {}
    one, two = (np.array([numbers.setdefault(item, len(numbers)) for item in part]) for part in (reference, other))
    places = np.arange(len(two) + 1)
    costs = places.copy()
    for count, item in enumerate(one, start=1):
        # From the diagonal (equal or substituted) or from above (deleted) ...
        arrived = np.concatenate([[count], np.minimum(costs[:-1] + (two != item), costs[1:] + 1)])
        # ... or along the row (inserted): cost_k = min over l <= k of arrived_l + (k - l).
        costs = np.minimum.accumulate(arrived - places) + places
    return int(costs[-1])
