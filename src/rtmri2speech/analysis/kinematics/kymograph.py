"""Kymographs: gray values along a line over time, which show how an articulator moves across it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.files import replacing
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.signal.frames import FrameConfig

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing


@dataclass(frozen=True)
class Line:
    """A line in a frame, in pixels of the video from its upper left corner; the first pixel's center is (0.5, 0.5).

    Attributes:
        x0, y0: where it starts.
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

    def points(self) -> Float64:
        """Places about a pixel apart from start to end, both included: (P, 2), x and y."""
        return np.linspace((self.x0, self.y0), (self.x1, self.y1), max(2, round(self.length) + 1))


@dataclass(frozen=True, repr=False, eq=False)
class Kymograph:
    """Gray values along a line.

    Attributes:
        line: where.
        times: (T,), centers of the video's frames, seconds from the start of the first one.
        positions: (P,), pixels from the start of the line.
        values: (T, P); 0 and 1 are the clip's 0.5th and 99.5th percentile.
        mean_frame: (H, W), the same scale.
    """

    line: Line
    times: Float64
    positions: Float64
    values: Float32
    mean_frame: Float32

    def rows(self) -> list[Row]:
        """A row per frame: ``time_s`` and a column per position, named by its pixels: ``3.00_px``."""
        names = self._columns()
        return [
            dict(zip(names, (time, *values), strict=True))
            for time, values in zip(self.times.tolist(), self.values.tolist(), strict=True)
        ]

    def save(self, stem: str | Path) -> list[Path]:
        """Write ``<stem>_kymograph.csv`` (:meth:`rows`) and its values as ``<stem>_kymograph.npy``.

        Args:
            stem: path without an ending.

        Raises:
            UserError: when a file cannot be written.
        """
        table, array = (Path(stem).with_name(f"{Path(stem).name}_kymograph.{kind}") for kind in ("csv", "npy"))
        written = (
            [f"{time:.5f}", *(f"{value:.4f}" for value in values)]
            for time, values in zip(self.times, self.values, strict=True)
        )
        write_table(table, self._columns(), written)
        with replacing(array) as file:
            np.save(file, self.values)
        return [table, array]

    def show(self) -> Drawing:
        """The line on the mean frame, and the gray values along it over time, as a figure that a notebook shows."""
        from rtmri2speech.analysis.kinematics.figures import plot_kymograph
        from rtmri2speech.drawing.style import new_drawing

        figure = new_drawing(9.0, 3.0)
        plot_kymograph(figure, self, share=2.6)
        return figure

    def _columns(self) -> list[str]:
        return ["time_s", *(f"{position:.2f}_px" for position in self.positions)]

    def __repr__(self) -> str:
        frames, positions = self.values.shape
        return f"Kymograph({frames} frames x {positions} positions, {self.line})"


def kymograph(
    video: str | Path | VideoScan, line: Line | Sequence[float] | str, width: int = 1, fps: FrameRate | None = None
) -> Kymograph:
    """Gray values along a line in every frame of a video, at the video's own frame rate.

    Values between pixels are interpolated bilinearly. With a width they are means over that many parallel lines, a
    pixel apart, which reduces noise and keeps edges across the line.

    Args:
        video: any video that can be decoded.
        line: where; its x0, y0, x1, y1; or across what: ``lips``, ``tongue_tip``, ``tongue_body``, ``velum`` or
            ``pharynx``, which the segmenter finds (:mod:`rtmri2speech.analysis.kinematics.tract_lines`).
        width: number of parallel lines.
        fps: true frame rate, where the file's is known to be wrong.

    Raises:
        MediaError: when the file cannot be read or is damaged.
        ConfigError: when the line leaves the frame, has no length, or cannot be found, or the width is impossible.
    """
    scan = video if isinstance(video, VideoScan) else scan_video(Path(video), fps)
    scan.require_whole()
    along = line if isinstance(line, Line) else _across(line, scan) if isinstance(line, str) else Line(*line)
    _check(scan, along, width)
    points = along.points()
    across = np.array([along.y0 - along.y1, along.x1 - along.x0]) / along.length
    shifts = np.arange(width) - (width - 1) / 2.0
    places = points[None] + shifts[:, None, None] * across
    values, mean = _gray_values(scan, places)
    edges = np.append(scan.starts, scan.end) - scan.starts[0]
    positions = np.linspace(0.0, along.length, len(points))
    return Kymograph(along, (edges[:-1] + edges[1:]) / 2.0, positions, values, mean)


def _across(name: str, scan: VideoScan) -> Line:
    from rtmri2speech.analysis.kinematics.tract_lines import tract_line
    from rtmri2speech.analysis.regions.automatic import find_labels
    from rtmri2speech.analysis.regions.masks import Source

    source = Source((), scan.width, scan.height, 0, scan.path, scan.rate, scan.n_frames)
    return tract_line(name, find_labels(source))


def _check(scan: VideoScan, line: Line, width: int) -> None:
    ends = ((line.x0, line.y0), (line.x1, line.y1))
    outside = next((end for end in ends if not (0 <= end[0] <= scan.width and 0 <= end[1] <= scan.height)), None)
    if outside is not None:
        raise ConfigError(
            f"`line`: ({outside[0]:g}, {outside[1]:g}) lies outside the frame, {scan.width} x {scan.height} pixels.",
            "Give x0 y0 x1 y1 in pixels of the video, from its upper left corner.",
        )
    if line.length < 1.0:
        raise ConfigError("`line`: shorter than a pixel.", "Give two places: x0 y0 x1 y1.")
    if not 1 <= width <= min(scan.width, scan.height):
        raise ConfigError(f"`width={width}`: not a number of pixels within the frame.", "Give 1 or a few more.")


def _gray_values(scan: VideoScan, places: Float64) -> tuple[Float32, Float32]:
    """Means over W parallel lines (W, P, 2) in every frame, (T, P), and the mean frame (H, W); both 0 to 1."""
    from scipy.ndimage import map_coordinates

    low, high = FrameConfig(mode="robust").limits(scan.histogram) or (0.0, 255.0)
    # Rows and columns count from the centers of the outermost pixels, beyond which their values go on.
    rows_and_columns = np.moveaxis(places[..., ::-1] - 0.5, -1, 0)
    rows, total = [], np.zeros((scan.height, scan.width))
    for frame in scan.read():
        gray = np.clip((frame.astype(np.float64) - low) / (high - low), 0.0, 1.0)
        rows.append(map_coordinates(gray, rows_and_columns, order=1, mode="nearest").mean(axis=0))
        total += gray
    return np.stack(rows).astype(np.float32), (total / len(rows)).astype(np.float32)
