"""Praat's formants frame by frame, measured where somebody asks for them and nowhere else."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.phonetics import praat

FORMANTS = 5
"""Formants sought below the ceiling."""

WINDOW = 0.025
"""Effective length of a window, seconds; Praat's Gaussian window is twice as long."""

_PREEMPHASIS_FROM = 50.0
# Praat's own values of the robust method: deviations counted in full, largest number of refinements, tolerance.
_ROBUST = (1.5, 5, 1e-6)
# Samples of the sound on each side of a window: pre-emphasis looks back by one.
_MARGIN = 4
# Frames measured at once: some 10 MB.
_AT_ONCE = 2000


@dataclass(frozen=True)
class FrameGrid:
    """Where Praat lays the frames of a sound: as many windows as fit, in its middle.

    Attributes:
        length: of the sound, samples.
        rate: of the samples, Hz.
        step: from frame to frame, seconds.
    """

    length: int
    rate: float
    step: float

    # All in the order of Praat's own operations (Sampled_shortTermAnalysis, Sampled_indexToX, Sampled_xToNearestIndex):
    # where windows begin halfway between two samples, rounding decides which one it is.

    @property
    def duration(self) -> float:
        """Of the sound, seconds."""
        return (1.0 / self.rate) * self.length

    @property
    def count(self) -> int:
        """Frames."""
        return max(math.floor((self.duration - 2.0 * WINDOW) / self.step) + 1, 0)

    @property
    def first(self) -> float:
        """Center of the first frame, seconds."""
        return 0.5 * self.duration - 0.5 * (self.count * self.step) + 0.5 * self.step

    def starts(self, frames: Int64) -> Int64:
        """First sample of the windows of these frames."""
        period = 1.0 / self.rate
        times = (self.first + frames * self.step) - 0.5 * (2.0 * WINDOW)
        numbers: Int64 = np.floor((times - 0.5 * period) / period + 1.0 + 0.5).astype(np.int64)
        return numbers - 1


def cut_windows(samples: Float64, starts: Int64, rate: float) -> Float64:
    """Pieces with a window of the sound in their middle, shape (W, R), for :func:`window_formants`.

    Args:
        samples: shape (N,).
        starts: first samples of the windows, shape (W,).
        rate: of the samples, Hz.
    """
    room, before = _room(rate)
    padded = np.pad(samples, room)
    pieces: Float64 = padded[(starts - before + room)[:, None] + np.arange(room)]
    return pieces


def _room(rate: float) -> tuple[int, int]:
    """Samples of a piece, and how many of them come before its window."""
    window = 2.0 * WINDOW * rate
    room = math.ceil(window) + 2 * _MARGIN
    # The window in the middle must not begin halfway between two samples.
    room += abs(math.remainder(0.5 * (room - window), 1.0)) < 0.25
    return room, round(0.5 * (room - window) - 0.5)


def window_formants(pieces: Sequence[Float64] | Float64, rate: float, ceiling: float) -> Float64:
    """Formants of windows, shape (W, 5), Hz: NaN where there is none.

    Praat is given the pieces one after the other as one sound, and measures one frame in the middle of each.

    Args:
        pieces: as of :func:`cut_windows`, of a sound that was resampled to twice the ceiling.
        rate: of the samples, Hz.
        ceiling: highest frequency of five formants, Hz.

    Raises:
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    found = np.full((len(pieces), FORMANTS), np.nan)
    # Over digital silence the method takes fifteen times as long, to find nothing.
    heard = np.flatnonzero([piece.any() for piece in pieces])
    for start in range(0, len(heard), _AT_ONCE):
        rows = heard[start : start + _AT_ONCE]
        found[rows] = _one_frame_each(np.array([pieces[row] for row in rows]), rate, ceiling)
    return found


def _one_frame_each(pieces: Float64, rate: float, ceiling: float) -> Float64:
    import parselmouth
    from parselmouth.praat import call

    sound = parselmouth.Sound(pieces.ravel(), sampling_frequency=rate)
    step = pieces.shape[1] / rate
    with warnings.catch_warnings():
        # Frames whose refinement did not converge keep the values of plain linear prediction, which will do.
        warnings.simplefilter("ignore", parselmouth.PraatWarning)
        track = call(sound, "To Formant (robust)...", step, FORMANTS, ceiling, WINDOW, _PREEMPHASIS_FROM, *_ROBUST)
    praat.forget_errors()
    times = np.asarray(track.xs())
    centers = (np.arange(len(pieces)) + 0.5) * step
    assert len(times) == len(centers) and np.abs(times - centers).max() < 0.1 / rate, "Praat's frames lie elsewhere"
    numbers = range(1, FORMANTS + 1)
    return np.array([[track.get_value_at_time(number, time) for number in numbers] for time in times.tolist()])


class FormantFrames:
    """Formants of a sound on the grid of frames that Praat lays over the whole of it.

    The robust method takes half a millisecond of work per frame, and half of speech is pauses and voiceless sounds,
    whose formants nobody asks for. What a frame holds depends on the samples in its window alone, so that only the
    windows that are wanted are measured. Frames once measured are kept.

    Args:
        samples: shape (N,), resampled to twice the ceiling; longer than a window.
        rate: of the samples, Hz.
        step: from frame to frame, seconds.
        ceiling: highest frequency of five formants, Hz.
    """

    def __init__(self, samples: Float64, rate: float, step: float, ceiling: float) -> None:
        self.samples = samples
        self.rate = rate
        self._grid = FrameGrid(len(samples), rate, step)
        self._ceiling = ceiling
        self._values = np.full((self._grid.count, FORMANTS), np.nan)
        self._known: Bool = np.zeros(self._grid.count, np.bool_)

    def at(self, times: Float64, count: int) -> Float64:
        """Formants 1 to ``count`` at times, Hz, shape (T, count): NaN where there is none.

        Between frames they are interpolated linearly as by Praat (Sampled_getValueAtX): the nearest frame decides
        whether there is a formant, and stands alone where the other one has none.

        Args:
            times: shape (T,), seconds.
            count: at most five.
        """
        place = (times - self._grid.first) / self._grid.step
        left = np.floor(place).astype(np.int64)
        after = place - left
        near, far = np.where(after < 0.5, [left, left + 1], [left + 1, left])
        within = (times >= 0.0) & (times <= self._grid.duration) & self._exists(near)
        near, far, share = near[within], far[within], np.minimum(after, 1.0 - after)[within, None]
        reached = self._exists(far)
        self._measure(np.unique(np.concatenate([near, far[reached]])))
        values = self._values[near, :count]
        other = np.where(reached[:, None], self._values[np.where(reached, far, near), :count], np.nan)
        found = np.full((len(times), count), np.nan)
        found[within] = np.where(np.isnan(other), values, values + share * (other - values))
        return found

    def _exists(self, frames: Int64) -> Bool:
        return (frames >= 0) & (frames < len(self._known))

    def _measure(self, wanted: Int64) -> None:
        missing = wanted[~self._known[wanted]]
        for begin in range(0, len(missing), _AT_ONCE):
            frames = missing[begin : begin + _AT_ONCE]
            pieces = cut_windows(self.samples, self._grid.starts(frames), self.rate)
            self._values[frames] = window_formants(pieces, self.rate, self._ceiling)
            self._known[frames] = True
