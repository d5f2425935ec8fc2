"""The moving area function and the moving point in the plane of F1 and F2, drawn on axes that stand still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from PIL import Image, ImageDraw

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.drawing.style import new_drawing
from rtmri2speech.vocal_tract.measurement.drawn import CLOSED_COLOR, limits_of, plane_frames, section_edges
from rtmri2speech.vocal_tract.measurement.tract import Tract

FINER = 2
"""Lines are drawn so many times larger and reduced, which makes them smooth."""

GROUND, INK = (16, 16, 16), (225, 225, 225)

_DPI = 100
_STYLE: dict[Any, Any] = {
    "font.size": 10.0,
    "axes.facecolor": "#101010",
    "axes.edgecolor": "#A0A0A0",
    "axes.labelcolor": "#E1E1E1",
    "xtick.color": "#C8C8C8",
    "ytick.color": "#C8C8C8",
    "axes.linewidth": 0.8,
    "figure.facecolor": "#101010",
}
_CURVE, _BAND = (120, 200, 255), (28, 66, 92)
_POINT, _HOLLOW = (255, 196, 60), (150, 150, 150)
# Length of the trail, seconds.
_TRAIL_SECONDS = 0.35


@dataclass(frozen=True)
class _Place:
    """Where axes lie in the panel, and how their values become pixels: x and y are scale * value + offset."""

    box: tuple[int, int, int, int]
    scale: Float64
    offset: Float64

    def points(self, x: Float64, y: Float64) -> list[tuple[float, float]]:
        """Pixels, kept a little outside of the box at the most, so that lines leave it where they should."""
        values = np.stack([x, y], axis=-1) * self.scale + self.offset
        left, top, right, bottom = self.box
        values = np.clip(values, (left - 50, top - 50), (right + 50, bottom + 50))
        return [(one, other) for one, other in values.tolist()]


class TractPanel:
    """Draws the panel of any frame of a tract.

    Args:
        tract: what was measured.
        width, height: of the panel, pixels.
    """

    def __init__(self, tract: Tract, width: int, height: int) -> None:
        self._tract, self._open = tract, plane_frames(tract)
        self._trail = max(round(_TRAIL_SECONDS * float(tract.frame_rate)), 1)
        with rc_context(_STYLE):
            figure = new_drawing(width / _DPI, height / _DPI)
            figure.set_dpi(FINER * _DPI)
            upper, lower = figure.subplots(2, 1)
            self._prepare(upper, lower)
            figure.canvas.draw()
            whole = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]
        self._area, self._plane = (_place(axes, whole.shape[0]) for axes in (upper, lower))
        ground = Image.fromarray(np.ascontiguousarray(whole[..., :3]))
        # Only what is drawn on is drawn anew.
        self._still = ground.reduce(FINER)
        self._grounds = [ground.crop(place.box) for place in (self._area, self._plane)]

    def _prepare(self, upper: Axes, lower: Axes) -> None:
        limits = limits_of(self._tract)
        upper.set_xlim(0.0, limits.length_cm)
        upper.set_ylim(0.0, limits.area_cm2)
        upper.set_xlabel("from glottis to lips (cm)")
        upper.set_ylabel("area (cm²)")
        points = self._tract.formants[self._open]
        lower.plot(points[:, 1], points[:, 0], ".", color="#6A6A6A", markersize=2.0)
        lower.set_xlim(*limits.f2_hz[::-1])
        lower.set_ylim(*limits.f1_hz[::-1])
        lower.set_xlabel("F2 (Hz)")
        lower.set_ylabel("F1 (Hz)")

    def draw(self, frame: int) -> UInt8:
        """The panel of a frame, (height, width, 3)."""
        image = self._still.copy()
        places, painters = (self._area, self._plane), (self._paint_area, self._paint_plane)
        for place, paint, ground in zip(places, painters, self._grounds, strict=True):
            left, top, right, bottom = place.box
            part = ground.copy()
            inside = _Place((0, 0, right - left, bottom - top), place.scale, place.offset - (left, top))
            paint(ImageDraw.Draw(part), inside, frame)
            image.paste(part.reduce(FINER), (left // FINER, top // FINER))
        return np.asarray(image)

    def _paint_area(self, draw: ImageDraw.ImageDraw, place: _Place, frame: int) -> None:
        tract = self._tract
        if not np.isfinite(tract.length[frame]):
            draw.text((12 * FINER, 10 * FINER), "no whole tract", fill=INK, font_size=13 * FINER)
            return
        edges = np.repeat(section_edges(tract.length[frame]), 2)[1:-1]
        low, high = (np.repeat(tract.area_range[frame, :, side], 2) for side in (0, 1))
        outline = place.points(edges, high) + place.points(edges, low)[::-1]
        draw.polygon(outline, fill=_BAND)
        draw.line(place.points(edges, np.repeat(tract.area[frame], 2)), fill=_CURVE, width=2 * FINER, joint="curve")
        middles = edges.reshape(-1, 2).mean(axis=1)[tract.closed[frame]]
        for x, y in place.points(middles, np.zeros(len(middles))):
            _dot(draw, x, y - 3 * FINER, 4 * FINER, fill=CLOSED_COLOR)

    def _paint_plane(self, draw: ImageDraw.ImageDraw, place: _Place, frame: int) -> None:
        tract = self._tract
        first = max(frame - self._trail, 0)
        f1, f2 = tract.formants[first : frame + 1, :2].T
        places = place.points(f2, f1) if len(f1) else []
        for number in range(len(places) - 1):
            if self._open[first + number] and self._open[first + number + 1]:
                share = (number + 1) / len(places)
                color = tuple(round(ground + share * (to - ground)) for ground, to in zip(GROUND, _POINT, strict=True))
                draw.line([places[number], places[number + 1]], fill=color, width=2 * FINER)
        if not np.isfinite([f1[-1], f2[-1]]).all():
            return
        (x, y), color = places[-1], _POINT if self._open[frame] else _HOLLOW
        range1, range2 = tract.formant_range[frame, :2]
        if np.isfinite([range1, range2]).all():
            draw.line(place.points(range2, np.repeat(f1[-1], 2)), fill=color, width=FINER)
            draw.line(place.points(np.repeat(f2[-1], 2), range1), fill=color, width=FINER)
        _dot(draw, x, y, 5 * FINER, fill=color if self._open[frame] else GROUND, outline=color)


def _place(axes: Axes, height: int) -> _Place:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    ends = axes.transData.transform([(x0, y0), (x1, y1)])
    ends[:, 1] = height - ends[:, 1]
    scale = (ends[1] - ends[0]) / np.array([x1 - x0, y1 - y0])
    (left, top), (right, bottom) = ends.min(axis=0), ends.max(axis=0)
    # Within the axes' lines, in whole pixels of the panel.
    first = [-(-round(side + FINER) // FINER) * FINER for side in (left, top)]
    last = [round(side - FINER) // FINER * FINER for side in (right, bottom)]
    return _Place((first[0], first[1], last[0], last[1]), scale, ends[0] - scale * (x0, y0))


def _dot(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, **colors: object) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), width=2 * FINER, **colors)  # type: ignore[arg-type]
