"""Figures of speech for publication: tracks over the spectrogram, the vowel space, mean frames of vowels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rtmri2speech.arrays import Float32
from rtmri2speech.drawing.style import WIDTH_MM, Columns, figure_files, publication, set_heading
from rtmri2speech.phonetics.figures import ACROSS, FrequencyScale, plot_mean_frames, plot_tracks, plot_vowels
from rtmri2speech.phonetics.tracks import Tracks
from rtmri2speech.phonetics.vowels.space import VowelSpace, VowelToken

_HEIGHT_MM = 75.0
# Of a mean frame's heading.
_HEADING_MM = 6.0


def draw_tracks(stem: Path, tracks: Tracks, columns: Columns, title: str) -> list[Path]:
    """Write :func:`~rtmri2speech.phonetics.figures.plot_tracks` as PDF, SVG and PNG.

    Raises:
        UserError: when a file cannot be written.
    """
    with publication(stem, columns, _HEIGHT_MM) as figure:
        plot_tracks(figure, tracks)
        set_heading(figure, title)
    return figure_files(stem)


def draw_vowels(
    stem: Path, tokens: Sequence[VowelToken], scale: FrequencyScale, share: float, columns: Columns, title: str
) -> list[Path]:
    """Write :func:`~rtmri2speech.phonetics.figures.plot_vowels` as PDF, SVG and PNG.

    Raises:
        UserError: when a file cannot be written.
    """
    with publication(stem, columns, 0.85 * WIDTH_MM[1] if columns == 1 else 0.65 * WIDTH_MM[2]) as figure:
        plot_vowels(figure, tokens, scale, share, title)
    return figure_files(stem)


def draw_mean_frames(stem: Path, means: Mapping[str, Float32], counts: Mapping[str, int]) -> list[Path]:
    """Write :func:`~rtmri2speech.phonetics.figures.plot_mean_frames` as PDF, SVG and PNG.

    Raises:
        UserError: when a file cannot be written.
    """
    down = -(-len(means) // ACROSS)
    with publication(stem, 2, down * (WIDTH_MM[2] / ACROSS + _HEADING_MM)) as figure:
        plot_mean_frames(figure, means, counts)
    return figure_files(stem)


def draw_vowel_space(out: Path, space: VowelSpace, share: float, columns: Columns) -> list[Path]:
    """Write ``vowels_hz``, ``vowels_bark`` and, of videos, ``vowels_frames``.

    Args:
        out: folder to write to.
        space: what was measured.
        share: part of each vowel's distribution that its ellipse holds.
        columns: width of the vowel space.

    Raises:
        UserError: when a file cannot be written.
    """
    files = draw_vowels(out / "vowels_hz", space.tokens, "hz", share, columns, space.title)
    files += draw_vowels(out / "vowels_bark", space.tokens, "bark", share, columns, space.title)
    if space.frames.counts:
        files += draw_mean_frames(out / "vowels_frames", space.frames.means(), space.frames.counts)
    return files
