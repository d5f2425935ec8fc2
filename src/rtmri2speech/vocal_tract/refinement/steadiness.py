"""Steady probabilities of what moves little: hard palate, epiglottis and larynx as the mean over similar frames.

Noise lets the borders of these classes come and go from frame to frame. Their probability in a frame becomes a weighted
mean over the frames before and after it, as many to either side, so that nothing lags. A frame counts the less the
farther it lies in time, and the less it resembles the one in the middle (a bilateral filter, Tomasi and Manduchi 1998,
whose range is that of whole maps): where head or larynx has moved, frames from before do not blur it. The other classes
share what is left as they did, so that where none of the three is likely, and with it the movement of tongue, lips and
velum, nothing changes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.segmenter import Box


@dataclass(frozen=True)
class Steadiness:
    """How long a class is averaged.

    Attributes:
        seconds: standard deviation of the weights in time.
        frames: of frames to either side, the fewest and the most.
    """

    seconds: float
    frames: tuple[int, int]

    def reach(self, rate: Fraction) -> int:
        """Frames to either side that have a weight."""
        least, most = self.frames
        return min(max(round(_DEVIATIONS * self.seconds * float(rate)), least), most)


STEADIED = {
    "hard_palate": Steadiness(0.25, (8, 12)),
    "epiglottis": Steadiness(0.05, (1, 4)),
    "larynx": Steadiness(0.05, (1, 4)),
}
"""What is averaged. The palate moves with the head alone; the frames that wait for its mean are 20 MB."""

# Weights reach that many standard deviations to either side.
_DEVIATIONS = 2.0
# Maps with probabilities p and q differ by sum |p - q| / sum (p + q); at this difference a frame counts by exp(-1/2).
_UNLIKE = 0.2
# Below this a class is not there.
_LEAST = 0.02
_NOTHING = 1e-6
_NUMBER = {name: number for number, name in enumerate(CLASSES)}
_Place: TypeAlias = tuple[int, int, int, int]


def steadied(maps: Iterable[Tensor], rate: Fraction) -> Iterator[Tensor]:
    """Probabilities (C, S, S) of every frame, in which those of :data:`STEADIED` are averaged over time.

    Args:
        maps: probabilities of :data:`~rtmri2speech.data.labels.CLASSES`, on the CPU, which are changed in place.
        rate: frames per second.
    """
    ahead = max(one.reach(rate) for one in STEADIED.values())
    pasts = [_Past(_NUMBER[name], one.reach(rate), ahead) for name, one in STEADIED.items()]
    waiting: deque[Tensor] = deque()
    for one in maps:
        waiting.append(one)
        for past in pasts:
            past.add(one.numpy()[past.number])
        if len(waiting) > ahead:
            yield _steady(waiting.popleft(), pasts)
    while waiting:
        yield _steady(waiting.popleft(), pasts)


class _Past:
    """Maps of one class about the frame that is next, in a ring, and where in them the class is.

    Args:
        number: of the class.
        reach: frames to either side that count.
        ahead: frames that may be added before the mean about the first of them is asked for.
    """

    def __init__(self, number: int, reach: int, ahead: int) -> None:
        self.number, self.reach = number, reach
        self._length = reach + ahead + 1
        self._maps: Float32 = np.zeros((0, 0, 0), np.float32)
        self._places: list[_Place | None] = [None] * self._length
        self._added = self._next = 0

    def add(self, one: Float32) -> None:
        """Take the map (S, S) of one more frame."""
        if not len(self._maps):
            self._maps = np.zeros((self._length, *one.shape), np.float32)
        at = self._added % self._length
        self._maps[at], self._places[at] = one, _place(one)
        self._added += 1

    def mean(self) -> tuple[Box, Float32] | None:
        """Rows and columns in which the class is, and its mean about the next frame there; moves on by a frame."""
        frames = np.arange(max(self._next - self.reach, 0), min(self._next + self.reach + 1, self._added))
        at, middle = frames % self._length, self._next - int(frames[0])
        self._next += 1
        known = [place for number in at.tolist() if (place := self._places[number]) is not None]
        if not known:
            return None
        top, bottom, left, right = zip(*known, strict=True)
        box = slice(min(top), max(bottom)), slice(min(left), max(right))
        return box, _mean(self._maps[:, *box][at], middle, self.reach)


def _mean(maps: Float32, at: int, reach: int) -> Float32:
    """Weighted mean of maps (N, h, w) about one of them."""
    coarse = np.ascontiguousarray(maps[:, ::2, ::2]).reshape(len(maps), -1)
    sums = coarse.sum(axis=1)
    unlike = np.abs(coarse - coarse[at]).sum(axis=1) / np.maximum(sums + sums[at], 1e-6)
    steps = (np.arange(len(maps)) - at) * (_DEVIATIONS / reach)
    weights = np.exp(-0.5 * (steps**2 + (unlike / _UNLIKE) ** 2)).astype(np.float32)
    return np.asarray(np.tensordot(weights / weights.sum(), maps, axes=1))


def _steady(frame: Tensor, pasts: Sequence[_Past]) -> Tensor:
    maps = frame.numpy()
    means = [(past.number, found) for past in pasts if (found := past.mean()) is not None]
    if not means:
        return frame
    boxes = [box for _, (box, _) in means]
    rows, columns = (
        slice(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes)) for axis in (0, 1)
    )
    part = maps[:, rows, columns]
    steady = [past.number for past in pasts]
    others = [one for number, one in enumerate(part) if number not in steady]
    before = sum(others)
    for number, (box, mean) in means:
        maps[(number, *box)] = mean
    now = sum(part[number] for number in steady)
    share = np.maximum(1.0 - now, 0.0) / np.maximum(before, _NOTHING)
    for one in others:
        one *= share
    # Means over different frames may add up to more than is there.
    most = np.maximum(now, 1.0)
    for number in steady:
        part[number] /= most
    return frame


def _place(one: Float32) -> _Place | None:
    """First and last row, first and last column in which a class is, the last ones exclusive; None: nowhere."""
    there = one[::2, ::2] > _LEAST
    rows, columns = (np.flatnonzero(there.any(axis=axis)).tolist() for axis in (1, 0))
    if not rows:
        return None
    return max(2 * rows[0] - 2, 0), 2 * rows[-1] + 3, max(2 * columns[0] - 2, 0), 2 * columns[-1] + 3
