"""Formants of a measured tract's tubes, and how sure they are: the intervals of areas carried through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.acoustics.formants import tube_formants
from rtmri2speech.vocal_tract.acoustics.losses import Losses
from rtmri2speech.vocal_tract.acoustics.tubes import CLOSED_CM2
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS

NEIGHBORS = 0.4
"""Correlation of the errors of log area in neighboring sections; over k sections it is this to the power of k. Of
simulated utterances (``benchmarks/tract_formants.py``), as the other constants are."""

OF_VOWELS = 0.75
"""What intervals of log areas are multiplied by: in vowels, where formants matter, areas are surer than in all frames,
of which their intervals hold 90 %."""

BEYOND_AREAS = (0.06, 0.0, 0.07, 0.135)
"""Half of the 90 % interval of log F1 to log F4 that does not come from areas: the length of the tract, what sections
of equal length leave out, and above all, for F4, the tube of the larynx, which is narrower than can be seen."""

# A section that may be closed may be this much narrower than it seems, in log area.
_MOST = 2.3


@dataclass(frozen=True)
class TractFormants:
    """Formants F1 to F4 of T tubes; NaN where there is no tube.

    Attributes:
        frequencies: (T, 4), Hz.
        ranges: (T, 4, 2), Hz, bounds of their 90 % intervals.
        bandwidths: (T, 4), Hz.
        sensitivity: (T, 4, 40), S: dF_n / F_n = sum_k S_n(k) dA_k / A_k.
    """

    frequencies: Float64
    ranges: Float64
    bandwidths: Float64
    sensitivity: Float64


def tract_formants(length: Float64, area: Float64, area_range: Float64, losses: Losses | None = None) -> TractFormants:
    """Formants of tubes of 40 sections of equal length.

    A tube that is closed somewhere sounds as :class:`~rtmri2speech.vocal_tract.acoustics.formants.TubeFormants` says;
    where it may be open, its intervals reach to what it would be then.
    Intervals take pixels to be of the size that they were taken for: formants go with one over it.

    Args:
        length: (T,), cm, from glottis to lips.
        area: (T, 40), cm2; 0 where closed.
        area_range: (T, 40, 2), cm2, bounds of its 90 % interval.
        losses: of the tract; Sondhi and Schroeter's (1987) by default.
    """
    count = len(length)
    result = TractFormants(
        np.full((count, FORMANTS), np.nan),
        np.full((count, FORMANTS, 2), np.nan),
        np.full((count, FORMANTS), np.nan),
        np.full((count, FORMANTS, SECTIONS), np.nan),
    )
    there = np.isfinite(length) & (area[:, 0] > CLOSED_CM2)
    lengths = np.repeat((length[there] / SECTIONS)[:, None], SECTIONS, axis=1)
    found = tube_formants(lengths, area[there], FORMANTS, losses=losses)
    result.frequencies[there], result.bandwidths[there] = found.frequencies, found.bandwidths
    result.sensitivity[there] = found.area_sensitivity
    result.ranges[there] = formant_ranges(found.frequencies, found.area_sensitivity, area[there], area_range[there])
    _open_ranges(result.ranges, length, area, area_range, losses)
    return result


def _open_ranges(ranges: Float64, length: Float64, area: Float64, area_range: Float64, losses: Losses | None) -> None:
    """Widen the intervals of tubes that look closed, but may be as open as their areas' intervals say."""
    closed = area <= CLOSED_CM2
    opened = np.where(closed, area_range[..., 1], area)
    rows = np.flatnonzero(np.isfinite(length) & closed.any(axis=1) & (opened > CLOSED_CM2).all(axis=1))
    lengths = np.repeat((length[rows] / SECTIONS)[:, None], SECTIONS, axis=1)
    found = tube_formants(lengths, opened[rows], FORMANTS, losses=losses)
    other = formant_ranges(found.frequencies, found.area_sensitivity, opened[rows], area_range[rows])
    ranges[rows, :, 0] = np.fmin(ranges[rows, :, 0], other[..., 0])
    ranges[rows, :, 1] = np.fmax(ranges[rows, :, 1], other[..., 1])


def formant_ranges(frequencies: Float64, sensitivity: Float64, area: Float64, area_range: Float64) -> Float64:
    """Bounds (T, n, 2) of the 90 % intervals of formants (T, n), Hz.

    A change of log area in section k changes log F_n by S_n(k) times it, and errors of neighboring sections go
    together: the square of the interval is s' R s with s_k = S_n(k) times the interval of log area, as it is in vowels,
    on the side that moves the formant up, or down, and R the errors' correlation. What does not come from areas is
    added.

    Args:
        frequencies: (T, n), Hz.
        sensitivity: (T, n, K).
        area: (T, K), cm2.
        area_range: (T, K, 2), cm2.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        widths = OF_VOWELS * np.abs(np.log(area_range / area[..., None]))
    # Of what is closed nothing is known but that; behind it nothing counts.
    widths = np.nan_to_num(np.minimum(widths, OF_VOWELS * _MOST), nan=0.0)[:, None]
    slopes = np.nan_to_num(sensitivity)
    narrower, wider = slopes * widths[..., 0], slopes * widths[..., 1]
    sections = np.arange(slopes.shape[-1])
    beyond = np.square(BEYOND_AREAS[: slopes.shape[1]])
    together = NEIGHBORS ** np.abs(sections[:, None] - sections)
    half = [
        np.sqrt(np.einsum("tnk,tnk->tn", side @ together, side) + beyond)
        for side in (np.where(slopes > 0, narrower, wider), np.where(slopes > 0, wider, narrower))
    ]
    return np.asarray(frequencies[..., None] * np.exp(np.stack([-half[0], half[1]], axis=-1)))
