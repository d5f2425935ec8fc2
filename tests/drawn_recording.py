"""A recording of a drawn tube: a video whose frames do not matter, and the labels of each of them in a file."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from drawn_tubes import bent_tube
from rtmri2speech.arrays import UInt8
from rtmri2speech.data.labels import label_names, label_of_class
from rtmri2speech.data.media.video import write_video

RATE = Fraction(25)
PIXEL_MM = 0.9


def tube_labels(width: float, closed: tuple[float, float] | None = None, without: Sequence[int] = ()) -> UInt8:
    """Labels (S, S) of a bent tube; classes of some numbers are left out."""
    maps = bent_tube(width, closed=closed)
    maps[list(without)] = 0.0
    return np.asarray(label_of_class()[maps.argmax(axis=0)])


def write_recording(folder: Path, frames: Sequence[UInt8], pixel_mm: float = PIXEL_MM, name: str = "clip") -> Path:
    """Write ``<name>.mkv``, and ``<name>_regions.npz`` with these labels; the video."""
    video = folder / f"{name}.mkv"
    write_video(video, [(frame * 10).astype(np.uint8) for frame in frames], RATE, lossless=True)
    np.savez_compressed(
        folder / f"{name}_regions.npz",
        labels=np.stack(frames),
        names=np.array(label_names()),
        frame_rate=np.array([RATE.numerator, RATE.denominator]),
        pixel_mm=np.array(pixel_mm),
        confidence=np.ones(len(frames), np.float32),
    )
    return video
