"""Speech on a page: sounds, spectrograms, formants and F0, vowels, labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Floating
from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.annotation.grid import Interval
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import UserError
from rtmri2speech.phonetics.spectrogram import wide_band
from rtmri2speech.phonetics.tracks import Tracks, formants
from rtmri2speech.phonetics.vowels.space import measure_vowels
from rtmri2speech.phonetics.vowels.spans import Span, VowelFinder
from rtmri2speech.reporting.page.data import SoundKind, TierData, TracksData, VowelData
from rtmri2speech.reporting.page.images import encode_webp

HIGHEST = 5500.0
"""Hz: top of the spectrograms, where speech has its first four formants or five."""

# Of the spectrogram: seconds per column, dynamic range, rows, and quality of the image.
_STEP, _RANGE_DB, _ROWS, _QUALITY = 0.002, 65.0, 220, 70
# WebP images have sides of 16383 pixels at most.
_WIDEST = 16_000


@dataclass(frozen=True)
class Spoken:
    """A sound of the page; time 0 is the start of the first frame.

    Attributes:
        kind: original, generated or masked.
        label: what tells it from others of its kind: the folder, or what was hidden.
        sound: the samples.
    """

    kind: SoundKind
    label: str
    sound: Sound


def spectrogram(sound: Sound, top: float) -> tuple[bytes, float, float]:
    """A wide-band spectrogram as WebP: loud is bright, the highest frequency in the first row.

    Args:
        sound: any.
        top: highest frequency, Hz; above Nyquist the image is dark.

    Returns:
        The image, and the times of its left and its right edge, seconds.
    """
    hz, times, level = wide_band(sound.samples, sound.rate, max(_STEP, sound.duration / _WIDEST))
    wanted = (np.arange(_ROWS)[::-1] + 0.5) * top / _ROWS
    rows = np.stack([np.interp(wanted, hz, column, right=-200.0) for column in level.T], axis=1)
    shades = np.clip((rows - rows.max()) / _RANGE_DB + 1.0, 0.0, 1.0)
    half = float(times[-1] - times[0]) / max(len(times) - 1, 1) / 2.0
    image = encode_webp((255.0 * shades).astype(np.uint8), _QUALITY)
    return image, float(times[0]) - half, float(times[-1]) + half


def tracks_of(sound: Sound) -> Tracks | None:
    """Formants and F0, or None where the sound is too short or has too low a rate."""
    try:
        return formants(sound)
    except UserError:
        return None


def tracks_data(tracks: Tracks) -> TracksData:
    """Tracks as the page takes them: rounded, null where there is nothing."""
    return {
        "start": float(tracks.times[0]),
        "step": float(tracks.times[1] - tracks.times[0]) if len(tracks.times) > 1 else 0.0,
        "ceiling": tracks.ceiling,
        "f0": numbers(np.where(tracks.voiced, tracks.f0, np.nan), 1),
        "formants": [numbers(track, 0) for track in tracks.formants.T],
    }


def numbers(values: Floating, digits: int) -> list[float | None]:
    """Values as JSON knows them: NaN is null."""
    return [round(value, digits) if math.isfinite(value) else None for value in values.tolist()]


def vowels_of(spoken: Spoken, spans: Sequence[Span], ceiling: float) -> list[VowelData]:
    """F1 and F2 of vowels in a sound, those that have both."""
    ceiling = min(ceiling, spoken.sound.rate / 2)
    return [
        {
            "label": one.label,
            "start": round(one.start, 4),
            "end": round(one.end, 4),
            "f1": round(one.f1, 1),
            "f2": round(one.f2, 1),
        }
        for one in measure_vowels(spoken.label, spoken.sound, spans, ceiling)
        if math.isfinite(one.f1) and math.isfinite(one.f2)
    ]


def tiers_of(path: Path, lead: float, seconds: float, annotated: float | None = None) -> list[TierData]:
    """Tiers of a TextGrid on the clip's clock, without empty labels.

    Args:
        path: the file.
        lead: seconds from the TextGrid's time 0 to the first frame.
        seconds: length of the clip; what lies outside is left out.
        annotated: length of the sound that is annotated, to compare; None compares nothing.

    Raises:
        MediaError: when the file cannot be read, or is of another sound.
    """
    tiers: list[TierData] = []
    grid = read_textgrid(path)
    for tier in (grid if annotated is None else fit_to_sound(grid, path, annotated)[0]).tiers:
        entries = (
            (one.start, one.end, one.label) if isinstance(one, Interval) else (one.time, one.time, one.label)
            for one in tier.entries
        )
        tiers.append({"name": tier.name, "entries": list(_moved(entries, lead, seconds))})
    return tiers


def _moved(
    entries: Iterable[tuple[float, float, str]], lead: float, seconds: float
) -> Iterable[tuple[float, float, str]]:
    for start, end, label in entries:
        low, high = max(start - lead, 0.0), min(end - lead, seconds)
        if label.strip() and low <= high:
            yield round(low, 4), round(high, 4), label.strip()


def vowel_spans(path: Path, lead: float, annotated: float | None = None) -> list[Span]:
    """Vowels of a TextGrid on the clip's clock; arguments as of :func:`tiers_of`.

    Raises:
        MediaError: when the file cannot be read, or is of another sound.
    """
    return [Span(one.label, one.start - lead, one.end - lead) for one in VowelFinder().spans_in(path, annotated)]
