"""Which place in time a frame belongs to that has come, and which frames are missing."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from rtmri2speech.errors import MediaError

# Seconds after it is due at which a frame is given up: one and a half frames of the model's clock.
_PATIENCE: Final = 0.055
# Share of a frame by which the expected time follows the frames that come: a source's clock is not the computer's.
_FOLLOW: Final = 0.005
# Frames at the start that may move the expected time at once: the first one is often late.
_SETTLING: Final = 16
# Seconds after which a frame that was given up is no longer waited for.
_FORGIVEN: Final = 2.0


class Arrivals:
    """Frames of a constant rate, in the order in which they come.

    A frame with a number goes to its place; what lies between it and the last one is lost, and one whose place is taken
    comes too late. Frames without numbers take the next place. After some were given up, as many that come ahead of
    their time are taken for these, and left out: so the sound stays as late as it was.

    Args:
        rate: frames per second.
        longest_gap: seconds of lost frames that are bridged.

    Attributes:
        next: number of the next place.
        lost: frames whose numbers were passed over.
        late: frames that were given up.
        left_out: frames that came after they were given up, or twice.
        seconds: from the first frame that came to the latest one.
    """

    def __init__(self, rate: Fraction, longest_gap: float) -> None:
        self.next = 0
        self.lost = self.late = self.left_out = 0
        self.seconds = self._first = 0.0
        self._step = float(1 / rate)
        self._longest = max(int(longest_gap * rate), 1)
        self._start: float | None = None
        self._base = 0
        self._owed = 0
        self._passed = 0  # frames in a row whose place was taken
        self._given_up_at = 0.0

    @property
    def deadline(self) -> float | None:
        """When the next frame is given up, seconds of the monotonic clock; None before the first one."""
        return None if self._start is None else self._due(self.next) + _PATIENCE

    def frame(self, number: int | None, now: float) -> int | None:
        """A frame has come.

        Args:
            number: its own, or None.
            now: seconds of the monotonic clock.

        Returns:
            How many frames are missing before it; None when it is to be left out.

        Raises:
            MediaError: when the numbers jump farther than is bridged, or begin anew.
        """
        if self._start is None:
            self._start, self._base, self._first = now, number or 0, now
        self.seconds = now - self._first
        missing = self._missing(number, now)
        if missing is None:
            self.left_out += 1
            return None
        self.lost += missing
        self.next += missing + 1
        self._follow(self._due(self.next - 1) - now)
        return missing

    def give_up(self, now: float) -> None:
        """The next frame is overdue, and its place is filled."""
        self.next += 1
        self.late += 1
        self._owed += 1
        self._given_up_at = now

    def _due(self, number: int) -> float:
        assert self._start is not None
        return self._start + number * self._step

    def _missing(self, number: int | None, now: float) -> int | None:
        if now - self._given_up_at > _FORGIVEN:
            self._owed = 0
        if number is None:
            if self._owed and self._due(self.next) - now > self._step / 2:
                self._owed -= 1
                return None
            return 0
        missing = number - self._base - self.next
        if missing > self._longest:
            raise MediaError(
                f"The frame numbers jump from {self._base + self.next - 1} to {number}.",
                "Start again with the new numbers, or send frames without numbers.",
            )
        self._passed = self._passed + 1 if missing < 0 else 0
        # After a pause there are as many as were given up meanwhile, and one may be sent again at any time.
        if self._passed > self._longest:
            raise MediaError(
                f"The frame numbers have begun anew: {self._passed} in a row are below {self._base + self.next}.",
                "Start again with the new numbers, or send frames without numbers.",
            )
        if missing < 0:
            # Given up too early: the next ones are waited for as long as this one took.
            self._follow(self._due(number - self._base) - now, at_once=self._owed > 0)
            self._owed = max(self._owed - 1, 0)
            return None
        return missing

    def _follow(self, early: float, at_once: bool = False) -> None:
        assert self._start is not None
        most = _FOLLOW * self._step
        if (early > 0 and self.next <= _SETTLING) or at_once:
            self._start -= early
        else:
            self._start -= min(max(early, -most), most)
