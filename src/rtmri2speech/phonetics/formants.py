"""Formants with Praat (extra ``phonetics``): F1 and F2 of vowels, and F1 to F4 at any time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Floating
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.formant_frames import WINDOW, FormantFrames, FrameGrid, cut_windows, window_formants
from rtmri2speech.phonetics.remembered import remembered

LOW_VOICE_CEILING, HIGH_VOICE_CEILING = 5000.0, 5500.0
"""Hz: Praat's standard ceilings for five formants of a man's and of a woman's tract."""

# Hz: below it there is no room for five formants, and Praat refuses the lowest with an exception of its own.
_LEAST_CEILING = 1000.0
# Hz: what a sound has to reach that nobody gave a ceiling for. Telephones reach 4000; below, the five that are sought
# are not the first five of any tract.
_LEAST_NYQUIST = 3500.0
# Median fundamental frequency, Hz, from which on a voice is treated as a woman's or a child's. Men's medians are about
# 120 Hz and women's about 200 Hz; the midpoint in semitones is 155 Hz.
_HIGH_VOICE = 155.0
# Frames in the middle third of a vowel, and the smallest step between two, seconds.
_FRAMES = 5
_LEAST_STEP = 0.005
# Samples on each side that Praat's interpolation looks at.
_RESAMPLING = 50
# Share of the peak: what resampling leaves of digital silence is below it, and the noise of any recording above.
_SILENCE = 1e-5


def ceiling_for(f0: Floating, nyquist: float) -> float:
    """Ceiling of the formant search by a speaker's median fundamental frequency, not above Nyquist.

    Args:
        f0: shape (T,), Hz; 0 where unvoiced. Without any voice it is that of a low one.
        nyquist: half the samples per second.

    Returns:
        Hz.
    """
    voiced = f0[f0 > 0]
    high = len(voiced) > 0 and float(np.median(voiced)) >= _HIGH_VOICE
    return min(HIGH_VOICE_CEILING if high else LOW_VOICE_CEILING, nyquist)


def require_ceiling(ceiling: float | None, nyquist: float, name: str = "ceiling") -> None:
    """Refuse a ceiling of the formant search that a sound cannot have.

    Args:
        ceiling: Hz; None for :func:`ceiling_for`.
        nyquist: half the sound's samples per second.
        name: of the parameter.

    Raises:
        ConfigError: when it is too low for five formants or above Nyquist, or the sound has too low a rate.
    """
    if nyquist < (_LEAST_NYQUIST if ceiling is None else _LEAST_CEILING):
        raise ConfigError(
            f"The sound has {2 * nyquist:g} samples per second, so nothing above {nyquist:g} Hz: too few for formants.",
            f"Give sounds of {2 * HIGH_VOICE_CEILING:g} samples per second or more.",
        )
    if ceiling is not None and not _LEAST_CEILING <= ceiling <= nyquist:
        raise ConfigError(
            f"`{name}={ceiling:g}`: not between {_LEAST_CEILING:g} Hz and the Nyquist frequency {nyquist:g} Hz.",
            f"Leave `{name}` out, or give Hz: {LOW_VOICE_CEILING:g} is usual for men and {HIGH_VOICE_CEILING:g} for "
            f"women; at most {nyquist:g} here.",
        )


def vowel_formants(wave: Floating, sample_rate: int, spans: Sequence[tuple[float, float]], ceiling: float) -> Float64:
    """First and second formant of each vowel: medians over its middle third.

    Praat's robust method (Lee 1988, "On robust linear prediction of speech", IEEE Trans. ASSP 36, 642-650: linear
    prediction of order 10 in which large residuals count less), five formants below the ceiling, Gaussian windows of
    25 ms effective length, five of them in the middle third (fewer where they would be less than 5 ms apart). The
    sound is resampled to twice the ceiling first. Ceilings: Praat's manual, "Sound: To Formant (burg)...".

    Args:
        wave: shape (N,), any amplitude.
        sample_rate: Hz.
        spans: start and end of each of V vowels, seconds.
        ceiling: highest frequency of five formants, Hz: 5000 for men, 5500 for women.

    Returns:
        Shape (V, 2), Hz; NaN where none was found, as in silence.

    Raises:
        ValueError: when the ceiling lies above Nyquist, which Praat would accept without a word.
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    found = np.full((len(spans), 2), np.nan)
    samples, rate = _below_ceiling(wave, sample_rate, ceiling)
    quiet = _SILENCE * np.max(np.abs(samples), initial=0.0)
    pieces: list[Float64] = []
    rows: list[int] = []
    for row, (start, end) in enumerate(spans):
        third = (end - start) / 3.0
        step = max(third / (_FRAMES - 1), _LEAST_STEP)
        # The windows of a frame reach one length to each side; half a step more, against rounding.
        margin = WINDOW + 0.5 * step
        part = _cut(samples, round((start + third - margin) * rate), round((end - third + margin) * rate))
        if np.max(np.abs(part), initial=0.0) <= quiet:
            continue
        grid = FrameGrid(len(part), rate, step)
        pieces.extend(cut_windows(part, grid.starts(np.arange(grid.count)), rate))
        rows += [row] * grid.count
    values, row_of = window_formants(pieces, rate, ceiling)[:, :2], np.array(rows, np.int64)
    for row in dict.fromkeys(rows):
        for formant in (0, 1):
            numbers = values[(row_of == row) & np.isfinite(values[:, formant]), formant]
            if len(numbers):
                found[row, formant] = np.median(numbers)
    return found


def formants_at(
    wave: Floating, sample_rate: int, times: Float64, ceiling: float, count: int = 4, step: float = _LEAST_STEP
) -> Float64:
    """Formants at given times, by the method and with the windows of :func:`vowel_formants`.

    Between Praat's frames it interpolates linearly.

    Args:
        wave: shape (N,), any amplitude.
        sample_rate: Hz.
        times: shape (T,), seconds.
        ceiling: highest frequency of five formants, Hz.
        count: formants wanted, at most five.
        step: from one of Praat's frames to the next, seconds; the work grows with the number of those next to a time.

    Returns:
        Shape (T, count), Hz; NaN where there is none, as in silence and at both ends.

    Raises:
        ValueError: when the ceiling lies above Nyquist.
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    found = np.full((len(times), count), np.nan)
    # Praat refuses silence and scraps, too, but with an exception that cannot be told from others.
    if len(wave) <= 2.0 * WINDOW * sample_rate or not np.any(wave):
        return found
    frames = _frames_of(wave, sample_rate, ceiling, step)
    heard = _sounding(frames.samples, frames.rate, times)
    found[heard] = frames.at(times[heard], count)
    return found


def _sounding(samples: Float64, rate: float, times: Float64) -> Bool:
    """Whether there is any sound within a window's length of each time, (T,)."""
    quiet = _SILENCE * np.max(np.abs(samples), initial=0.0)
    parts = (_cut(samples, round((t - WINDOW) * rate), round((t + WINDOW) * rate)) for t in times.tolist())
    return np.array([np.max(np.abs(part), initial=0.0) > quiet for part in parts], np.bool_)


@remembered(2)  # of a recording, and of the sound that it is compared with
def _frames_of(wave: Float64, sample_rate: int, ceiling: float, step: float) -> FormantFrames:
    samples, rate = _below_ceiling(wave, sample_rate, ceiling)
    return FormantFrames(samples, rate, step, ceiling)


@remembered(2)
def _below_ceiling(wave: Float64, sample_rate: int, ceiling: float) -> tuple[Float64, float]:
    """The sound resampled to twice the ceiling, and that rate."""
    import parselmouth

    if ceiling > sample_rate / 2:
        raise ValueError(f"The ceiling, {ceiling:g} Hz, lies above the Nyquist frequency {sample_rate / 2:g} Hz.")
    whole = parselmouth.Sound(wave, sampling_frequency=sample_rate)
    sound = whole.resample(2.0 * ceiling, _RESAMPLING)
    return sound.values[0], float(sound.sampling_frequency)


def _cut(samples: Float64, start: int, stop: int) -> Float64:
    """Samples ``start`` to ``stop``, silence where there are none."""
    part = np.zeros(max(stop - start, 0))
    first, last = max(start, 0), min(stop, len(samples))
    if first < last:
        part[first - start : last - start] = samples[first:last]
    return part
