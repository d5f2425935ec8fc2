"""The vowel space of a speaker: formants of every token, ellipses that hold them, and their tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.phonetics.bark import hz_to_bark
from rtmri2speech.phonetics.formants import vowel_formants
from rtmri2speech.phonetics.vowels.mean_frames import MeanFrames
from rtmri2speech.phonetics.vowels.spans import Span

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

FEWEST = 3
"""Tokens that an ellipse and a correlation need."""


@dataclass(frozen=True)
class VowelToken:
    """One vowel of a recording.

    Attributes:
        recording: its name.
        label: which vowel.
        start, end: seconds of the recording.
        f1, f2: medians over its middle third, Hz; NaN where Praat found none.
    """

    recording: str
    label: str
    start: float
    end: float
    f1: float
    f2: float


@dataclass(frozen=True)
class Ellipse:
    """An ellipse in a plane of two formants.

    Attributes:
        mean: (2,), its center.
        axes: (2, 2), its half axes as rows, the longer first.
        count: tokens it was computed from.
    """

    mean: Float64
    axes: Float64
    count: int

    def outline(self, points: int = 100) -> Float64:
        """(points, 2), closed."""
        angle = np.linspace(0.0, 2.0 * np.pi, points)
        return np.asarray(self.mean + np.stack([np.cos(angle), np.sin(angle)], axis=1) @ self.axes)


def ellipse_of(values: Float64, share: float) -> Ellipse | None:
    """The ellipse that holds a share of the bivariate normal distribution with the mean and covariance of the values.

    Its half axes are the covariance's principal standard deviations times sqrt(-2 ln(1 - share)), the quantile of the
    chi-squared distribution with two degrees of freedom: 2.45 for 95 %, 1.51 for 68 %.

    Args:
        values: (K, 2).
        share: between 0 and 1.

    Returns:
        None for fewer than three values.
    """
    if len(values) < FEWEST:
        return None
    variances, directions = np.linalg.eigh(np.cov(values.T))
    scale = np.sqrt(-2.0 * np.log1p(-share))
    axes = (directions * np.sqrt(np.maximum(variances, 0.0)) * scale).T
    return Ellipse(values.mean(axis=0), axes[::-1], len(values))


def require_share(share: float) -> None:
    """Refuse an ellipse that no distribution has.

    Raises:
        ConfigError: when the share is not between 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise ConfigError(f"`share={share:g}`: not between 0 and 1.", "Give 0.95, or 0.68.")


def measure_vowels(recording: str, sound: Sound, spans: Sequence[Span], ceiling: float) -> list[VowelToken]:
    """F1 and F2 of a recording's vowels: medians over the middle third of each.

    Args:
        recording: its name.
        sound: any, time 0 of the spans being its first sample.
        spans: the vowels.
        ceiling: highest frequency of five formants, Hz, not above Nyquist.

    Raises:
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    found = vowel_formants(sound.samples, sound.rate, [(span.start, span.end) for span in spans], ceiling)
    return [
        VowelToken(recording, span.label, span.start, span.end, float(f1), float(f2))
        for span, (f1, f2) in zip(spans, found, strict=True)
    ]


def by_label(tokens: Iterable[VowelToken]) -> dict[str, Float64]:
    """F1 and F2 of each vowel's tokens that have both, (K, 2), Hz; vowels in the order of their first token."""
    found: dict[str, list[tuple[float, float]]] = {}
    for token in tokens:
        if np.isfinite(token.f1) and np.isfinite(token.f2):
            found.setdefault(token.label, []).append((token.f1, token.f2))
    return {label: np.array(values) for label, values in found.items()}


@dataclass(frozen=True)
class RecordedVowels:
    """The vowels of one recording.

    Attributes:
        name: of the recording.
        duration: of its sound, seconds.
        tokens: its vowels, in order.
    """

    name: str
    duration: float
    tokens: list[VowelToken]

    def save(self, path: Path) -> Path:
        """Write them as a TextGrid, a tier of labels and one of F1 and F2 in Hz, and return ``path``.

        Raises:
            UserError: when the file cannot be written.
        """
        tokens = self.tokens
        labels = [(token.start, token.end, token.label) for token in tokens]
        formants = [
            (token.start, token.end, f"{token.f1:.0f} {token.f2:.0f}") for token in tokens if np.isfinite(token.f1)
        ]
        end = max([self.duration, *(token.end for token in tokens)])
        with replacing_name(path) as temporary:
            write_textgrid(interval_grid({"vowels": labels, "f1 f2 (Hz)": formants}, end), temporary)
        return path


@dataclass(frozen=True, repr=False, eq=False)
class VowelSpace:
    """The vowels of some recordings.

    Attributes:
        recordings: those that could be used.
        frames: mean frames of the vowels of videos.
        failures: recordings that could not be used, and why.
        notes: remarks on their TextGrids.
    """

    recordings: list[RecordedVowels] = field(default_factory=list)
    frames: MeanFrames = field(default_factory=MeanFrames)
    failures: list[tuple[Path, UserError]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def tokens(self) -> list[VowelToken]:
        """Every vowel, in the order of the recordings."""
        return [token for recording in self.recordings for token in recording.tokens]

    @property
    def title(self) -> str:
        """How many vowels and recordings, in words."""
        return f"{len(self.tokens)} vowels of {len(self.recordings)} recording(s)"

    def rows(self) -> list[Row]:
        """A row per token, with its formants in Hz and in Bark; None where Praat found none."""
        return [_row_of(token) for token in self.tokens]

    def summary(self) -> list[Row]:
        """A row per vowel: number of tokens, means, standard deviations and medians in Hz, correlation of F1 and F2."""
        return [_summary_of(label, values) for label, values in by_label(self.tokens).items()]

    def save(self, out: str | Path) -> list[Path]:
        """Write the tables, a TextGrid per recording, and of videos the mean frames.

        Files: ``vowels.csv`` (:meth:`rows`), ``vowels_summary.csv`` (:meth:`summary`), ``<recording>_vowels.TextGrid``
        and ``vowels_frames.npz``.

        Args:
            out: folder to write to; made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        folder = Path(out)
        files = [
            write_table(folder / "vowels.csv", list(_ROW_DECIMALS), _written(self.rows(), _ROW_DECIMALS)),
            write_table(
                folder / "vowels_summary.csv", list(_SUMMARY_DECIMALS), _written(self.summary(), _SUMMARY_DECIMALS)
            ),
        ]
        files += [one.save(folder / f"{one.name}_vowels.TextGrid") for one in self.recordings]
        return files + (self.frames.save(folder) if self.frames.counts else [])

    def show(self, scale: Literal["hz", "bark"] = "hz", share: float = 0.95) -> Drawing:
        """The vowel space as a figure that a notebook shows.

        Args:
            scale: ``hz`` or ``bark``.
            share: part of each vowel's distribution that its ellipse holds, between 0 and 1.

        Raises:
            ConfigError: when the share is not between 0 and 1.
        """
        from rtmri2speech.drawing.style import new_drawing
        from rtmri2speech.phonetics.figures import plot_vowels

        require_share(share)
        figure = new_drawing(6.0, 5.0)
        plot_vowels(figure, self.tokens, scale, share, self.title)
        return figure

    def __repr__(self) -> str:
        counts = ", ".join(f"{label} {len(values)}" for label, values in by_label(self.tokens).items())
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"VowelSpace({self.title}{failed}: {counts or 'none'})"


# Columns of the tables, each with the decimals of its numbers; None for cells that stay as they are.
_ROW_DECIMALS: dict[str, int | None] = {
    "recording": None,
    "label": None,
    "start_s": 4,
    "end_s": 4,
    "f1_hz": 1,
    "f2_hz": 1,
    "f1_bark": 3,
    "f2_bark": 3,
}
_SUMMARY_DECIMALS: dict[str, int | None] = {
    "label": None,
    "tokens": None,
    "mean_f1_hz": 1,
    "mean_f2_hz": 1,
    "sd_f1_hz": 1,
    "sd_f2_hz": 1,
    "median_f1_hz": 1,
    "median_f2_hz": 1,
    "correlation": 3,
}


def _row_of(token: VowelToken) -> Row:
    hz = np.array([token.f1, token.f2])
    values = [token.recording, token.label, token.start, token.end, *_known(hz), *_known(hz_to_bark(hz))]
    return dict(zip(_ROW_DECIMALS, values, strict=True))


def _summary_of(label: str, values: Float64) -> Row:
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(2, np.nan)
    correlation = np.full(1, np.nan)
    if len(values) >= FEWEST and (spread > 0).all():
        correlation[0] = np.corrcoef(values.T).ravel()[1]
    statistics = [*values.mean(axis=0), *spread, *np.median(values, axis=0), *correlation]
    return dict(zip(_SUMMARY_DECIMALS, [label, len(values), *_known(np.array(statistics))], strict=True))


def _known(values: Float64) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _written(rows: Iterable[Row], decimals: Mapping[str, int | None]) -> list[Row]:
    """Rows with their numbers as text of so many decimals."""

    def cell(value: object, places: int | None) -> str | None:
        return None if value is None else str(value) if places is None else f"{value:.{places}f}"

    return [{name: cell(row[name], places) for name, places in decimals.items()} for row in rows]
