"""How well two tracks of a formant agree: correlation, ratio, error, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.metrics.bootstrap import Bootstrap, Interval

FEWEST = 10
"""Frames that a correlation or a ratio needs."""

BLOCK_SECONDS = 0.5
"""Frames of so long a stretch are drawn together: neighbors are nearly the same, and no new evidence."""

_NAN = float("nan")
_NONE = (_NAN, _NAN)


@dataclass(frozen=True)
class Agreement:
    """A formant of the tube compared with that of the sound, over some frames.

    Attributes:
        formant: 1 to 4.
        frames: how many were compared; the rest is NaN where there are fewer than :data:`FEWEST`.
        r: Pearson's correlation of log Hz.
        r_range: its 95 % interval.
        ratio: median of tube / sound.
        ratio_range: its 95 % interval.
        error: median of abs(tube / sound - 1).
        reference_r: the same correlation between two settings of the measurement in the sound: what limits ``r``.
    """

    formant: int
    frames: int
    r: float = _NAN
    r_range: Interval = _NONE
    ratio: float = _NAN
    ratio_range: Interval = _NONE
    error: float = _NAN
    reference_r: float = _NAN


def agreements(
    tube: Float64, sound: Float64, settings: tuple[Float64, Float64], chosen: Bool, blocks: Int64
) -> tuple[Agreement, ...]:
    """An agreement per formant.

    Args:
        tube: (T, n), Hz; NaN where unknown.
        sound: (T, n), Hz; NaN where unknown.
        settings: (T, n) each, Hz, of the sound as well, measured with other settings.
        chosen: (T,), frames to compare.
        blocks: (T,), number of the stretch that a frame is drawn with.
    """
    tracks = enumerate(zip(tube.T, sound.T, settings[0].T, settings[1].T, strict=True), start=1)
    return tuple(
        _agreement(number, one, other, chosen, blocks, _between(low, high, chosen))
        for number, (one, other, low, high) in tracks
    )


def _agreement(
    formant: int, tube: Float64, sound: Float64, chosen: Bool, blocks: Int64, reference_r: float
) -> Agreement:
    known = chosen & np.isfinite(tube) & np.isfinite(sound)
    count = int(known.sum())
    if count < FEWEST:
        return Agreement(formant, count)
    one, other, of = np.log(tube[known]), np.log(sound[known]), blocks[known]
    draws, ratios = Bootstrap(), np.exp(one - other)
    return Agreement(
        formant,
        count,
        correlation(one, other),
        draws.correlation(one, other, of),
        float(np.median(ratios)),
        draws.median(ratios, of),
        float(np.median(np.abs(ratios - 1.0))),
        reference_r,
    )


def _between(low: Float64, high: Float64, chosen: Bool) -> float:
    known = chosen & np.isfinite(low) & np.isfinite(high)
    return correlation(np.log(low[known]), np.log(high[known])) if known.sum() >= FEWEST else _NAN


def correlation(one: Float64, other: Float64) -> float:
    """Pearson's correlation of values (V,); NaN where one of the two does not vary."""
    if len(one) < 2 or np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return _NAN
    return float(np.corrcoef(one, other)[0, 1])


def blocks_of(times: Float64) -> Int64:
    """Number of the stretch of :data:`BLOCK_SECONDS` that each of some times (T,), seconds, lies in."""
    return np.floor(times / BLOCK_SECONDS).astype(np.int64)
