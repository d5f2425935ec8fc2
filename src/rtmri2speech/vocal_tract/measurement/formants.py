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

NEIGHBORS = 0.8
"""Correlation of the errors of log area in neighboring sections; over k sections it is this to the power of k. Of
simulated utterances (``benchmarks/tract_formants.py``), as the other constants are."""

LENGTH_ERROR = 0.04
"""Half of the 90 % interval of the tract's length, as a share of it, with pixels of a known size."""

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

    A tube that is closed somewhere sounds as :class:`~rtmri2speech.vocal_tract.acoustics.formants.TubeFormants` says.
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
    return result


def formant_ranges(frequencies: Float64, sensitivity: Float64, area: Float64, area_range: Float64) -> Float64:
    """Bounds (T, n, 2) of the 90 % intervals of formants (T, n), Hz.

    A change of log area in section k changes log F_n by S_n(k) times it, and errors of neighboring sections go
    together: the square of the interval is s' R s with s_k = S_n(k) times the interval of log area on the side that
    moves the formant up, or down, and R the errors' correlation.

    Args:
        frequencies: (T, n), Hz.
        sensitivity: (T, n, K).
        area: (T, K), cm2.
        area_range: (T, K, 2), cm2.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        widths = np.abs(np.log(area_range / area[..., None]))
    # Of what is closed nothing is known but that; behind it nothing counts.
    widths = np.nan_to_num(np.minimum(widths, _MOST), nan=0.0)[:, None]
    slopes = np.nan_to_num(sensitivity)
    narrower, wider = slopes * widths[..., 0], slopes * widths[..., 1]
    sections = np.arange(slopes.shape[-1])
    together = NEIGHBORS ** np.abs(sections[:, None] - sections)
    half = [
        np.sqrt(np.einsum("tnk,tnk->tn", side @ together, side) + LENGTH_ERROR**2)
        for side in (np.where(slopes > 0, narrower, wider), np.where(slopes > 0, wider, narrower))
    ]
    return np.asarray(frequencies[..., None] * np.exp(np.stack([-half[0], half[1]], axis=-1)))
