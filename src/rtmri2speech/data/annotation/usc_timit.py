"""Air-tissue boundaries of USC-TIMIT: reading its ``.mat`` files.

Every frame has three traced lines and five marks, in pixels of the source with 1 for the center of the first pixel,
as MATLAB counts. (Checked on six clips of six speakers: moved by whole steps of a quarter of a pixel, the lines lie on
the steepest change of gray at (0, 0), give or take one step; ``benchmarks/segmentation.py --origin`` does it again.)

``contour1``
    forehead or nose, upper lip (mark ``UL``), hard palate, oral side of the velum to its tip (``VEL``), nasal side.
``contour2``
    front of the neck, chin, lower lip (``LL``), floor of the mouth (``AVR``), tip, back and root of the tongue, the
    epiglottis in about half of the frames, front wall of larynx and trachea.
``contour3``
    nasopharynx, rear wall of the pharynx down to the larynx (``GLTB``), rear wall of larynx and trachea.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError

LINES = ("contour1", "contour2", "contour3")
"""Traced lines."""

MARKS = ("UL", "LL", "AVR", "VEL", "GLTB")
"""Marked points, each on one of the lines."""

PIXEL_MM = 2.9
"""Size of a pixel of the corpus, mm (200 mm over 68 pixels; Narayanan et al. 2014, J. Acoust. Soc. Am. 136, 1307)."""

TracedFrame = Mapping[str, Float64]
"""Points (N, 2), x and y, by the corpus's own names, of one frame."""


def read_traced(
    path: Path, needed: Sequence[str] = (*LINES, *MARKS), *, allow_missing: bool = False
) -> list[dict[str, Float64]]:
    """The traced lines and marks of every frame, as the corpus counts pixels (:func:`to_corner`).

    Args:
        path: the ``.mat`` file.
        needed: what to read.
        allow_missing: give what a frame lacks as (0, 2), and leave out points that are not finite.

    Raises:
        ConfigError: when the file is missing or of another form.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if not path.is_file():
        raise ConfigError(f"{path}: no such file of contours.", "Check the spelling of the path.")
    try:
        rows: Any = loadmat(str(path))["annotation"]
        frames = [{name: np.asarray(row[name], np.float64).reshape(-1, 2) for name in needed} for row in rows.ravel()]
        if allow_missing:
            frames = [{name: p[np.isfinite(p).all(axis=1)] for name, p in one.items()} for one in frames]
        elif not all(len(points) and np.isfinite(points).all() for one in frames for points in one.values()):
            raise ValueError("points are missing")
        if not frames:
            raise ValueError("no frames")
    except (MatReadError, OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError) as error:
        raise ConfigError(
            f"{path}: not contours of USC-TIMIT ({error}).", f"Its table 'annotation' needs {', '.join(needed)}."
        ) from None
    return frames


def to_corner(frame: TracedFrame) -> dict[str, Float64]:
    """Lines and marks with the frame's corner as (0, 0), so that the center of the first pixel is (0.5, 0.5)."""
    return {name: points - 0.5 for name, points in frame.items()}


def on_frame(frame: TracedFrame, width: int, height: int, size: int) -> dict[str, Float64]:
    """Lines and marks of a source of ``width`` x ``height`` pixels, on a frame of ``size`` x ``size`` from its corner."""
    scale = np.array([size / width, size / height])
    return {name: points * scale for name, points in to_corner(frame).items()}
