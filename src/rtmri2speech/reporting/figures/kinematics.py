"""Figures of movement for publication: kymographs, and the brightness of regions with its velocity."""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.analysis.kinematics.figures import plot_intensity, plot_kymograph
from rtmri2speech.analysis.kinematics.kymograph import Kymograph
from rtmri2speech.analysis.kinematics.region_intensity import Intensity
from rtmri2speech.drawing.style import Columns, figure_files, publication, set_heading

_HEIGHT_MM: dict[Columns, float] = {1: 60.0, 2: 50.0}
# Width of what lies to the right of the mean frame, as a multiple of the frame's.
_SHARE: dict[Columns, float] = {1: 1.4, 2: 2.6}
_LEGEND_COLUMNS: dict[Columns, int] = {1: 3, 2: 4}


def draw_kymograph(stem: Path, kymograph: Kymograph, columns: Columns, title: str) -> list[Path]:
    """Write :func:`~rtmri2speech.analysis.kinematics.figures.plot_kymograph` as PDF, SVG and PNG.

    Raises:
        UserError: when a file cannot be written.
    """
    with publication(stem, columns, _HEIGHT_MM[columns]) as figure:
        plot_kymograph(figure, kymograph, _SHARE[columns])
        set_heading(figure, title)
    return figure_files(stem)


def draw_intensity(stem: Path, intensity: Intensity, columns: Columns, title: str) -> list[Path]:
    """Write :func:`~rtmri2speech.analysis.kinematics.figures.plot_intensity` as PDF, SVG and PNG.

    Raises:
        UserError: when a file cannot be written.
    """
    with publication(stem, columns, 1.5 * _HEIGHT_MM[columns]) as figure:
        plot_intensity(figure, intensity, _SHARE[columns], _LEGEND_COLUMNS[columns])
        set_heading(figure, title)
    return figure_files(stem)
