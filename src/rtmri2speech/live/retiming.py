"""Source frames to the feature clock while they come."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.live.frames import Missing, Slot
from rtmri2speech.signal.retiming import SAME_RATE_TOLERANCE

# Share of an output frame's weight that must be there for its mean to be.
_KNOWN = 0.5


class StreamRetiming:
    """:func:`~rtmri2speech.signal.retiming.plan_retiming` for frames of a constant rate that come one after the other.

    A faster source is averaged over each output frame's duration, a slower one interpolated between the centers of its
    frames. An output frame is missing where more than half of it is.

    Args:
        source: frames per second that come.
        rate: frames per second of the feature clock.

    Attributes:
        identity: whether frames are used as they are.
        delay: seconds that an output frame waits, after its own end at worst, for the source frame that completes it.
    """

    def __init__(self, source: Fraction, rate: Fraction) -> None:
        self.identity = abs(source / rate - 1) < SAME_RATE_TOLERANCE
        self._ratio = source / rate
        self._pushed = self._made = 0
        self._recent: dict[int, Slot] = {}
        slower = Fraction(3, 2) / source - Fraction(1, 2) / rate
        self.delay = 0.0 if self.identity else float(1 / source if self._ratio > 1 else slower)

    def push(self, slot: Slot) -> list[Slot]:
        """The output frames that the next source frame completes, float32 where it is not used as it is."""
        if self.identity:
            return [slot]
        self._recent[self._pushed] = slot
        self._pushed += 1
        made = []
        while max(weights := self._weights(self._made)) < self._pushed:
            made.append(self._mean(weights))
        return made

    def finish(self) -> list[Slot]:
        """The output frames that are left: a slower source's last frame counts for what comes after its center."""
        made: list[Slot] = []
        # A millionth of a frame is rounding, not time.
        while self._pushed and self._made + 1 <= self._pushed / self._ratio + Fraction(1, 1_000_000):
            weights = self._weights(self._made)
            there = max(weights) < self._pushed
            made.append(self._mean(weights if there else {self._pushed - 1: 1.0}))
        return made

    def _weights(self, output: int) -> dict[int, float]:
        """Source frames of an output frame, and their shares."""
        if self._ratio > 1:
            start, stop = output * self._ratio, (output + 1) * self._ratio
            numbers = range(math.floor(start), math.ceil(stop))
            return {n: float((min(Fraction(n + 1), stop) - max(Fraction(n), start)) / self._ratio) for n in numbers}
        place = max((output + Fraction(1, 2)) * self._ratio - Fraction(1, 2), Fraction(0))
        number = math.floor(place)
        after = float(place - number)
        return {number: 1.0 - after, number + 1: after} if after else {number: 1.0}

    def _mean(self, weights: dict[int, float]) -> Slot:
        slots = {number: self._recent[number] for number in weights}
        self._made += 1
        oldest = min(self._weights(self._made))
        for number in [number for number in self._recent if number < oldest and number < self._pushed - 1]:
            del self._recent[number]
        arrived = max(slot.arrived for slot in slots.values())
        total, share, why = None, 0.0, Missing.LOST
        for number, slot in slots.items():
            if isinstance(slot.frame, Missing):
                why = Missing.LATE if slot.frame is Missing.LATE else why
                continue
            part: Float32 = slot.frame.astype(np.float32) * np.float32(weights[number])
            total = part if total is None else total + part
            share += weights[number]
        if total is None or share < _KNOWN:
            return Slot(why, arrived)
        return Slot(total / np.float32(share), arrived)
