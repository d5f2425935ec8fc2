"""Contours traced on recordings of USC-TIMIT: its ``.mat`` files of air-tissue boundaries.

``contour1`` encloses nose, upper lip, palate and velum, ``contour2`` chin, lower lip, tongue and epiglottis,
``contour3`` what is behind the pharyngeal wall; UL, LL, AVR (the floor of the mouth), VEL and GLTB are points on them.
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

Contours = Mapping[str, Float64]
"""Points (N, 2), x and y, by the corpus's own names, of one frame."""


def read_contours(path: Path, names: Sequence[str] = MARKED) -> list[dict[str, Float64]]:
    """The contours of every frame, in pixels of the source as the corpus counts them (:func:`on_frame`).

    Args:
        path: a ``.mat`` file.
        names: the contours and points that are needed.

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
        if not frames or not all(
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
    return {name: (points - 0.5) * scale for name, points in contours.items()}
