"""How close a synthesized wave is to the recorded one: intelligibility, quality, spectrum and pitch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final, Literal

import numpy as np

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.phonetics.pitch import pitch_errors
from rtmri2speech.phonetics.remembered import remembered
from rtmri2speech.signal import defaults

MORE_IS_BETTER = frozenset({"stoi", "estoi", "pesq_nb", "pesq_wb", "vowel_identification"})
"""Measures of an evaluation for which larger is better."""

MEASURES = ("stoi", "estoi", "pesq_wb", "mrstft", "f0_rmse_hz", "f0_rmse_cents", "vuv_error")
"""All that :func:`compare_waves` may measure."""

_NAN = float("nan")

# The rate that STOI is defined at, and PESQ of either band.
_STOI_RATE = 10_000
_PESQ_RATES: Final = {"wb": 16_000, "nb": 8_000}
# STOI's window at its rate; pystoi fails on fewer samples than one.
_STOI_WINDOW = 256
# What pystoi returns when fewer than its 30 frames (0.4 s) are left without the silent ones.
_STOI_TOO_SHORT = 1e-5
# The reference code of PESQ has room for 50 stretches of speech and writes beyond it where there are more. A stretch
# and the pause after it take 0.2 s each at least, so that 16 s hold 41 with the padding.
_PESQ_SECONDS = 16
# Fourier transforms of 512, 1024 and 2 x 1024 samples at the 24 kHz of Yamamoto et al. 2020.
_STFT_SECONDS = tuple(size / 24_000 for size in (512, 1024, 2 * 1024))
# Smallest power of a bin, as in the released code of Parallel WaveGAN.
_STFT_FLOOR = 1e-7
# Frames transformed at once, such that a core has them in its cache.
_BLOCK = 512


def compare_waves(reference: Floating, synthesized: Floating, sample_rate: int) -> dict[str, float]:
    """Measures of how close a synthesized wave is to the recorded one.

    ===============  ===========  ============================================================================
    key              best, worst  what
    ===============  ===========  ============================================================================
    stoi             1, about 0   short-time objective intelligibility (Taal et al. 2011)
    estoi            1, about 0   the same, extended (Jensen & Taal 2016)
    pesq_wb          4.64, 1      wide-band PESQ (ITU-T P.862.2), where the package ``pesq`` is installed
    mrstft           0, unbound   multi-resolution STFT distance, the sum of :func:`stft_distance`
    f0_rmse_hz       0, unbound   :func:`~rtmri2speech.phonetics.pitch.pitch_errors`, as the next two, where Praat
    f0_rmse_cents    0, unbound   (parselmouth, extra ``phonetics``) is installed
    vuv_error        0, 1
    ===============  ===========  ============================================================================

    STOI is computed at 10 kHz and PESQ at 16 kHz, both resampled with soxr. Of speech at 11,413 Hz PESQ thus
    receives both waves band-limited to 5.7 kHz: such values compare with each other, less with those of speech
    recorded at 16 kHz. STOI's highest band ends at 4.3 kHz and misses nothing.

    A measure that is not defined for these waves is NaN: all but ``vuv_error`` where the reference is silent;
    ``pesq_wb`` where either is, or under a quarter of a second; STOI under 0.4 s of speech. All take a second for
    10 s of speech, PESQ half of it.

    Args:
        reference: the recorded wave, shape (N,), amplitude about -1 to 1.
        synthesized: the wave to compare with it, shape (N,). Lengths may differ by less than a frame
            (``defaults.HOP_LENGTH`` samples); the longer one is cut at its end.
        sample_rate: of both, Hz.

    Raises:
        ValueError: when lengths differ by more, a wave is not one-dimensional, or holds NaN or infinity.
    """
    true, found = _of_one_length(reference, synthesized)
    return {
        **_stoi(true, found, sample_rate),
        **_pesq(true, found, sample_rate, "wb"),
        "mrstft": math.fsum(stft_distance(true, found, sample_rate)),
        **pitch_errors(true, found, sample_rate),
    }


def mean_of(measures: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean of each measure over the utterances that have it as a number; NaN where none does.

    Args:
        measures: of each utterance, by name; a name may be missing from some.
    """
    names = dict.fromkeys(name for measured in measures for name in measured)
    means = {}
    for name in names:
        values = [measured[name] for measured in measures if not math.isnan(measured.get(name, _NAN))]
        means[name] = math.fsum(values) / len(values) if values else _NAN
    return means


def stft_distance(reference: Float64, synthesized: Float64, sample_rate: int) -> tuple[float, float]:
    """Multi-resolution STFT distance of Yamamoto et al. 2020 (Parallel WaveGAN, equations 4 to 6), in its two parts.

    Three Hann windows, each with a hop of a quarter of its length: the powers of two nearest to 21, 43 and 85 ms (256,
    512 and 1024 samples at 11,413 Hz), which are the published transforms at their 24 kHz. Magnitudes S and, of the
    synthesized wave, S'; the floor of a bin's power is 1e-7.

    Args:
        reference: shape (N,), amplitude about -1 to 1.
        synthesized: shape (N,).
        sample_rate: Hz.

    Returns:
        Means over the windows of the spectral convergence ||S - S'|| / ||S|| (Frobenius norm; the reference's
        side), and of the mean \\|ln S - ln S'\\| over frames and bins (the same when the waves are exchanged).
        NaN twice where the reference is silent.
    """
    if not reference.any():
        return _NAN, _NAN
    parts = []
    for seconds in _STFT_SECONDS:
        size = 2 ** round(math.log2(seconds * sample_rate))
        difference = total = logarithms = 0.0
        count = 0
        for true, found in zip(_powers(reference, size), _powers(synthesized, size), strict=True):
            difference += float(np.sum(np.square(np.sqrt(true) - np.sqrt(found))))
            total += float(np.sum(true))
            logarithms += 0.5 * float(np.sum(np.abs(np.log(true) - np.log(found))))
            count += true.size
        parts.append((math.sqrt(difference / total), logarithms / count))
    convergence, logarithm = np.mean(parts, axis=0)
    return float(convergence), float(logarithm)


def _powers(wave: Float64, size: int) -> Iterator[Float64]:
    """Power spectra of a wave in blocks of frames, each (T, size / 2 + 1), not below the floor."""
    window = 0.5 - 0.5 * np.cos(np.arange(size) * (2.0 * np.pi / size))
    padded = np.pad(wave, size // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 4]
    for start in range(0, len(frames), _BLOCK):
        spectrum = np.fft.rfft(frames[start : start + _BLOCK] * window)
        yield np.maximum(spectrum.real**2 + spectrum.imag**2, _STFT_FLOOR)


def _of_one_length(reference: Floating, synthesized: Floating) -> tuple[Float64, Float64]:
    """Both waves in double precision and of one length."""
    waves = [np.asarray(wave, np.float64) for wave in (reference, synthesized)]
    for name, wave in zip(("reference", "synthesized"), waves, strict=True):
        if wave.ndim != 1:
            raise ValueError(f"The {name} wave has shape {wave.shape}, not (N,).")
        if not np.isfinite(wave).all():
            raise ValueError(f"The {name} wave holds values that are not numbers (NaN or infinite).")
    shorter, longer = sorted(len(wave) for wave in waves)
    if longer - shorter >= defaults.HOP_LENGTH:
        raise ValueError(
            f"The reference has {len(waves[0])} samples and the synthesized wave {len(waves[1])}: "
            f"they differ by one frame ({defaults.HOP_LENGTH}) or more."
        )
    return waves[0][:shorter], waves[1][:shorter]


@remembered(6)  # at three rates, of a recording, and of the sound that it is compared with
def _resampled(wave: Float64, source: int, target: int) -> Float64:
    import soxr

    return np.asarray(soxr.resample(wave, source, target, quality="VHQ"), np.float64)


def _stoi(reference: Float64, synthesized: Float64, sample_rate: int) -> dict[str, float]:
    from pystoi import stoi

    values = {"stoi": _NAN, "estoi": _NAN}
    if not reference.any():
        return values
    true, found = (_resampled(wave, sample_rate, _STOI_RATE) for wave in (reference, synthesized))
    if len(true) <= _STOI_WINDOW:
        return values
    with _seeded_numpy(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Not enough STFT frames", category=RuntimeWarning)
        for name, extended in (("stoi", False), ("estoi", True)):
            value = float(stoi(true, found, _STOI_RATE, extended=extended))
            values[name] = _NAN if value == _STOI_TOO_SHORT else value
    return values


@contextmanager
def _seeded_numpy() -> Iterator[None]:
    """NumPy's global random numbers from a fixed seed, and afterwards as they were before.

    Extended STOI of pystoi adds noise from them, at the limit of precision: equal waves must give equal values, and
    measuring must not change what a training run draws.
    """
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)


def pesq_available() -> bool:
    """Whether the package ``pesq`` is installed; it is not imported."""
    return find_spec("pesq") is not None


def pesq_narrow_band(reference: Floating, synthesized: Floating, sample_rate: int) -> dict[str, float]:
    """Narrow-band PESQ (ITU-T P.862 with the mapping of P.862.1) as ``pesq_nb``: 4.55 at best, 1 at worst.

    It fits speech whose band ends below 5.7 kHz better than the wide-band one. Long waves are measured in equal pieces
    of 16 s at most, of which it is the mean.

    Args:
        reference: the recorded wave, shape (N,).
        synthesized: the wave to compare with it, shape (N,).
        sample_rate: of both, Hz.

    Returns:
        NaN where either is silent or too short; empty where the package ``pesq`` is not installed.
    """
    length = min(len(reference), len(synthesized))
    one, other = (np.asarray(wave[:length], np.float64) for wave in (reference, synthesized))
    return _pesq(one, other, sample_rate, "nb")


def _pesq(reference: Float64, synthesized: Float64, sample_rate: int, band: Literal["wb", "nb"]) -> dict[str, float]:
    """PESQ of a band for the whole waves, of long ones the mean over equal pieces; empty without the package."""
    if not pesq_available():
        return {}

    from pesq import BufferTooShortError, NoUtterancesError, pesq

    name, rate = f"pesq_{band}", _PESQ_RATES[band]
    pieces = max(1, math.ceil(len(reference) / (_PESQ_SECONDS * sample_rate)))
    true, found = (_resampled(wave, sample_rate, rate) for wave in (reference, synthesized))
    values = []
    for a, b in zip(np.array_split(true, pieces), np.array_split(found, pieces), strict=True):
        if not (a.any() and b.any()):  # the package divides by the larger peak and does not look for 0
            continue
        try:
            values.append({name: float(pesq(rate, a, b, band))})
        except (NoUtterancesError, BufferTooShortError):
            continue
    return mean_of(values) or {name: _NAN}
