"""Figures of a widening as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.analysis.widening.figures import plot_sections
from rtmri2speech.analysis.widening.files import SUFFIX
from rtmri2speech.analysis.widening.result import Widening
from rtmri2speech.drawing.style import Columns, figure_files, publication, save_drawing, set_heading

_ROW_MM = 34.0


def draw_widening(
    widening: Widening, folder: Path, target_frames: Sequence[int] = (), columns: Columns = 2
) -> list[Path]:
    """Draw ``<name>_widening.pdf``, ``.svg`` and ``.png``, and ``<name>_widening_<formant>_frame<N>.png``.

    Args:
        widening: what to draw.
        folder: where to write.
        target_frames: frames to draw, counted from 0.
        columns: width of the figure of all frames.

    Raises:
        ConfigError: when there is no such frame.
        UserError: when a file cannot be written.
    """
    stem = folder / f"{widening.name}{SUFFIX}"
    with publication(stem, columns, _ROW_MM * len(widening.names) + 10.0) as figure:
        plot_sections(figure, widening)
        set_heading(figure, widening.name)
    files = figure_files(stem)
    for frame in dict.fromkeys(target_frames):
        for name in widening.names:
            path = folder / f"{widening.name}{SUFFIX}_{name}_frame{frame:03d}.png"
            files.append(save_drawing(widening.show(frame, name), path))
    return files
