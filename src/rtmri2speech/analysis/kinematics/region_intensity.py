"""Mean brightness of regions over time and its velocity: a region becomes bright when an articulator enters it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.analysis.arguments import several
from rtmri2speech.analysis.regions.masks import Regions, read_regions, source_of
from rtmri2speech.arrays import Float64
from rtmri2speech.data.media.clips import Clip, open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.signal.frames import FrameConfig

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

_ORDER = 2
# Seconds of a window, and of any recording.
_LONGEST = 1e6
_COLUMNS = ("time_s", "region", "intensity", "smoothed", "velocity_per_s", "smoothing")


@dataclass(frozen=True, repr=False, eq=False)
class Intensity:
    """Mean gray value of regions in each frame.

    Attributes:
        names: R names.
        times: (T,), centers of the frames, seconds.
        values: (T, R); 0 and 1 are the clip's 0.5th and 99.5th percentile; NaN where a region covers no pixel.
        smooth: (T, R), the same smoothed.
        velocity: (T, R), derivative of the smoothed curve, 1/s.
        smoothing: how it was smoothed, human-readable.
        mean_frame: (S, S), 0 to 255.
        regions: where, for figures.
    """

    names: tuple[str, ...]
    times: Float64
    values: Float64
    smooth: Float64
    velocity: Float64
    smoothing: str
    mean_frame: Float64
    regions: Regions = field(repr=False)

    def rows(self) -> list[Row]:
        """A row per frame and region: time, intensity (None where the region covers no pixel), smoothed, velocity."""
        rows: list[Row] = []
        for frame, time in enumerate(self.times.tolist()):
            numbers = (column[frame].tolist() for column in (self.values, self.smooth, self.velocity))
            for name, value, smooth, velocity in zip(self.names, *numbers, strict=True):
                known = None if np.isnan(value) else value
                cells = (time, name, known, smooth, velocity, self.smoothing)
                rows.append(dict(zip(_COLUMNS, cells, strict=True)))
        return rows

    def save(self, stem: str | Path) -> list[Path]:
        """Write ``<stem>_intensity.csv`` (:meth:`rows`); how it was smoothed stands in every line.

        Args:
            stem: path without an ending.

        Raises:
            UserError: when the file cannot be written.
        """
        decimals = {"time_s": 5, "intensity": 5, "smoothed": 5, "velocity_per_s": 4}
        written = (
            {name: f"{value:.{decimals[name]}f}" if isinstance(value, float) else value for name, value in row.items()}
            for row in self.rows()
        )
        path = Path(stem).with_name(f"{Path(stem).name}_intensity.csv")
        return [write_table(path, _COLUMNS, written)]

    def show(self) -> Drawing:
        """The regions on the mean frame, their brightness and its velocity, as a figure that a notebook shows."""
        from rtmri2speech.analysis.kinematics.figures import plot_intensity
        from rtmri2speech.drawing.style import new_drawing

        figure = new_drawing(9.0, 4.5)
        plot_intensity(figure, self, share=2.6, legend_columns=4)
        return figure

    def __repr__(self) -> str:
        return f"Intensity({len(self.times)} frames, {', '.join(self.names)}; {self.smoothing})"


def region_intensity(
    video: str | Path,
    regions: str | Path = "template",
    region: str | Sequence[str] | None = None,
    smooth: float = 0.2,
    fps: FrameRate | None = None,
) -> Intensity:
    """Mean brightness of regions of a video and its velocity, at the video's own frame rate.

    Args:
        video: any video that can be decoded.
        regions: where, as in :func:`rtmri2speech.analysis.regions.masks.read_regions`.
        region: names of the regions to measure; all where None.
        smooth: seconds of the window, as in :func:`measure_intensity`.
        fps: true frame rate, where the file's is known to be wrong.

    Raises:
        MediaError: when the video cannot be read or is damaged.
        DatasetError: when a phantom's truth cannot be read.
        ConfigError: when the regions cannot be used, or as :func:`measure_intensity` does.
    """
    scan = scan_video(Path(video), fps)
    clip = open_gray_clip(scan, scan.rate, FrameConfig().size)
    found = read_regions(str(regions), source_of(clip))
    return measure_intensity(clip, scan.rate, found if region is None else found.only(several(region)), smooth)


def measure_intensity(clip: Clip, rate: Fraction, regions: Regions, smooth: float) -> Intensity:
    """Mean gray value of each region, smoothed by a Savitzky-Golay filter of second order, and its derivative.

    The filter fits a parabola to a window by least squares and takes value and slope at its center (Savitzky & Golay
    1964, Anal. Chem. 36, 1627-1639), so that peaks keep more of their height than under a running mean.

    Args:
        clip: the video on one gray scale.
        rate: its frames per second.
        regions: of the clip's size.
        smooth: seconds of the window; rounded to an odd number of frames, five at least, since a parabola through
            three is the data themselves.

    Raises:
        ConfigError: when the window is no time or longer than the clip, or a region covers no pixel in any frame.
    """
    from scipy.signal import savgol_filter

    if not 0.0 <= smooth < _LONGEST:
        raise ConfigError(f"`smooth={smooth:g}`: not a length of time.", "Give seconds: 0.2")
    window = max(2 * round(smooth * float(rate) / 2.0 - 0.5) + 1, 5)
    if window > clip.n_frames:
        raise ConfigError(
            f"`smooth={smooth:g}`: {window} frames, but {clip.scan.path} has {clip.n_frames}.",
            "Give a shorter window.",
        )
    values, mean = _means_of(clip, regions)
    empty = [name for name, column in zip(regions.names, values.T, strict=True) if np.isnan(column).all()]
    if empty:
        raise ConfigError(f"Region '{empty[0]}' covers no pixel in any frame.", "Leave it out: `region`")
    filled = np.stack([_filled(column) for column in values.T], axis=1)
    step = 1.0 / float(rate)
    return Intensity(
        names=regions.names,
        times=np.asarray((np.arange(len(values)) + 0.5) * step),
        values=values,
        smooth=np.asarray(savgol_filter(filled, window, _ORDER, axis=0)),
        velocity=np.asarray(savgol_filter(filled, window, _ORDER, deriv=1, delta=step, axis=0)),
        smoothing=f"Savitzky-Golay, order {_ORDER}, {window} frames ({window * step:.3f} s)",
        mean_frame=mean,
        regions=regions,
    )


def _means_of(clip: Clip, regions: Regions) -> tuple[Float64, Float64]:
    """Mean gray value of each region in each frame, (T, R), 0 to 1, and the mean frame (S, S), 0 to 255."""
    rows: list[Float64] = []
    total = np.zeros((clip.frames.size, clip.frames.size))
    for block in clip.blocks():
        for frame in block:
            masks = regions.at(len(rows)).reshape(len(regions.names), -1).astype(np.float64)
            count = masks.sum(axis=1)
            gray = masks @ (frame.ravel() / 255.0)
            rows.append(np.where(count > 0, gray / np.maximum(count, 1.0), np.nan))
            total += frame
    return np.stack(rows), total / len(rows)


def _filled(column: Float64) -> Float64:
    """Gaps bridged by straight lines, so that one frame without the region does not spoil a window."""
    known = np.flatnonzero(np.isfinite(column))
    return np.interp(np.arange(len(column)), known, column[known])
