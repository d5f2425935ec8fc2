"""Brightness of a region over time and its velocity: an articulator makes it bright when it enters."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.data.files import write_text
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError

Floats = NDArray[np.float64]

_ORDER = 2


@dataclass(frozen=True)
class Intensity:
    """Mean grey value of regions in each frame.

    Attributes:
        names: R names.
        times: (T,), frames' centres, seconds.
        values: (T, R), 0 to 1 (the clip's 0.5th and 99.5th percentile); NaN where a region covers no pixel.
        smooth: (T, R), the same smoothed.
        velocity: (T, R), derivative of the smoothed curve, 1/s.
        smoothing: how it was smoothed, for people.
        mean_picture: (S, S), 0 to 255.
    """

    names: tuple[str, ...]
    times: Floats
    values: Floats
    smooth: Floats
    velocity: Floats
    smoothing: str
    mean_picture: Floats


def measure_intensity(clip: Clip, rate: Fraction, regions: Regions, seconds: float) -> Intensity:
    """Mean grey value of each region, smoothed by a Savitzky-Golay filter of second order, and its derivative.

    The filter fits a parabola to a window by least squares and takes value and slope in its middle (Savitzky and Golay
    1964, Anal. Chem. 36, 1627-1639), so that peaks keep more of their height than under a running mean.

    Args:
        clip: the video in one grey scale.
        rate: its frames a second.
        regions: of the clip's size.
        seconds: the window; it becomes an odd number of frames, five at least, for which the parabola is not the data.

    Raises:
        ConfigError: when the clip is shorter than the window, or a region covers no pixel in any frame.
    """
    from scipy.signal import savgol_filter

    window = max(2 * round(seconds * float(rate) / 2.0 - 0.5) + 1, 5)
    if window > clip.n_frames:
        raise ConfigError(
            f"--smooth {seconds:g}: {window} frames, but {clip.scan.path} has {clip.n_frames}.",
            "Give a shorter window.",
        )
    rows, total, frame = [], np.zeros((clip.frames.size, clip.frames.size)), 0
    for block in clip.blocks():
        for picture in block:
            masks = regions.at(frame).reshape(len(regions.names), -1).astype(np.float64)
            count = masks.sum(axis=1)
            grey = masks @ (picture.ravel() / 255.0)
            rows.append(np.where(count > 0, grey / np.maximum(count, 1.0), np.nan))
            total += picture
            frame += 1
    values = np.stack(rows)
    empty = [name for name, column in zip(regions.names, values.T, strict=True) if np.isnan(column).all()]
    if empty:
        raise ConfigError(f"Region '{empty[0]}' covers no pixel in any frame.", "Leave it out: --region NAMES")
    filled = np.stack([_filled(column) for column in values.T], axis=1)
    step = 1.0 / float(rate)
    return Intensity(
        names=regions.names,
        times=np.asarray((np.arange(len(values)) + 0.5) * step),
        values=values,
        smooth=np.asarray(savgol_filter(filled, window, _ORDER, axis=0)),
        velocity=np.asarray(savgol_filter(filled, window, _ORDER, deriv=1, delta=step, axis=0)),
        smoothing=f"Savitzky-Golay, order {_ORDER}, {window} frames ({window * step:.3f} s)",
        mean_picture=total / len(values),
    )


def _filled(column: Floats) -> Floats:
    """Gaps bridged by straight lines, so that one frame without the region does not spoil a window."""
    known = np.flatnonzero(np.isfinite(column))
    return np.interp(np.arange(len(column)), known, column[known])


def write_intensity(intensity: Intensity, out: Path, name: str) -> Path:
    """Write ``<name>_intensity.csv``: a line a frame and region; how it was smoothed stands in every line.

    Raises:
        UserError: when the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time_s", "region", "intensity", "smoothed", "velocity_per_s", "smoothing"])
    for row, time in enumerate(intensity.times):
        for index, region in enumerate(intensity.names):
            raw = intensity.values[row, index]
            numbers = ("" if np.isnan(raw) else f"{raw:.5f}", f"{intensity.smooth[row, index]:.5f}")
            writer.writerow(
                [f"{time:.5f}", region, *numbers, f"{intensity.velocity[row, index]:.4f}", intensity.smoothing]
            )
    path = out / f"{name}_intensity.csv"
    write_text(path, text.getvalue())
    return path
