"""The pixels of a recording: what the scanner's 256 mm are cut to, and how large a pixel is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Float32, Floating, UInt8
from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.head.head import PIXEL_CM, SIZE

SCANNED_MM = SIZE * PIXEL_CM * 10.0
"""Side of the square that the scanner sees."""

# Column and row in the middle of mouth and throat, which a smaller field of view keeps.
_CENTER = (92.0, 138.0)
_SMALLEST_MM, _FEWEST, _MOST = 120.0, 32, 512


@dataclass(frozen=True)
class FrameGrid:
    """Square frames of ``pixels`` x ``pixels``.

    Args:
        field_of_view_mm: side of the frame; None for all that the scanner sees.
        pixel_mm: side of a pixel; None for the scanner's millimeter.

    Raises:
        ConfigError: when nothing would be left to see, or the frames would be tiny or huge.
    """

    field_of_view_mm: float | None = None
    pixel_mm: float | None = None

    def __post_init__(self) -> None:
        side, pixel = self.side, self.pixel
        if not _SMALLEST_MM <= side <= SCANNED_MM:
            raise ConfigError(
                f"`field_of_view={side:g}`: not within {_SMALLEST_MM:g} to {SCANNED_MM:g} mm.",
                "The tract takes some 150 mm; the scanner sees 256.",
            )
        if not (0.0 < pixel < side and _FEWEST <= round(side / pixel) <= _MOST):
            raise ConfigError(
                f"`pixel_mm={pixel:g}`: {side:g} mm would not be {_FEWEST} to {_MOST} pixels.",
                "Real-time scanners have pixels of 1 to 3 mm.",
            )

    @property
    def side(self) -> float:
        """Of a frame, mm."""
        return SCANNED_MM if self.field_of_view_mm is None else self.field_of_view_mm

    @property
    def pixel(self) -> float:
        """Side of a pixel, mm, as asked for; :attr:`pixels` is a whole number, so :attr:`step` may differ a little."""
        return PIXEL_CM * 10.0 if self.pixel_mm is None else self.pixel_mm

    @property
    def pixels(self) -> int:
        """Height and width of a frame; even, as video codecs need it."""
        return 2 * round(self.side / self.pixel / 2.0)

    @property
    def step(self) -> float:
        """Pixels of the scanner per pixel of the frame."""
        return self.side / (PIXEL_CM * 10.0) / self.pixels

    @property
    def is_whole(self) -> bool:
        """Whether frames are the scanner's own."""
        return self.pixels == SIZE and self.step == 1.0

    @property
    def corner(self) -> tuple[float, float]:
        """Column and row of the frame's corner, in pixels of the scanner counted from the corner of its first."""
        side = self.pixels * self.step
        x, y = (min(max(middle + 0.5 - side / 2.0, 0.0), SIZE - side) for middle in _CENTER)
        return x, y

    def frames(self, frames: UInt8) -> UInt8:
        """Frames (T, 256, 256) on this grid: a pixel is the mean over its area, or interpolated where it is smaller."""
        if self.is_whole:
            return frames
        columns, rows = (self._weights(start) for start in self.corner)
        values = rows @ frames.astype(np.float32) @ columns.T
        return np.asarray(np.clip(np.rint(values), 0.0, 255.0), dtype=np.uint8)

    def labels(self, labels: UInt8) -> UInt8:
        """Labels (T, 256, 256) at the centers of this grid's pixels."""
        if self.is_whole:
            return labels
        x, y = self.corner
        places = (np.arange(self.pixels) + 0.5) * self.step
        columns, rows = (np.clip(np.floor(start + places).astype(int), 0, SIZE - 1) for start in (x, y))
        return np.ascontiguousarray(labels[:, rows[:, None], columns[None, :]])

    def points(self, points: Floating) -> Floating:
        """Columns and rows (..., 2) of the scanner's pixels in this grid's; whole numbers are centers of pixels."""
        if self.is_whole:
            return points
        return np.asarray((points + 0.5 - np.array(self.corner)) / self.step - 0.5).astype(points.dtype)

    def _weights(self, start: float) -> Float32:
        """How much each of the scanner's lines gives to each of this grid's, (pixels, 256)."""
        # Finer cells first, of which every pixel holds a whole number: their mean is the mean over its area.
        cells = max(int(np.ceil(2.0 * self.step)), 1)
        places = np.clip(start + (np.arange(self.pixels * cells) + 0.5) * (self.step / cells) - 0.5, 0.0, SIZE - 1.0)
        shares = np.maximum(1.0 - np.abs(places[:, None] - np.arange(SIZE)), 0.0)
        return np.asarray(shares.reshape(self.pixels, cells, SIZE).mean(axis=1), dtype=np.float32)
