"""Display times of video frames: exact where the container is exact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import MediaError


def frame_times(
    path: Path, pts: list[int | None], time_base: Fraction | None, nominal: Fraction | None, fps: Fraction | None
) -> tuple[Float64, float, Fraction]:
    """Start of every frame and end of the last one in seconds, and the mean rate.

    Args:
        path: named in errors.
        pts: time stamps of the decoded frames in ticks.
        time_base: seconds per tick.
        nominal: the frame rate that the container states.
        fps: the true rate, where the container's is known to be wrong.

    Raises:
        MediaError: when neither time stamps nor a rate are known.
    """
    n = len(pts)
    known = [value for value in pts if value is not None]
    if fps is None and time_base is not None and len(known) == n > 1 and not _constant(known, time_base, nominal):
        first, last = known[0], known[-1]
        if all(one < other for one, other in pairwise(known)):
            rate = Fraction(n - 1) / ((last - first) * time_base)
            # Differences in whole ticks, so that only one rounding happens.
            starts = np.array([float((value - first) * time_base) for value in known]) + float(first * time_base)
            return starts, float(last * time_base + 1 / rate), rate
    constant = fps or nominal
    if not constant:
        raise MediaError(f"{path}: does not say when its frames were taken.", "Give the frame rate: `fps=625/23`")
    start = float(known[0] * time_base) if known and time_base is not None else 0.0
    return start + np.array([float(i / constant) for i in range(n)]), start + float(n / constant), constant


def _constant(pts: list[int], time_base: Fraction, nominal: Fraction | None) -> bool:
    """Whether the times are those of the nominal rate, rounded to the container's ticks (Matroska: 1 ms)."""
    return nominal is not None and all(
        abs((value - pts[0]) * time_base - index / nominal) <= time_base for index, value in enumerate(pts)
    )


def tagged_duration(metadata: Mapping[str, str]) -> float | None:
    """Seconds to the stream's end as Matroska's tag ``DURATION`` says, which has no number of frames; or None."""
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", metadata.get("DURATION", ""))
    return None if match is None else int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
