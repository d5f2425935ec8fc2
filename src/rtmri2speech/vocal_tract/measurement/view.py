"""What of a vocal tract the frames of a recording show: whether it is there, and whether its ends are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.geometry import TractGeometry
from rtmri2speech.vocal_tract.measurement.sources import FrameSource
from rtmri2speech.vocal_tract.outlines import arc_length
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.segmenter import Box

# An end of the tract that lies so near to the edge of the frame, in shares of the tract's length, lies beyond it. In
# recordings that were cropped through larynx or lips it is at .04 at the most, in whole ones at .2 and more. Where no
# larynx is recognized, the lowest air is taken for the end, and that ends further from the edge.
_BEYOND, _WITHOUT_LARYNX = 0.045, 0.2
# And this near it may lie beyond it.
_NEAR = 0.07
# Pixels of the segmenter's square that a larynx has at least.
_LARYNX_PIXELS = 3
_LARYNX = list(CLASSES).index("larynx")
# Measures that need an end of the tract, and all that is cut along it.
_OF_LARYNX, _OF_LIPS = ("larynx_cm",), ("lip_aperture_mm", "lip_protrusion_mm", "jaw_mm")
_OF_LENGTH = ("tongue_tip_at", "tongue_body_at")
_ALONG = ("midline", "distance", "distance_range", "area", "area_range", "length")


@dataclass(frozen=True)
class View:
    """What lies within the frames.

    Attributes:
        larynx, lips: whether they do, as far as one can tell.
        near_edge: which of the two may be cut off all the same.
    """

    larynx: bool = True
    lips: bool = True
    near_edge: tuple[str, ...] = ()

    @property
    def hidden(self) -> tuple[str, ...]:
        """Which of the two are out of view."""
        return tuple(name for name, there in (("larynx", self.larynx), ("lips", self.lips)) if not there)


def shows_larynx(average: Floating) -> bool:
    """Whether the mean of some frames' probabilities (C, S, S) shows a larynx."""
    return int((average[_LARYNX] >= 0.5).sum()) >= _LARYNX_PIXELS


def view_of(midline: Float64, points: Floating, inside: Box, larynx: bool) -> View:
    """What lies within the frames.

    Args:
        midline: (T, 41, 2), pixels of the video; NaN where unknown.
        points: (T, K, P, 2), contours, likewise.
        inside: rows and columns of the video in which the tract is looked for.
        larynx: whether one was recognized.
    """
    there = contours_there(points)
    known = midline[np.isfinite(midline).all(axis=(1, 2))]
    lips = there["upper_lip"] and there["lower_lip"]
    if not len(known):
        return View(larynx, lips and not _lips_at_edge(points, inside))
    line = np.median(known, axis=0)
    length = float(arc_length(line)[-1])
    rear, front = (_to_edge(line[[end]], inside) / length for end in (0, -1))
    beyond = _BEYOND if larynx else _WITHOUT_LARYNX
    near = tuple(name for name, share in (("larynx", rear), ("lips", front)) if share < _NEAR)
    return View(rear >= beyond, lips and front >= _BEYOND and not _lips_at_edge(points, inside), near)


def _lips_at_edge(points: Floating, inside: Box) -> bool:
    """Whether the edge of the frame cuts the lips: contours of lips that are not there lie along it."""
    tips = points[:, [CONTOURS.index(name) for name in ("upper_lip", "lower_lip")], -1].reshape(-1, 2)
    roof = points[:, CONTOURS.index("palate_and_velum")]
    roof = roof[np.isfinite(roof).all(axis=(1, 2))]
    if not np.isfinite(tips).all(axis=1).any() or not len(roof):
        return False
    # The roof of the mouth is some two thirds of the tract.
    length = 1.5 * float(np.median([arc_length(one.astype(np.float64))[-1] for one in roof]))
    return _to_edge(tips, inside) < _BEYOND * length


def _to_edge(places: Floating, inside: Box) -> float:
    """Median distance of places (N, 2) to the nearest edge, pixels."""
    rows, columns = inside
    x, y = places[np.isfinite(places).all(axis=1)].T
    return float(np.median(np.min([x - columns.start, columns.stop - x, y - rows.start, rows.stop - y], axis=0)))


def contours_there(points: Floating) -> dict[str, bool]:
    """Of every contour whether more than half of the frames have it."""
    found = np.isfinite(points).all(axis=(2, 3)).mean(axis=0) > 0.5 if len(points) else np.zeros(len(CONTOURS))
    return dict(zip(CONTOURS, map(bool, found), strict=True))


def is_lost(source: FrameSource) -> bool:
    """Whether a recording, once all of it was looked at, shows no vocal tract, so that nothing is to be measured.

    One of which a part is out of view has a low confidence, too, but shows what lies between larynx and lips.
    """
    if source.turn:
        return True
    doubtful = bool(len(source.confidence)) and bool(np.mean(source.confidence < CONFIDENT) > 0.5)
    return doubtful and float(np.median(source.core)) < CONFIDENT


def blanked(geometry: TractGeometry) -> TractGeometry:
    """A geometry in which nothing is known."""
    return _without(geometry, tuple(geometry.measures))


def only_in_view(geometry: TractGeometry, view: View) -> TractGeometry:
    """A geometry without what depends on an end of the tract that is out of view."""
    if not view.hidden:
        return geometry
    ends = (*(() if view.larynx else _OF_LARYNX), *(() if view.lips else _OF_LIPS))
    return _without(geometry, (*_OF_LENGTH, *ends))


def _without(geometry: TractGeometry, lost: tuple[str, ...]) -> TractGeometry:
    """A geometry without sections and some measures."""
    return replace(
        geometry,
        **{name: np.full_like(getattr(geometry, name), np.nan) for name in _ALONG},
        closed=np.zeros_like(geometry.closed),
        measures={
            name: np.full_like(values, np.nan) if name in lost else values for name, values in geometry.measures.items()
        },
        notes=(),
    )
