"""Contours of 75-Speaker Annot-16 (Shi et al., Interspeech 2025): ``subNNN/track/*_track.mat``, one entry per frame.

Each entry of ``trackdata`` has the number of its frame, counted from 1, and lines of points with an identity each.
Points are measured from the middle of the frame, y upwards. Which identity is which articulator is not written in the
corpus; the table here is the one that others found by laying the lines over its nine hand-traced articulators, and was
not checked again. Neither was the half of a pixel by which the origin may be off.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError

SIZE = 84
"""Width and height in pixels of the frames that were traced."""

PIXEL_MM = 2.4
"""Size of such a pixel, mm (Lim et al. 2021)."""

VARIABLE = "trackdata"
"""The variable that makes a ``.mat`` file one of these."""

ARTICULATORS: dict[str, tuple[int, int]] = {
    "epiglottis": (0, 1),
    "tongue": (0, 2),
    "lower_lip": (0, 4),
    "chin": (0, 5),
    "arytenoid": (1, 1),
    "pharyngeal_wall": (1, 2),
    "hard_palate": (2, 1),
    "velum": (2, 2),
    "upper_lip": (2, 5),
}
"""Line and identity of each articulator, both as the files count."""


def read_track(path: Path) -> list[dict[str, Float64]]:
    """The lines of every frame by articulator, (N, 2): x and y in pixels from the frame's upper left corner.

    A frame that was not traced has no line; an articulator that is missing in a frame is left out there.

    Raises:
        ConfigError: when the file is missing or of another form.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if not path.is_file():
        raise ConfigError(f"{path}: no such file of contours.", "Check the spelling of the path.")
    try:
        rows = np.atleast_1d(loadmat(str(path), simplify_cells=True)[VARIABLE])
        frames = {int(row["frameNo"]): _lines(row["contours"]["segment"]) for row in rows}
        if not frames or min(frames) < 1 or len(frames) < len(rows):
            raise ValueError("frames without numbers of their own")
    except (MatReadError, OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError) as error:
        raise ConfigError(
            f"{path}: not contours of Annot-16 ({error}).",
            f"Its variable '{VARIABLE}' needs frameNo and contours.segment with v and i.",
        ) from None
    return [frames.get(number, {}) for number in range(1, max(frames) + 1)]


def _lines(segments: Any) -> dict[str, Float64]:
    found: dict[str, Float64] = {}
    parts = np.atleast_1d(segments)
    for name, (line, identity) in ARTICULATORS.items():
        points = np.asarray(parts[line]["v"], np.float64).reshape(-1, 2)
        chosen = points[np.asarray(parts[line]["i"]).ravel() == identity]
        chosen = chosen[np.isfinite(chosen).all(axis=1)]
        if len(chosen) > 1:
            # The corpus's own drawing puts the middle of a pixel at whole numbers.
            found[name] = chosen * (1.0, -1.0) + SIZE / 2 + 0.5
    return found


def is_track(path: Path) -> bool:
    """Whether a ``.mat`` file has the variable of Annot-16; only its names are read."""
    from scipy.io import whosmat
    from scipy.io.matlab import MatReadError

    try:
        return any(name == VARIABLE for name, _, _ in whosmat(str(path)))
    except (MatReadError, OSError, ValueError, NotImplementedError):
        return False


def compared_parts(frame: dict[str, Float64]) -> dict[str, Float64]:
    """Lines of a frame as they are compared with contours that were found: palate and velum are one line.

    Args:
        frame: lines by articulator, of :func:`read_track`.
    """
    parts: dict[str, Float64] = {
        name: frame[name]
        for name in ("tongue", "pharyngeal_wall", "upper_lip", "lower_lip", "epiglottis")
        if name in frame
    }
    if "hard_palate" in frame and "velum" in frame:
        parts["palate_and_velum"] = _joined(frame["velum"], frame["hard_palate"])
    return parts


def _joined(one: Float64, other: Float64) -> Float64:
    """Two lines as one, turned so that their nearest ends meet."""
    turns = [(a, b) for a in (one, one[::-1]) for b in (other, other[::-1])]
    first, second = min(turns, key=lambda pair: float(np.hypot(*(pair[0][-1] - pair[1][0]))))
    return np.concatenate([first, second])
