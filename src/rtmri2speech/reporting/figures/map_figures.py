"""The pictures of a clip's maps: means, chosen frames, segments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.compute import Explained, MapFile
from rtmri2speech.analysis.attribution.segment_maps import write_segments, write_token_table
from rtmri2speech.drawing.overlay import Display, MapStyle, draw_overlay
from rtmri2speech.phonetics.labelled_segments import Segment

Scale = Literal["clip", "picture"]
"""Whether full color is the largest value of the clip or of the picture."""


def draw_maps(result: Explained, out: Path, name: str, display: Display | None, scale: Scale) -> list[Path]:
    """Draw ``<stem>_average.png`` over the mean picture and ``<stem>_frame<N>.png`` of the frames asked for.

    The mean map is scaled to itself: over a clip, maps of loud and silent frames average to little.

    Args:
        result: the maps.
        out: folder to write to.
        name: the video's, for titles.
        display: how maps are shown; by the method where it is None.
        scale: what full color is in pictures of single frames.

    Raises:
        UserError: when a file cannot be written.
    """
    files = []
    for maps in result.maps:
        title = f"{name}: {_band(maps)}"
        files.append(out / f"{maps.stem}_average.png")
        style = _style(maps, display, _peak(maps.mean), "largest of the mean")
        draw_overlay(files[-1], result.mean_picture, maps.mean, style, f"{title}, mean")
        sequence = np.load(maps.path, mmap_mode="r")
        for frame, picture in result.pictures.items():
            values = np.array(sequence[frame])
            if scale == "clip":
                style = _style(maps, display, maps.scale, "largest of the clip")
            else:
                style = _style(maps, display, _peak(values), "largest of this frame: frames cannot be compared")
            files.append(out / f"{maps.stem}_frame{frame:03d}.png")
            time = (frame + 0.5) / float(result.rate)
            draw_overlay(files[-1], picture, values, style, f"{title}\nframe {frame}, {time:.2f} s")
    return files


def draw_segments(
    result: Explained, segments: Sequence[Segment], out: Path, name: str, display: Display | None
) -> list[Path]:
    """Write the segments' files and draw their mean maps; all means of a method and band on one scale.

    Differences are drawn with both signs whatever ``display`` says.

    Raises:
        UserError: when a file cannot be written.
    """
    files = [write_token_table(segments, out)]
    for maps in result.maps:
        made = write_segments(maps, segments, out)
        files += made.files
        scale = max(_peak(one.values) for one in made.means[: len(segments)])
        for index, one in enumerate(made.means):
            style = _style(
                maps, display if index < len(segments) else "signed", scale, "largest of these segments' means"
            )
            files.append(out / f"{one.stem}.png")
            draw_overlay(files[-1], result.mean_picture, one.values, style, f"{name}: {_band(maps)}\n{one.title}")
    return files


def _style(maps: MapFile, display: Display | None, scale: float, note: str) -> MapStyle:
    return MapStyle(display or ("classical" if maps.method == "gradcam" else "signed"), scale, maps.unit, note)


def _band(maps: MapFile) -> str:
    return f"{maps.method} {maps.band.name} {maps.band.low:g}-{maps.band.high:g} Hz"


def _peak(values: NDArray[np.floating]) -> float:
    return float(np.abs(values).max())
