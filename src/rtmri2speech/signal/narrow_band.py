"""Narrow-band PESQ, which fits speech whose band ends below 5.7 kHz better than the wide-band one."""

from __future__ import annotations

import math

import numpy as np
import soxr
from numpy.typing import NDArray

_RATE = 8000
# The reference code of PESQ has room for 50 stretches of speech and writes beyond it where there are more; see
# signal/quality.py.
_SECONDS = 16


def pesq_narrow_band(
    reference: NDArray[np.floating], synthesized: NDArray[np.floating], sample_rate: int
) -> dict[str, float]:
    """Narrow-band PESQ (ITU-T P.862 with the mapping of P.862.1) as ``pesq_nb``: 4.55 at best, 1 at worst.

    Both waves are brought to 8 kHz. Long ones are measured in equal pieces of 16 s at most, of which it is the mean.

    Args:
        reference: the recorded wave, shape (N,).
        synthesized: the wave to judge, shape (N,).
        sample_rate: of both, Hz.

    Returns:
        NaN where either is silent or too short; empty where the package ``pesq`` is not installed.
    """
    try:
        from pesq import BufferTooShortError, NoUtterancesError, pesq
    except ImportError:
        return {}
    length = min(len(reference), len(synthesized))
    pieces = max(1, math.ceil(length / (_SECONDS * sample_rate)))
    waves = (np.asarray(wave[:length], np.float64) for wave in (reference, synthesized))
    true, found = (np.asarray(soxr.resample(wave, sample_rate, _RATE, quality="VHQ")) for wave in waves)
    values = []
    for a, b in zip(np.array_split(true, pieces), np.array_split(found, pieces), strict=True):
        if not (a.any() and b.any()):  # the package divides by the larger peak and does not look for 0
            continue
        try:
            values.append(float(pesq(_RATE, a, b, "nb")))
        except (NoUtterancesError, BufferTooShortError):
            continue
    return {"pesq_nb": math.fsum(values) / len(values) if values else math.nan}
