"""Maps of segments: mean and spread over their tokens, and differences between segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.arrays import Float32
from rtmri2speech.phonetics.labeled_segments import Segment


@dataclass(frozen=True)
class SegmentMap:
    """One map of a segment, or of two.

    Attributes:
        stem: of the file's name.
        title: human-readable.
        values: (S, S), signed.
        spread: standard deviation of the tokens' means, (S, S); None for a single token, and for differences.
    """

    stem: str
    title: str
    values: Float32
    spread: Float32 | None = None


def means_of(maps: BandMaps, segments: Sequence[Segment]) -> list[SegmentMap]:
    """The mean map of each segment: over its tokens' means, so that long tokens count no more than short ones."""
    found = []
    for segment in segments:
        mean, spread = token_statistics(maps, segment)
        tokens = len(segment.tokens)
        title = segment.name if tokens == 1 else f"{segment.name}, mean of {tokens} tokens"
        found.append(SegmentMap(f"{maps.stem}_{segment.file_name}Segment_mean", title, mean, spread))
    return found


def differences_of(maps: BandMaps, segments: Sequence[Segment], means: Sequence[SegmentMap]) -> list[SegmentMap]:
    """The differences of every two segments' means, from :func:`means_of`."""
    return [
        SegmentMap(
            f"{maps.stem}_{one.file_name}-minus-{other.file_name}_difference",
            f"{one.name} minus {other.name}",
            first.values - second.values,
        )
        for (one, first), (other, second) in combinations(zip(segments, means, strict=True), 2)
    ]


def token_statistics(maps: BandMaps, segment: Segment) -> tuple[Float32, Float32 | None]:
    """Mean of the tokens' mean maps and their standard deviation, (S, S) each; None for the latter with one token."""
    # Welford's running mean and sum of squares: one token in memory at a time.
    mean = np.zeros((maps.size, maps.size))
    squares = np.zeros((maps.size, maps.size))
    for number, token in enumerate(segment.tokens, start=1):
        value = maps.mean(token.first, token.stop)
        change = value - mean
        mean += change / number
        squares += change * (value - mean)
    if len(segment.tokens) == 1:
        return mean.astype(np.float32), None
    spread = np.sqrt(squares / (len(segment.tokens) - 1))
    return mean.astype(np.float32), spread.astype(np.float32)
