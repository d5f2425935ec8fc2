"""Figures of a movement as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.analysis.movement.figures import plot_changes
from rtmri2speech.analysis.movement.files import stem_of
from rtmri2speech.analysis.movement.result import Move
from rtmri2speech.drawing.style import Columns, figure_files, publication, save_drawing, set_heading

_ROW_MM = 26.0


def draw_move(move: Move, folder: Path, target_frames: Sequence[int] = (), columns: Columns = 2) -> list[Path]:
    """Draw ``<name>_move_<movement>.pdf``, ``.svg`` and ``.png``, and ``..._frame<N>.png``.

    Args:
        move: what to draw.
        folder: where to write.
        target_frames: frames to draw, counted from 0.
        columns: width of the figure of all frames.

    Raises:
        ConfigError: when there is no such frame.
        UserError: when a file cannot be written.
    """
    stem = folder / stem_of(move)
    with publication(stem, columns, _ROW_MM * len(move.names) + 16.0) as figure:
        plot_changes(figure, move)
        set_heading(figure, f"{move.name}: {move.movement}")
    files = figure_files(stem)
    for frame in dict.fromkeys(target_frames):
        files.append(save_drawing(move.show(frame), folder / f"{stem.name}_frame{frame:03d}.png"))
    return files
