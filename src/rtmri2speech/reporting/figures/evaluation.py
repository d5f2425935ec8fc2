"""The figure sheets of an evaluation for publication, one per group of speakers."""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.drawing.style import figure_files, publication
from rtmri2speech.evaluation.output.figures import plot_sheet
from rtmri2speech.evaluation.results import Evaluation
from rtmri2speech.evaluation.summary import Group
from rtmri2speech.signal.features import FeatureConfig

_HEIGHT_MM = 168.0
_KINDS = ("pdf", "png")


def draw_sheet(out: Path, group: Group, features: FeatureConfig) -> list[Path]:
    """Write :func:`~rtmri2speech.evaluation.output.figures.plot_sheet` as ``figure_NAME.pdf`` and ``figure_NAME.png``.

    Args:
        out: folder to write to.
        group: the utterances.
        features: their mel definition.

    Raises:
        UserError: when a file cannot be written.
    """
    stem = out / f"figure_{group.name}"
    with publication(stem, 2, _HEIGHT_MM, _KINDS) as figure:
        plot_sheet(figure, group, features)
    return figure_files(stem, _KINDS)


def draw_sheets(out: Path, evaluation: Evaluation) -> list[Path]:
    """A sheet for seen and one for unseen speakers, or one for all where that is not known.

    Raises:
        UserError: when a file cannot be written.
    """
    features = evaluation.dataset.meta.features
    return [path for group in evaluation.groups.main for path in draw_sheet(out, group, features)]
