"""Gray levels of a recording of which only the start is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.signal.frames import FrameConfig, GrayLimits

# A scan's first frames are brighter than its steady state; above this share of it they do not count.
_BRIGHTER = 1.10


class GrayLevels:
    """What becomes 0 and 1 where a model's frames are normalized by the recording (``robust``).

    Offline these are percentiles of the whole recording. Here they are those of the first frames, which they follow
    until there are enough, and then stay. Leading frames brighter than the later half of those are left out.

    Args:
        frames: how frames are prepared.
        given: levels that are known, in the source's own gray values.
        count: frames that they are taken from.

    Attributes:
        limits: for :func:`~rtmri2speech.signal.frames.normalize_frames`; None where each frame is normalized by itself.
        fixed: whether they stay.
    """

    def __init__(self, frames: FrameConfig, given: GrayLimits | None, count: int) -> None:
        self.limits = given if frames.mode == "robust" else None
        self.fixed = frames.mode == "memo" or given is not None
        self._frames, self._count = frames, max(count, 1)
        # Leading frames end at the first that is dark enough, which is darker than all before it. So one histogram is
        # kept from each such frame to the next: a sum over all frames would take longer than a frame lasts.
        self._darkest: list[tuple[float, NDArray[np.int64]]] = []  # mean of that frame, counts from it on
        self._means: list[float] = []

    def observe(self, frame: NDArray[Any]) -> GrayLimits | None:
        """The limits for a frame (h, w), uint8 or uint16, which may be among those that they are taken from."""
        if self.fixed:
            return self.limits
        values = np.bincount(frame.ravel(), minlength=np.iinfo(frame.dtype).max + 1)
        mean = float(frame.mean())
        self._means.append(mean)
        if not self._darkest or mean < self._darkest[-1][0]:
            self._darkest.append((mean, values))
        else:
            np.add(self._darkest[-1][1], values, out=self._darkest[-1][1])
        steady = float(np.median(self._means[len(self._means) // 2 :]))
        counted = [counts for mean, counts in self._darkest if mean <= _BRIGHTER * steady]
        self.limits = self._frames.limits(np.sum(counted, axis=0))
        if len(self._means) >= self._count:
            self.fixed = True
            self._darkest.clear()
        return self.limits
