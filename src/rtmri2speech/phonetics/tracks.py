"""Fundamental frequency and formants of a sound over time, as rows, as files for Praat, and as a figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.annotation.pitch_tier import PitchTier, write_pitch_tier
from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.data.tables import Row, finite_or_none, write_table
from rtmri2speech.errors import MediaError
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.formants import ceiling_for, formants_at, require_ceiling
from rtmri2speech.phonetics.pitch import pitch_range, pitch_times, pitch_track

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

_COLUMNS = ("time_s", "voiced", "f0_hz", "f1_hz", "f2_hz", "f3_hz", "f4_hz")


@dataclass(frozen=True, repr=False, eq=False)
class Tracks:
    """What was measured every 10 ms.

    Attributes:
        times: (T,), seconds.
        f0: (T,), Hz; 0 where unvoiced.
        formants: (T, 4), F1 to F4, Hz; NaN where none was found. They mean little where unvoiced.
        duration: of the sound, seconds.
        ceiling: highest frequency of five formants, Hz.
        pitch_range: lowest and highest F0 that was searched for, Hz.
        sound: what they were measured in, for the spectrogram of figures.
    """

    times: Float64
    f0: Float64
    formants: Float64
    duration: float
    ceiling: float
    pitch_range: tuple[float, float]
    sound: Sound | None = field(default=None)

    @property
    def voiced(self) -> Bool:
        """(T,)."""
        return self.f0 > 0

    def rows(self) -> list[Row]:
        """A row per 10 ms: ``time_s``, ``voiced``, ``f0_hz``, ``f1_hz`` to ``f4_hz``; None where there is none."""
        return [
            dict(zip(_COLUMNS, (time, f0 > 0, f0 if f0 > 0 else None, *map(finite_or_none, formants)), strict=True))
            for time, f0, formants in zip(self.times.tolist(), self.f0.tolist(), self.formants.tolist(), strict=True)
        ]

    def save(self, stem: str | Path) -> list[Path]:
        """Write ``<stem>_formants.csv``, ``<stem>.PitchTier`` (F0) and ``<stem>_voiced.TextGrid`` (voiced intervals).

        Args:
            stem: path without an ending.

        Raises:
            UserError: when a file cannot be written.
        """
        place = Path(stem)
        files = [place.with_name(place.name + end) for end in ("_formants.csv", ".PitchTier", "_voiced.TextGrid")]
        table, tier, grid = files
        write_table(table, _COLUMNS, [_written(row) for row in self.rows()])
        write_pitch_tier(tier, PitchTier(0.0, self.duration, self.times[self.voiced], self.f0[self.voiced]))
        with replacing_name(grid) as temporary:
            write_textgrid(interval_grid({"voiced": voiced_intervals(self)}, self.duration), temporary)
        return files

    def show(self) -> Drawing:
        """F1 to F4 over a wide-band spectrogram, F0 below, as a figure that a notebook shows."""
        from rtmri2speech.drawing.style import new_drawing
        from rtmri2speech.phonetics.figures import plot_tracks

        figure = new_drawing(9.0, 4.5)
        plot_tracks(figure, self)
        return figure

    @property
    def in_words(self) -> str:
        """Share of voiced frames, and the ranges that were searched, in words."""
        share = float(self.voiced.mean()) if len(self.f0) else 0.0
        low, high = self.pitch_range
        return f"{share:.0%} voiced, F0 sought from {low:.0f} to {high:.0f} Hz, ceiling {self.ceiling:g} Hz"

    def __repr__(self) -> str:
        return f"Tracks({len(self.times)} frames, {self.duration:.2f} s, {self.in_words})"


def choose_ceiling(sound: Sound, ceiling: float | None) -> float:
    """The ceiling of the formant search: the one asked for, or 5000 or 5500 Hz by the speaker's F0, at most Nyquist.

    Raises:
        ConfigError: when the sound cannot have it (:func:`~rtmri2speech.phonetics.formants.require_ceiling`).
    """
    require_ceiling(ceiling, sound.rate / 2)
    if ceiling is not None:
        return ceiling
    wave = sound.samples.astype(np.float64)
    return ceiling_for(pitch_track(wave, sound.rate, *pitch_range([wave], sound.rate)), sound.rate / 2)


def formants(sound: Sound, ceiling: float | None = None) -> Tracks:
    """F0 by Praat's autocorrelation within the speaker's own range, F1 to F4 by its robust method, every 10 ms.

    Args:
        sound: any.
        ceiling: highest frequency of five formants, Hz; None for 5000 or 5500 by the speaker's F0, at most Nyquist.

    Raises:
        ConfigError: when the ceiling is below 1000 Hz or above Nyquist.
        MediaError: when the sound is no longer than three periods of the lowest F0.
        UserError: when Praat (extra ``phonetics``) is not installed.
    """
    praat.require()
    wave = sound.samples.astype(np.float64)
    ceiling = choose_ceiling(sound, ceiling)
    lowest, highest = pitch_range([wave], sound.rate)
    f0 = pitch_track(wave, sound.rate, lowest, highest)
    if len(f0) == 0:
        raise MediaError(f"The sound lasts {sound.duration:.3f} s: too short to measure F0.", "Give a longer sound.")
    times = pitch_times(len(f0), sound.duration)
    values = formants_at(wave, sound.rate, times, ceiling)
    return Tracks(times, f0, values, sound.duration, ceiling, (lowest, highest), sound)


def voiced_intervals(tracks: Tracks) -> list[tuple[float, float, str]]:
    """Voiced stretches, seconds: from half a frame before the first voiced frame to half a frame after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], tracks.voiced, [False]])))
    middles = [(one + other) / 2.0 for one, other in pairwise(tracks.times.tolist())]
    borders = [0.0, *middles, tracks.duration]
    return [(borders[first], borders[stop], "V") for first, stop in edges.reshape(-1, 2)]


def _written(row: Row) -> list[str | None]:
    """The cells of a row as the table has them."""
    time, voiced, f0, *values = (row[name] for name in _COLUMNS)
    shown = [None if value is None else f"{value:.1f}" for value in values]
    return [f"{time:.4f}", str(int(bool(voiced))), None if f0 is None else f"{f0:.2f}", *shown]
