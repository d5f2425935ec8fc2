"""What lies on a line through the picture, over time: how an articulator moves across it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing, write_text
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.frames import FrameConfig

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A line in a picture, in pixels of the source from its upper left corner; the first pixel's middle is (0.5, 0.5).

    Attributes:
        x0, y0: where it begins.
        x1, y1: where it ends.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def length(self) -> float:
        """Pixels."""
        return float(np.hypot(self.x1 - self.x0, self.y1 - self.y0))

    def points(self) -> Floats:
        """Places about a pixel apart from begin to end, both included: (P, 2), x and y."""
        return np.linspace((self.x0, self.y0), (self.x1, self.y1), max(2, round(self.length) + 1))


@dataclass(frozen=True)
class Kymograph:
    """Grey values along a line.

    Attributes:
        line: where.
        times: (T,), middle of each of the source's frames, seconds from the first frame's begin.
        positions: (P,), pixels from the line's begin.
        values: (T, P), 0 to 1: the clip's 0.5th and 99.5th percentile.
        mean_picture: (H, W), the same scale.
    """

    line: Line
    times: Floats
    positions: Floats
    values: NDArray[np.float32]
    mean_picture: NDArray[np.float32]


def cut_line(scan: VideoScan, line: Line, width: int = 1) -> Kymograph:
    """Read the grey values along a line in every frame of the source, at the source's own rate.

    Values between pixels are interpolated bilinearly. With a width they are means over so many parallel lines, a pixel
    apart, which makes noise less and keeps edges across the line.

    Args:
        scan: the video.
        line: where.
        width: pixels.

    Raises:
        MediaError: when the file is damaged.
        ConfigError: when the line leaves the picture, has no length, or the width is impossible.
    """
    scan.require_whole()
    ends = ((line.x0, line.y0), (line.x1, line.y1))
    outside = next((end for end in ends if not (0 <= end[0] <= scan.width and 0 <= end[1] <= scan.height)), None)
    if outside is not None:
        raise ConfigError(
            f"--line: ({outside[0]:g}, {outside[1]:g}) lies outside the picture, {scan.width} x {scan.height} pixels.",
            "Give x0 y0 x1 y1 in pixels of the video, from its upper left corner.",
        )
    if line.length < 1.0:
        raise ConfigError("--line: shorter than a pixel.", "Give two places: --line x0 y0 x1 y1")
    if not 1 <= width <= min(scan.width, scan.height):
        raise ConfigError(f"--width {width}: not a number of pixels within the picture.", "Give 1 or some more.")
    points = line.points()
    across = np.array([line.y0 - line.y1, line.x1 - line.x0]) / line.length
    shifts = np.arange(width) - (width - 1) / 2.0
    places = points[None] + shifts[:, None, None] * across
    limits = FrameConfig(mode="robust").limits(scan.histogram)
    assert limits is not None
    low, high = limits
    rows, total = [], np.zeros((scan.height, scan.width))
    for picture in scan.read():
        grey = np.clip((picture.astype(np.float64) - low) / (high - low), 0.0, 1.0)
        rows.append(_interpolate(grey, places).mean(axis=0))
        total += grey
    edges = np.append(scan.starts, scan.end) - scan.starts[0]
    positions = np.linspace(0.0, line.length, len(points))
    mean = (total / len(rows)).astype(np.float32)
    return Kymograph(line, (edges[:-1] + edges[1:]) / 2.0, positions, np.stack(rows).astype(np.float32), mean)


def _interpolate(picture: Floats, places: Floats) -> Floats:
    """Values of a picture (H, W) at places (..., 2) of x and y; beyond the middles of the outermost pixels theirs."""
    height, width = picture.shape
    x = np.clip(places[..., 0] - 0.5, 0.0, width - 1.0)
    y = np.clip(places[..., 1] - 0.5, 0.0, height - 1.0)
    left, upper = np.floor(x).astype(int), np.floor(y).astype(int)
    right, lower = np.minimum(left + 1, width - 1), np.minimum(upper + 1, height - 1)
    x, y = x - left, y - upper
    above = (1.0 - x) * picture[upper, left] + x * picture[upper, right]
    below = (1.0 - x) * picture[lower, left] + x * picture[lower, right]
    return np.asarray((1.0 - y) * above + y * below)


def write_kymograph(kymograph: Kymograph, out: Path, name: str) -> list[Path]:
    """Write ``<name>_kymograph.csv``, a row a frame and a column a position in pixels, and the same as ``.npy``.

    Raises:
        UserError: when a file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time_s", *(f"{position:.2f}_px" for position in kymograph.positions)])
    for time, row in zip(kymograph.times, kymograph.values, strict=True):
        writer.writerow([f"{time:.5f}", *(f"{value:.4f}" for value in row)])
    table, array = out / f"{name}_kymograph.csv", out / f"{name}_kymograph.npy"
    write_text(table, text.getvalue())
    with replacing(array) as file:
        np.save(file, kymograph.values)
    return [table, array]
