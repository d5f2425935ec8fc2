"""The clock of a sound track: samples counted against the time stamps that its packets carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from rtmri2speech.arrays import Bool, Float32, Float64

# A twentieth to a seventh of a frame: coarser than the ticks of most containers, finer than what matters.
_TOLERANCE = 4e-3

# Odd stamps are passed over without a word up to this: FFmpeg guesses those of Ogg to some milliseconds.
_WORTH_A_WORD = 0.05

# Packets over which a stamp is compared with its neighbors.
_NEIGHBORS = 5

# Seconds of packets whose stamps are averaged where the drift is not even.
_KNOT = 0.5

# Taps of the interpolation on each side, and steps between two samples for which weights are kept.
_TAPS, _PHASES, _BLOCK = 24, 1 << 11, 1 << 16

LONGEST_GAP = 600.0
"""Seconds of silence that a jump of the stamps may put in; more than that is no recording of speech."""


@dataclass(frozen=True)
class ClockReport:
    """How the time stamps of a sound differ from its sample count, and what was done about it.

    Attributes:
        drift: seconds by which the stamps run ahead of the count (negative: fall behind), jumps not counted.
        length: seconds over which that happens.
        jumps: time and size in seconds of every jump: silence was put in, or what overlaps left out.
        odd: stamps that are far from their neighbors' and were not used.
        uncertain: seconds by which single stamps scatter about the line that was followed.
    """

    drift: float = 0.0
    length: float = 0.0
    jumps: tuple[tuple[float, float], ...] = ()
    odd: int = 0
    uncertain: float = 0.0


STEADY = ClockReport()
"""A sound whose stamps agree with its samples."""


@dataclass
class SoundClock:
    """Gathers the time stamps of the pieces of a sound in order, then lays the samples where the stamps say.

    Attributes:
        rate: samples per second.
        tick: resolution of the stamps, seconds.
        counted: the stamps are but a count of chunks (AVI): a difference of one or two is no time.
    """

    rate: int
    tick: float = 0.0
    counted: bool = False
    _last: tuple[float, int] | None = None
    _ahead: float = 0.0
    _counts: list[int] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _lost: list[bool] = field(default_factory=list)
    _total: int = 0

    def add(self, time: float | None, count: int, lost: bool = False) -> None:
        """A piece of ``count`` samples.

        Args:
            time: its stamp in seconds, if it has one.
            count: its samples.
            lost: whether a piece before it could not be decoded.
        """
        if time is not None and self.counted:
            time = self._corrected(time, count, lost)
        if time is not None:
            self._counts.append(self._total)
            self._times.append(time)
            self._lost.append(lost)
        self._total += count

    def _corrected(self, time: float, count: int, lost: bool) -> float:
        if self._last is not None:
            before, samples = self._last
            excess = time - before - samples / self.rate
            if not lost and excess < 2.5 * self.tick:
                self._ahead += excess
        self._last = time, count
        return time - self._ahead

    def follow(self, samples: Float32) -> tuple[Float32, float, ClockReport]:
        """Samples at an even rate, each where its stamp says; the time of the first; and what was found.

        Where stamps and samples agree to 4 ms, or to a tick, samples are returned as they are.

        Args:
            samples: shape (..., N).

        Raises:
            ValueError: when the stamps jump ahead by more than :data:`LONGEST_GAP`.
        """
        if not self._times:
            return samples, 0.0, STEADY
        counts = np.array(self._counts)
        drift = np.array(self._times) - counts / self.rate
        tolerance = max(_TOLERANCE, 1.05 * self.tick)
        if np.abs(drift - drift[0]).max() <= tolerance:
            return samples, float(drift[0]), STEADY
        calm, odd = _without_odd(drift, np.array(self._lost), tolerance)
        steps = np.diff(calm)
        usual = scatter = 0.0
        if len(drift) >= _NEIGHBORS:
            usual = float(np.median(steps))
            scatter = float(np.median(np.abs(steps - usual)))
        jumps = np.flatnonzero(np.abs(steps - usual) > max(tolerance, 8 * scatter)) + 1
        bounds = [0, *(int(place) for place in jumps), len(calm)]
        pieces: list[tuple[int, int, Float64, Float64]] = []
        found: list[tuple[float, float]] = []
        run = uncertain = 0.0
        for first, stop in pairwise(bounds):
            begin = int(counts[first]) if first else 0
            end = int(counts[stop]) if stop < len(calm) else self._total
            edges, offsets = _line(counts[first:stop] / self.rate, calm[first:stop], begin / self.rate, end / self.rate)
            if first:
                size = float(offsets[0] - pieces[-1][3][-1])
                found.append((float(begin / self.rate + pieces[-1][3][-1]), size))
                if size > LONGEST_GAP:
                    raise ValueError(f"its time stamps jump ahead by {size:.1f} s at {found[-1][0]:.2f} s")
            run += float(offsets[-1] - offsets[0])
            here = np.interp(counts[first:stop] / self.rate, edges, offsets)
            uncertain = max(uncertain, float(np.abs(calm[first:stop] - here).max()))
            pieces.append((begin, end, edges, offsets))
        start = float(pieces[0][3][0])
        laid = [(round((p[2][0] + p[3][0] - start) * self.rate), self._laid(samples, *p)) for p in pieces]
        if abs(start - drift[0]) <= max(1e-3, self.tick):
            # As good as the line through all stamps, and no frame is lost for a hundredth of one.
            start = float(drift[0])
        kept = uncertain if uncertain > tolerance else 0.0
        report = ClockReport(run, self._total / self.rate, tuple(found), odd, kept)
        return _joined(laid), start, report

    def _laid(self, samples: Float32, begin: int, end: int, edges: Float64, offsets: Float64) -> Float32:
        """A piece on its own clock, from its first sample on."""
        piece = samples[..., begin:end]
        if np.ptp(offsets) == 0.0:
            return piece
        times = edges + offsets - (edges[0] + offsets[0])
        length = round(float(times[-1]) * self.rate)
        places = np.interp(np.arange(length) / self.rate, times, (edges - edges[0]) * self.rate)
        return interpolated(piece, places)


def _without_odd(drift: Float64, lost: Bool, tolerance: float) -> tuple[Float64, int]:
    """Offsets of the stamps, single odd ones replaced by what their neighbors say, and how many those are."""
    if len(drift) < _NEIGHBORS:
        return drift, 0
    calm, half = drift.copy(), _NEIGHBORS // 2
    middle = drift.copy()
    around = np.lib.stride_tricks.sliding_window_view(drift, _NEIGHBORS)
    middle[half:-half] = np.median(around, axis=1)
    # At the ends a stamp is odd when it agrees neither with one next to it nor with the line through two others. What
    # comes after a damaged packet may be alone in being late.
    last = len(drift) - 1
    for place, one, other in ((1, 2, 3), (0, 1, 2), (last - 1, last - 2, last - 3), (last, last - 1, last - 2)):
        alike = [drift[near] for near in (place - 1, place + 1) if 0 <= near <= last]
        if np.abs(np.subtract(alike, drift[place])).min() <= tolerance or (one < place and lost[-half:].any()):
            continue
        middle[place] = 2 * middle[one] - middle[other]
    odd = np.abs(drift - middle) > tolerance
    calm[odd] = middle[odd]
    return calm, int((np.abs(drift - middle) > _WORTH_A_WORD).sum())


def _line(times: Float64, offsets: Float64, begin: float, end: float) -> tuple[Float64, Float64]:
    """Times by sample count and the offsets there: constant, a line, or a line with knots; for a piece's samples."""
    edges = np.array([begin, max(end, begin + 1e-9)])
    if len(times) < 2 or np.ptp(times) == 0.0:
        return edges, np.full(2, offsets.mean())
    slope, offset = np.polyfit(times - times[0], offsets, 1)
    if np.abs(slope * (times - times[0]) + offset - offsets).max() <= _TOLERANCE:
        if abs(slope) * (edges[1] - edges[0]) <= _TOLERANCE / 2:
            return edges, np.full(2, offsets.mean())
        return edges, offset + slope * (edges - times[0])
    knots = np.arange(0, times[-1] - times[0] + _KNOT, _KNOT) + times[0]
    which = np.searchsorted(knots, times, side="right")
    groups = [which == one for one in np.unique(which)]
    at, value = (np.array([part[group].mean() for group in groups]) for part in (times, offsets))
    if len(at) < 2:
        return edges, np.full(2, offsets.mean())
    ends = [
        value[k] + (edge - at[k]) * (value[k] - value[k + s]) / (at[k] - at[k + s])
        for edge, k, s in ((edges[0], 0, 1), (edges[1], -1, -1))
    ]
    inside = (at > edges[0]) & (at < edges[1])
    return np.array([edges[0], *at[inside], edges[1]]), np.array([ends[0], *value[inside], ends[1]])


def _joined(laid: list[tuple[int, Float32]]) -> Float32:
    """Pieces at their places: silence between them, and of two that overlap the later one."""
    first = laid[0][1]
    joined = np.zeros((*first.shape[:-1], max(place + piece.shape[-1] for place, piece in laid)), np.float32)
    for place, piece in laid:
        inside = piece[..., max(0, -place) :]
        joined[..., max(0, place) : max(0, place) + inside.shape[-1]] = inside
    return joined


def interpolated(samples: Float32, places: Float64) -> Float32:
    """Samples at places between samples, for clocks that differ by a few percent: a sinc with a Kaiser window.

    Args:
        samples: shape (..., N).
        places: shape (M,), in samples.

    Returns:
        Shape (..., M), float32.
    """
    offsets = np.arange(-_TAPS + 1, _TAPS + 1)
    phases = np.arange(_PHASES + 1)[:, None] / _PHASES
    distance = offsets - phases
    window = np.i0(9.0 * np.sqrt(np.maximum(0.0, 1.0 - np.square(distance / _TAPS)))) / np.i0(9.0)
    table = np.sinc(distance) * window
    table = (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
    padded = np.pad(samples, [(0, 0)] * (samples.ndim - 1) + [(_TAPS, _TAPS + 1)])
    result = np.empty((*samples.shape[:-1], len(places)), np.float32)
    for start in range(0, len(places), _BLOCK):
        part = np.clip(places[start : start + _BLOCK], 0, samples.shape[-1])
        base = np.floor(part).astype(int)
        weights = table[np.rint((part - base) * _PHASES).astype(int)]
        index = base[:, None] + offsets + _TAPS
        result[..., start : start + _BLOCK] = (padded[..., np.minimum(index, padded.shape[-1] - 1)] * weights).sum(-1)
    return result
