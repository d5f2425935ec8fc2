"""Features of frames that are missing: interpolated where the next one has come, else held, and faded out."""

from __future__ import annotations

from torch import Tensor

from rtmri2speech.live.frames import Missing

LONGEST = 8
"""Missing frames that are filled at full level: 0.3 s. Longer than that no articulator holds still."""

_FADE_DB = 6.0

Filled = tuple[Tensor, float]
"""Features (C,), and by how many dB their sound is turned down."""


class Bridge:
    """Fills the gaps in a row of features.

    Up to :data:`LONGEST` lost frames are interpolated linearly between their neighbors. Late ones, and longer gaps,
    hold the last features; from then on each is 6 dB softer than the one before it, down to silence.
    """

    def __init__(self) -> None:
        self._last: Tensor | None = None
        self._held = 0
        self._waiting = 0

    def known(self, features: Tensor) -> list[Filled]:
        """Those of a frame that is there, after those of the lost ones before it."""
        before = features if self._last is None else self._last
        parts = [(number + 1) / (self._waiting + 1) for number in range(self._waiting)]
        filled: list[Filled] = [(before + (features - before) * part, 0.0) for part in parts]
        self._last, self._held, self._waiting = features, 0, 0
        return [*filled, (features, 0.0)]

    def missing(self, why: Missing) -> list[Filled]:
        """Those of a frame that is not there; none yet, where the next one decides."""
        if why is Missing.LOST and not self._held and self._waiting < LONGEST:
            self._waiting += 1
            return []
        return [*self.finish(), *self._hold(1)]

    def finish(self) -> list[Filled]:
        """Those of frames that wait for one that does not come."""
        waiting, self._waiting = self._waiting, 0
        return self._hold(waiting)

    def _hold(self, count: int) -> list[Filled]:
        if self._last is None:  # nothing has been there yet: the next one fills what comes before it
            self._waiting += count
            return []
        held = []
        for _ in range(count):
            self._held += 1
            held.append((self._last, max(self._held - LONGEST, 0) * _FADE_DB))
        return held
