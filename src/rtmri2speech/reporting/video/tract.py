"""The video of a measured tract: frames with contours and sections, next to them area function and formants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from rtmri2speech.arrays import Bool, Float64, UInt8
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.movies import write_movie
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.parallel import one_ahead
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.reporting.video.captions import CaptionStrip
from rtmri2speech.reporting.video.tract_panel import FINER, GROUND, TractPanel
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.vocal_tract.measurement.drawn import (
    CLOSED_COLOR,
    CONTOUR_COLORS,
    MIDLINE_COLOR,
    cross_lines,
    doubtful_frames,
)
from rtmri2speech.vocal_tract.measurement.tract import Tract

VIDEO_SUFFIX = "_tract.mp4"

# Longer side of the frame, and width of the panel next to it, pixels.
_SIDE, _PANEL = 512, 400
_MARGIN = 8
# Of a name, which leave room for frame and time.
_LETTERS = 40
_SECTION, _WARNING = (184, 184, 184), (255, 60, 60)


def write_tract_video(
    tract: Tract, video: Path | VideoScan, folder: Path, sound: Sound | None = None, *, progress: Progress = SILENT
) -> Path:
    """Write ``<name>_tract.mp4``.

    Left, the frame with contours, midline and sections, closed ones marked; right, the area function with its 90 % band
    and the plane of F1 and F2 with the frame's point and a short trail. Frames that are not to be trusted have a red
    border. Frames are read and drawn one by one.

    Args:
        tract: what was measured.
        video: what it was measured in; a scan is not decoded again.
        folder: where to write.
        sound: that starts with the first frame; None for a silent video.
        progress: counts frames.

    Raises:
        UserError: when the video cannot be read, or the new one cannot be written.
    """
    path = folder / f"{tract.name}{VIDEO_SUFFIX}"
    scan = video if isinstance(video, VideoScan) else scan_video(video)
    # A frame is drawn while the one before is compressed.
    write_movie(path, one_ahead(_frames(tract, scan, progress)), tract.frame_rate, sound, quick=True)
    return path


def _frames(tract: Tract, scan: VideoScan, progress: Progress) -> Iterator[UInt8]:
    factor = _SIDE / max(scan.height, scan.width)
    # Codecs need even sides.
    height, width = (2 * round(factor * side / 2) for side in (scan.height, scan.width))
    tall = max(height, _SIDE)
    drawer, panel = _FrameDrawer(tract, factor, (width, height)), TractPanel(tract, _PANEL, tall)
    caption = CaptionStrip(width + _PANEL, ())
    name = tract.name if len(tract.name) <= _LETTERS else f"{tract.name[: _LETTERS - 1]}…"
    low, high = FrameConfig(mode="robust").limits(scan.histogram) or (0.0, 1.0)
    canvas = np.full((tall, width + _PANEL, 3), GROUND, np.uint8)
    top = (tall - height) // 2
    for number, (gray, time) in enumerate(zip(scan.read(), tract.times.tolist(), strict=False)):
        shown = np.clip((gray.astype(np.float32) - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
        canvas[top : top + height, :width] = drawer.draw(number, shown)
        canvas[:, width:] = panel.draw(number)
        yield np.concatenate([canvas, caption.with_line(f"{name}   frame {number}   {time:.3f} s")])
        progress.advance(1)


class _FrameDrawer:
    """Draws contours, midline and sections over frames enlarged by a factor."""

    def __init__(self, tract: Tract, factor: float, size: tuple[int, int]) -> None:
        self._tract, self._factor, self._size = tract, factor, size
        self._lines, self._doubtful = cross_lines(tract), doubtful_frames(tract)
        self._known: Bool = np.asarray(np.isfinite(self._lines).all(axis=(2, 3)))
        self._box = _box(tract, self._lines, factor, size)

    def draw(self, number: int, gray: UInt8) -> UInt8:
        image = Image.fromarray(gray).resize(self._size, Image.Resampling.BICUBIC).convert("RGB")
        if self._box is not None:
            # Where nothing is drawn, pixels that were repeated and are reduced again are as they were.
            part = image.crop(self._box)
            finer = part.resize((FINER * part.width, FINER * part.height), Image.Resampling.NEAREST)
            self._paint(ImageDraw.Draw(finer), number)
            image.paste(finer.reduce(FINER), self._box)
        if self._doubtful[number]:
            ImageDraw.Draw(image).rectangle((0, 0, image.width - 1, image.height - 1), outline=_WARNING, width=4)
        return np.asarray(image)

    def _paint(self, draw: ImageDraw.ImageDraw, number: int) -> None:
        tract, midline, closed = self._tract, self._tract.midline[number], self._tract.closed[number]
        for name, points in tract.contours.frame(number).items():
            draw.line(self._pixels(points), fill=CONTOUR_COLORS[name], width=2 * FINER, joint="curve")
        if not np.isfinite(midline).all():
            return
        for line in self._lines[number][~closed & self._known[number]]:
            draw.line(self._pixels(line), fill=_SECTION, width=FINER)
        draw.line(self._pixels(midline), fill=MIDLINE_COLOR, width=round(1.5 * FINER), joint="curve")
        radius = 4 * FINER
        for x, y in self._pixels(self._lines[number][closed & self._known[number]].mean(axis=1)):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=CLOSED_COLOR)

    def _pixels(self, points: Float64) -> list[tuple[float, float]]:
        corner = (0, 0) if self._box is None else self._box[:2]
        return [(x, y) for x, y in (FINER * (points * self._factor - corner) - 0.5).tolist()]


def _box(tract: Tract, lines: Float64, factor: float, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Where anything is drawn in any frame: left, top, right, bottom in pixels of the video; None for nowhere."""
    points = np.concatenate([one.reshape(-1, 2) for one in (tract.contours.points, tract.midline, lines)])
    points = factor * points[np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        return None
    first = np.clip(np.floor(points.min(axis=0)) - _MARGIN, 0, np.array(size) - 1)
    last = np.clip(np.ceil(points.max(axis=0)) + _MARGIN, first + 1, size)
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])
