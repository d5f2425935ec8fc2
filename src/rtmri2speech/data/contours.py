"""Contours traced on recordings of USC-TIMIT: its ``.mat`` files of air-tissue boundaries.

``contour1``
    forehead or nose, upper lip (point ``UL``), hard palate, oral side of the velum to its tip (``VEL``), nasal side.
``contour2``
    front of the neck, chin, lower lip (``LL``), floor of the mouth (``AVR``), tip, back and root of the tongue, the
    epiglottis in about half of the frames, front wall of larynx and trachea.
``contour3``
    nasopharynx, rear wall of the pharynx down to the larynx (``GLTB``), rear wall of larynx and trachea.

Coordinates have 1 for the center of the first pixel, as MATLAB counts. ``python benchmarks/segmentation.py --origin``
checks it: lines moved in steps of a quarter of a pixel lie on the steepest change of gray where they are, give or take
one step, on all six clips of six speakers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError

MARKED = ("contour2", "UL", "LL", "AVR", "VEL", "GLTB")
"""The lower boundary, and all points."""

ALL = ("contour1", "contour3", *MARKED)
"""All boundaries, and all points."""

PIXEL_MM = 2.9
"""Size of a pixel of the corpus, mm: some 200 mm over 68 pixels (Narayanan et al. 2014, J. Acoust. Soc. Am. 136,
1307)."""

Contours = Mapping[str, Float64]
"""Points (N, 2), x and y, by the corpus's own names, of one frame."""


def read_contours(
    path: Path, names: Sequence[str] = MARKED, *, allow_missing: bool = False
) -> list[dict[str, Float64]]:
    """The contours of every frame, in pixels of the source as the corpus counts them (:func:`on_frame`).

    Args:
        path: a ``.mat`` file.
        names: the contours and points that are needed.
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
        frames = [{name: np.asarray(row[name], np.float64).reshape(-1, 2) for name in names} for row in rows.ravel()]
        if allow_missing:
            frames = [{name: p[np.isfinite(p).all(axis=1)] for name, p in one.items()} for one in frames]
        if not frames:
            raise ValueError("no frames")
        if not allow_missing and not all(
            len(points) and np.isfinite(points).all() for one in frames for points in one.values()
        ):
            raise ValueError("points are missing")
    except (MatReadError, OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError) as error:
        raise ConfigError(
            f"{path}: not contours of USC-TIMIT ({error}).", f"Its table 'annotation' needs {', '.join(names)}."
        ) from None
    return frames


def on_frame(contours: Contours, width: int, height: int, size: int) -> dict[str, Float64]:
    """Contours traced on a source of ``width`` x ``height`` pixels, moved to a frame of ``size`` x ``size``.

    They are traced with 1 for the center of the first pixel; here that is 0.5.
    """
    scale = np.array([size / width, size / height])
    return {name: points * scale for name, points in to_corner(contours).items()}


def to_corner(contours: Contours) -> dict[str, Float64]:
    """Contours with the frame's corner as (0, 0), so that the center of the first pixel is (0.5, 0.5)."""
    return {name: points - 0.5 for name, points in contours.items()}
