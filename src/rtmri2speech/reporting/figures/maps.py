"""Figures of a clip's maps as PNG: means, chosen frames, segments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.analysis.attribution.figures import ColorScale, draw_values, peak
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.attribution.segment_maps import differences_of, means_of
from rtmri2speech.drawing.overlay import Display
from rtmri2speech.drawing.style import save_drawing


def draw_maps(
    maps: Maps,
    folder: Path,
    target_frames: Sequence[int] = (),
    display: Display | None = None,
    scale: ColorScale = "clip",
    colors: int | None = None,
) -> list[Path]:
    """Draw ``<stem>_average.png`` over the mean frame, ``<stem>_frame<N>.png``, and the segments of the maps.

    Of the segments ``<stem>_<name>Segment_mean.png`` are drawn, and ``<stem>_<a>-minus-<b>_difference.png``.

    Args:
        maps: what to draw.
        folder: where to write.
        target_frames: frames to draw, counted from 0.
        display: how maps are shown; by the method if None.
        scale: what full color is in figures of single frames.
        colors: most colors of a file, for small ones; None for all.

    Raises:
        ConfigError: when the clip does not have a frame.
        UserError: when a file cannot be written.
    """
    files = []
    for one in maps:
        method, band = one.method, one.band.name
        mean = maps.show(method=method, band=band, display=display)
        files.append(save_drawing(mean, folder / f"{one.stem}_average.png", colors))
        for frame in dict.fromkeys(target_frames):
            figure = maps.show(frame, method=method, band=band, display=display, scale=scale)
            files.append(save_drawing(figure, folder / f"{one.stem}_frame{frame:03d}.png", colors))
    return files + _draw_segments(maps, folder, display, colors)


def _draw_segments(maps: Maps, folder: Path, display: Display | None, colors: int | None) -> list[Path]:
    """All means of a method and band on one scale; differences with both signs whatever ``display`` says."""
    files = []
    for one in maps if maps.segments else ():
        means = means_of(one, maps.segments)
        scale = max(peak(each.values) for each in means)
        note = "largest of these segments' means"
        shown = [(each, display) for each in means]
        shown += [(each, "signed") for each in differences_of(one, maps.segments, means)]
        for each, how in shown:
            figure = draw_values(maps, one, each.values, how, scale, note, each.title)
            files.append(save_drawing(figure, folder / f"{each.stem}.png", colors))
    return files
