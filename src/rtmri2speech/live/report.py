"""What a live run did: frames, how many of them were missing, and how late the sound was."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from rtmri2speech.signal.frames import GrayLimits


class Ending(Enum):
    """Why a live run ended."""

    FINISHED = "the source ended"
    STALLED = "the source stalled"
    STOPPED = "stopped"


@dataclass
class LiveReport:
    """Counts of a live run.

    Attributes:
        rate: frames per second of the source.
        algorithmic: seconds that a frame waits for the frames that its sound depends on, whatever the computer.
        received: source frames that came.
        lost: source frames that never came, by the numbers of those around them.
        late: source frames that were given up because they had not come in time.
        left_out: source frames that came after they were given up, or twice.
        skipped: frames that were not encoded because the computer was behind.
        frames: frames of the model's clock that were made sound of.
        seconds: duration of the sound.
        latencies: seconds from the arrival of each chunk's first frame to its sound.
        ending: why it ended.
        limits: gray values that became 0 and 1, where the model normalizes by the recording.
        notes: remarks, a line each.
    """

    rate: float
    algorithmic: float
    received: int = 0
    lost: int = 0
    late: int = 0
    left_out: int = 0
    skipped: int = 0
    frames: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    ending: Ending = Ending.FINISHED
    limits: GrayLimits | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def bridged(self) -> int:
        """Frames whose sound was made without them: lost, late or skipped."""
        return self.lost + self.late + self.skipped

    def latency(self, share: float = 0.5) -> float:
        """Seconds from a frame to its sound, the median or another quantile; NaN where there was no sound."""
        return float(np.quantile(self.latencies, share)) if self.latencies else float("nan")

    def lines(self) -> list[str]:
        """The report to be read, a line each."""
        lines = [
            f"{self.ending.value}: {self.received} frames at {self.rate:.2f} per second, {self.seconds:.2f} s of sound",
            f"bridged: {self.lost} lost, {self.late} late, {self.skipped} skipped because the computer was behind; "
            f"{self.left_out} left out because they came too late",
            f"latency: {1e3 * self.algorithmic:.0f} ms by the look-ahead",
        ]
        if self.latencies:
            median, most, worst = (1e3 * self.latency(share) for share in (0.5, 0.95, 1.0))
            lines[-1] += f"; measured {median:.0f} ms (95 % below {most:.0f}, longest {worst:.0f})"
        if self.limits is not None:
            lines.append(f"gray levels: {self.limits[0]:g} {self.limits[1]:g}")
        return lines
