"""The vowels of recordings: formants of every token, ellipses that hold them, the mean frame of each vowel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing, replacing_name, write_text
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.phonetics.bark import hz_to_bark
from rtmri2speech.phonetics.formants import vowel_formants
from rtmri2speech.phonetics.vowels import Span

Floats = NDArray[np.float64]

# Of fewer tokens no ellipse can be told.
FEWEST = 3


@dataclass(frozen=True)
class VowelToken:
    """One vowel that was spoken.

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
        mean: (2,), its middle.
        axes: (2, 2), its half axes as rows, the longer first.
        count: tokens it was made of.
    """

    mean: Floats
    axes: Floats
    count: int

    def outline(self, points: int = 100) -> Floats:
        """(points, 2), closed."""
        angle = np.linspace(0.0, 2.0 * np.pi, points)
        return np.asarray(self.mean + np.stack([np.cos(angle), np.sin(angle)], axis=1) @ self.axes)


def ellipse_of(values: Floats, share: float) -> Ellipse | None:
    """The ellipse that holds a share of a bivariate normal distribution with the mean and covariance of the values.

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


def measure_vowels(recording: str, sound: Sound, spans: Sequence[Span], ceiling: float) -> list[VowelToken]:
    """F1 and F2 of a recording's vowels.

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


def write_vowel_grid(tokens: Sequence[VowelToken], duration: float, path: Path) -> None:
    """Write a recording's vowels as a TextGrid: a tier of labels, and one of F1 and F2 in Hz.

    Raises:
        UserError: when the file cannot be written.
    """
    labels = [(token.start, token.end, token.label) for token in tokens]
    formants = [(token.start, token.end, f"{token.f1:.0f} {token.f2:.0f}") for token in tokens if np.isfinite(token.f1)]
    end = max([duration, *(token.end for token in tokens)])
    with replacing_name(path) as temporary:
        write_textgrid(interval_grid({"vowels": labels, "f1 f2 (Hz)": formants}, end), temporary)


def by_label(tokens: Iterable[VowelToken]) -> dict[str, Floats]:
    """F1 and F2 of each vowel's tokens that have both, (K, 2), Hz; vowels in the order of their first token."""
    found: dict[str, list[tuple[float, float]]] = {}
    for token in tokens:
        if np.isfinite(token.f1) and np.isfinite(token.f2):
            found.setdefault(token.label, []).append((token.f1, token.f2))
    return {label: np.array(values) for label, values in found.items()}


def write_vowels(tokens: Sequence[VowelToken], out: Path) -> list[Path]:
    """Write ``vowels.csv``, a line a token, and ``vowels_summary.csv``, a line a vowel.

    Raises:
        UserError: when a file cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["recording", "label", "start_s", "end_s", "f1_hz", "f2_hz", "f1_bark", "f2_bark"])
    for token in tokens:
        hz = np.array([token.f1, token.f2])
        numbers = [*_written(hz, 1), *_written(hz_to_bark(hz), 3)]
        rows.writerow([token.recording, token.label, f"{token.start:.4f}", f"{token.end:.4f}", *numbers])
    summary = io.StringIO()
    lines = csv.writer(summary, lineterminator="\n")
    names = [f"{statistic}_{formant}_hz" for statistic in ("mean", "sd", "median") for formant in ("f1", "f2")]
    lines.writerow(["label", "tokens", *names, "correlation"])
    for label, values in by_label(tokens).items():
        several = len(values) > 1
        spread = values.std(axis=0, ddof=1) if several else np.full(2, np.nan)
        related = (
            float(np.corrcoef(values[:, 0], values[:, 1]).ravel()[1])
            if len(values) >= FEWEST and (spread > 0).all()
            else np.nan
        )
        numbers = [*_written(values.mean(axis=0), 1), *_written(spread, 1), *_written(np.median(values, axis=0), 1)]
        lines.writerow([label, len(values), *numbers, *_written(np.array([related]), 3)])
    files = [out / "vowels.csv", out / "vowels_summary.csv"]
    for path, one in zip(files, (text, summary), strict=True):
        write_text(path, one.getvalue())
    return files


def _written(values: Floats, digits: int) -> list[str]:
    return [f"{value:.{digits}f}" if np.isfinite(value) else "" for value in values]


class MeanFrames:
    """Sums the frames of each vowel over recordings.

    Attributes:
        sums: by vowel, (S, S).
        counts: frames by vowel.
    """

    def __init__(self) -> None:
        self.sums: dict[str, Floats] = {}
        self.counts: dict[str, int] = {}

    def add(self, clip: Clip, rate: Fraction, spans: Sequence[Span], lead: float) -> None:
        """Take the frames whose centre lies in the middle third of a vowel; of a shorter one the frame of its middle.

        Args:
            clip: the video in one grey scale.
            rate: its frames a second.
            spans: vowels, on the sound's clock.
            lead: seconds of sound before the picture begins.
        """
        wanted: dict[int, list[str]] = {}
        for span in spans:
            third = (span.end - span.start) / 3.0
            low, high = ((time - lead) * float(rate) - 0.5 for time in (span.start + third, span.end - third))
            first, last = int(np.ceil(low)), int(np.floor(high))
            for frame in range(first, last + 1) if first <= last else [round((low + high) / 2.0)]:
                wanted.setdefault(frame, []).append(span.label)
        number = 0
        for block in clip.blocks():
            for picture in block:
                for label in wanted.get(number, ()):
                    self.sums[label] = self.sums.get(label, np.zeros(picture.shape)) + picture
                    self.counts[label] = self.counts.get(label, 0) + 1
                number += 1

    def save(self, out: Path) -> list[Path]:
        """Write ``vowels_frames.npz``: labels (V,), frames (V, S, S), float32, 0 to 255, counts (V,).

        Raises:
            UserError: when the file cannot be written.
        """
        path, means = out / "vowels_frames.npz", self.means()
        counts = np.array([self.counts[label] for label in means])
        with replacing(path) as file:
            np.savez_compressed(
                file, labels=np.array(list(means)), frames=np.stack(list(means.values())), counts=counts
            )
        return [path]

    def means(self) -> dict[str, NDArray[np.float32]]:
        """By vowel, (S, S), grey values from 0 to 255."""
        return {label: (total / self.counts[label]).astype(np.float32) for label, total in self.sums.items()}
