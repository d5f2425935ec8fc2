"""Images for a page: frames in sprite sheets, maps as cells, outlines of regions."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.arrays import Bool, Float64, UInt8
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.drawing.overlay import Display, MapStyle, colors, fade
from rtmri2speech.reporting.video.map_layers import TINTS

COLUMNS = 4
"""Frames per row of a sheet, and rows: 16 frames decode in some milliseconds, a whole clip does not."""

# WebP's quality: most of a frame is scanner noise, which is kept in character but not pixel by pixel.
_QUALITY = 72
_LEVELS = 32767
_HALVES = 2
# Pixels.
_NEAR = 0.5
_SHADES = 256


def frame_sheets(clip: Clip) -> Iterator[bytes]:
    """Frames of a clip, row by row, 16 to a sheet, as WebP; the last sheet is filled with black."""
    per_sheet = COLUMNS * COLUMNS
    size = clip.frames.size
    sheet = np.zeros((COLUMNS * size, COLUMNS * size), np.uint8)
    count = 0
    for block in clip.blocks():
        for frame in block:
            row, column = divmod(count % per_sheet, COLUMNS)
            sheet[row * size : (row + 1) * size, column * size : (column + 1) * size] = frame
            count += 1
            if count % per_sheet == 0:
                yield encode_webp(sheet, _QUALITY)
                sheet[:] = 0
    if count % per_sheet:
        yield encode_webp(sheet, _QUALITY)


def encode_webp(pixels: UInt8, quality: int) -> bytes:
    """A gray image (H, W) as lossy WebP."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()


@dataclass(frozen=True)
class Cells:
    """Maps for a page.

    Attributes:
        count: K, cells per side.
        step: the map's value of one level.
        data: (T, K, K) little-endian int16, deflated.
    """

    count: int
    step: float
    data: bytes


def cells_of(maps: BandMaps) -> Cells:
    """The cells of maps, from which the page makes pixels by bilinear interpolation, as levels of 16 bits."""
    count = maps.cells.shape[-1]
    # A cell's value as that of its pixels.
    values = maps.cells.astype(np.float64) * (count / maps.size) ** 2
    step = float(np.abs(values).max()) / _LEVELS or 1.0
    return Cells(count, step, deflate(np.rint(values / step).astype("<i2")))


def outlines_of(regions: Regions, frames: int) -> bytes:
    """Outlines of regions, deflated little-endian uint16.

    For each frame (one only where regions do not move) and region: the number of lines; of each line its number of
    points, and their x and y in half pixels from the frame's upper left corner.
    """
    numbers: list[int] = []
    for frame in range(frames if regions.moving else 1):
        for mask in regions.at(frame):
            lines = outline(mask)
            numbers.append(len(lines))
            for line in lines:
                numbers.append(len(line))
                numbers += np.rint(line * _HALVES).astype(int).ravel().tolist()
    return deflate(np.array(numbers, "<u2"))


def outline(mask: Bool) -> list[Float64]:
    """Closed lines (N, 2) of x and y around a mask (S, S), in pixels, without the steps of single pixels."""
    from contourpy import contour_generator

    padded = np.pad(mask.astype(np.float64), 1)
    lines = contour_generator(z=padded).lines(0.5)
    # Padded by one pixel, whose middle is at a half: entry (1, 1) is the pixel from 0 to 1.
    return [_simpler(np.asarray(line) - 0.5)[:-1] for line in lines]


def _simpler(line: Float64) -> Float64:
    """A line with as few of its points as stay within half a pixel of the others (Douglas & Peucker 1973)."""
    # A closed line is cut at its point farthest from its start.
    far = int(np.hypot(*(line - line[0]).T).argmax())
    keep = {0, far, len(line) - 1}
    stretches = [(0, far), (far, len(line) - 1)]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        along, out = line[last] - line[first], line[first + 1 : last] - line[first]
        away = np.abs(along[0] * out[:, 1] - along[1] * out[:, 0]) / max(float(np.hypot(*along)), 1e-9)
        if away.max() > _NEAR:
            middle = first + 1 + int(away.argmax())
            keep.add(middle)
            stretches += [(first, middle), (middle, last)]
    return line[sorted(keep)]


def color_tables() -> bytes:
    """Colors of maps, RGBA bytes of 256 shades each: signed, positive, first tint, second tint.

    Signed runs from -1 to 1, the others from 0 to 1; opacity is that of maps which hide the frame at full color.
    """
    from matplotlib.colors import to_rgb

    tables = []
    shown: tuple[tuple[Display, float], ...] = (("signed", -1.0), ("classical", 0.0))
    for display, low in shown:
        steps = np.linspace(low, 1.0, _SHADES)[None]
        tables.append(colors(steps, MapStyle(display, 1.0, "", "", 1.0))[0])
    for tint in TINTS:
        alpha = fade(np.linspace(0.0, 1.0, _SHADES), 1.0)
        tables.append(np.column_stack([np.tile(to_rgb(tint), (_SHADES, 1)), alpha]))
    return np.rint(np.concatenate(tables) * 255.0).astype(np.uint8).tobytes()


def deflate(values: NDArray[np.generic]) -> bytes:
    """The bytes of an array, compressed in zlib's format."""
    return zlib.compress(values.tobytes(), 9)
