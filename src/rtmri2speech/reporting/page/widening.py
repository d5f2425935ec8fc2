"""What moving a wall does to a formant, on a page: Hz per mm of the contours' points and of articulators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rtmri2speech.analysis.widening.figures import per_cm, scale_of
from rtmri2speech.analysis.widening.files import read_widening
from rtmri2speech.analysis.widening.result import ARTICULATORS, Widening, wall_weights
from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.reporting.page.data import AnswerData, Chunk, MovedFormantData, WideningData
from rtmri2speech.reporting.page.images import deflate
from rtmri2speech.vocal_tract.contours import CONTOURS

POINTS = 32
"""Points of a contour: every other one of those that were measured, to each of which its neighbors' share is given."""

UNKNOWN = -32768
"""Stands for a number that is not known."""

_LEVELS = 32767
# Levels per pixel of the page's frame.
_PER_PIXEL = 16.0
# Parts say more than the whole, which is among the walls of the tables as well.
_SHOWN = tuple(name for name in ARTICULATORS if name != "tongue")


def widening_data(path: Path, opened: Clip, add: Callable[[bytes], Chunk]) -> tuple[WideningData | None, list[str]]:
    """A clip's widening as the page takes it, or a note on why it is not shown.

    Args:
        path: ``<name>_widening.npz``.
        opened: the clip on the page's clock.
        add: keeps binary data; the number by which the page knows them.

    Raises:
        DatasetError: when the file is damaged.
    """
    found, scan = read_widening(path), opened.scan
    if len(found) != opened.n_frames or Path(found.video).name != scan.path.name:
        return None, [
            f"{path.name} is of {Path(found.video).name} with {len(found)} frames on the model's clock, not of "
            f"{scan.path.name} with {opened.n_frames}; left out. Run analyze widening on this video"
        ]
    size = opened.frames.size
    chosen = np.linspace(0, found.contours.shape[2] - 1, POINTS).round().astype(int)
    places = found.contours[:, :, chosen] * (size / np.array([scan.width, scan.height]))
    names = _articulators(found, chosen)
    shown: WideningData = {
        "contours": list(CONTOURS),
        "articulators": list(_SHOWN),
        "points": POINTS,
        "unknown": UNKNOWN,
        "per_pixel": _PER_PIXEL,
        "unit": "Hz/mm",
        "places": add(deflate(_levels(places, 1.0 / _PER_PIXEL))),
        "owners": add(deflate(names)),
        "formants": [_formant(found, number, chosen, add) for number in range(len(found.names))],
    }
    return shown, []


def _articulators(found: Widening, chosen: Int64) -> np.ndarray:
    """(T, 6, P) int8: which of the articulators that are shown each point belongs to."""
    weights = wall_weights(found.contours)[[ARTICULATORS.index(name) for name in _SHOWN]]
    return np.asarray(weights.argmax(axis=0)[..., chosen].astype(np.int8))


def _formant(found: Widening, number: int, chosen: Int64, add: Callable[[bytes], Chunk]) -> MovedFormantData:
    kept = [ARTICULATORS.index(name) for name in _SHOWN]
    walls = np.stack([found.walls()[name][:, number] for name in _SHOWN], axis=1)
    unsure = np.full((*walls.shape, 2), np.nan)
    answers = [_answer("model", per_cm(found, number)[..., chosen], walls, unsure, add)]
    if found.tube_walls is not None and found.tube_walls_range is not None:
        by_tube = per_cm(found, number, found.tube_points)[..., chosen]
        moved, bounds = found.tube_walls[:, number, kept], found.tube_walls_range[:, number, kept]
        answers.append(_answer("tube", by_tube, moved, bounds, add))
    return {
        "name": found.names[number],
        "hz": [float(hertz) if np.isfinite(hertz) else None for hertz in found.formants[:, number]],
        "answers": answers,
    }


def _answer(kind: str, points: Float64, walls: Float64, bounds: Float64, add: Callable[[bytes], Chunk]) -> AnswerData:
    """One answer's points (T, 6, P) per cm of wall, and walls (T, W) with bounds (T, W, 2)."""
    every = np.concatenate([walls[..., None], bounds], axis=-1)
    steps = [_step(points), _step(every)]
    return {
        "kind": kind,
        "scale": scale_of(points),
        "wall_scale": scale_of(walls),
        "step": steps[0],
        "wall_step": steps[1],
        "data": add(deflate(_levels(points, steps[0]))),
        "walls": add(deflate(_levels(every, steps[1]))),
    }


def _step(values: Float64) -> float:
    """Value of one level: what is far beyond full color is cut off."""
    return 8.0 * scale_of(values) / _LEVELS


def _levels(values: Float64, step: float) -> np.ndarray:
    levels = np.clip(np.rint(np.nan_to_num(values) / step), -_LEVELS, _LEVELS)
    return np.where(np.isfinite(values), levels, UNKNOWN).astype("<i2")
