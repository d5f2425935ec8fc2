"""Fundamental frequency and formants of a sound over time, as tables and as files for Praat."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing_name, write_text
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.phonetics.formants import ceiling_for, formants_at
from rtmri2speech.phonetics.pitch import pitch_range, pitch_times, pitch_track

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tracks:
    """What was measured every 10 ms.

    Attributes:
        times: (T,), seconds.
        f0: (T,), Hz; 0 where there is no voice.
        formants: (T, 4), F1 to F4, Hz; NaN where there is none. Where there is no voice they mean little.
        duration: of the sound, seconds.
        ceiling: highest frequency of five formants, Hz.
        pitch_range: lowest and highest F0 that was looked for, Hz.
    """

    times: Floats
    f0: Floats
    formants: Floats
    duration: float
    ceiling: float
    pitch_range: tuple[float, float]

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """(T,)."""
        return self.f0 > 0


def choose_ceiling(sound: Sound, ceiling: float | None) -> float:
    """The ceiling of the formant search: the one asked for, or by the speaker's F0, 5000 or 5500 Hz.

    Raises:
        ConfigError: when it lies above Nyquist (Praat would accept it in silence), or is no frequency.
    """
    nyquist = sound.rate / 2
    if ceiling is None:
        lowest, highest = pitch_range([sound.samples.astype(np.float64)], sound.rate)
        track = pitch_track(sound.samples.astype(np.float64), sound.rate, lowest, highest)
        ceiling = ceiling_for(float(np.median(track[track > 0])) if (track > 0).any() else 0.0)
    if not 0 < ceiling <= nyquist:
        raise ConfigError(
            f"--ceiling {ceiling:g}: the sound has {sound.rate} samples a second, so nothing above {nyquist:g} Hz.",
            "Give 5000 for a man's voice or 5500 for a woman's; the sound needs twice as many samples a second.",
        )
    return ceiling


def measure_tracks(sound: Sound, ceiling: float | None = None) -> Tracks:
    """F0 by Praat's autocorrelation within the speaker's own range, F1 to F4 by its robust method, every 10 ms.

    Args:
        sound: any.
        ceiling: highest frequency of five formants, Hz; None for one by F0.

    Raises:
        ConfigError: when the ceiling lies above Nyquist.
        MediaError: when the sound is shorter than three periods of the lowest F0.
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    wave = sound.samples.astype(np.float64)
    ceiling = choose_ceiling(sound, ceiling)
    lowest, highest = pitch_range([wave], sound.rate)
    f0 = pitch_track(wave, sound.rate, lowest, highest)
    if len(f0) == 0:
        raise MediaError(f"The sound lasts {sound.duration:.3f} s: too short to measure F0.", "Give a longer sound.")
    times = pitch_times(len(f0), sound.duration)
    formants = formants_at(wave, sound.rate, times, ceiling)
    return Tracks(times, f0, formants, sound.duration, ceiling, (lowest, highest))


def write_tracks(tracks: Tracks, out: Path, name: str) -> list[Path]:
    """Write ``<name>_formants.csv``, ``<name>.PitchTier`` (F0) and ``<name>_voiced.TextGrid`` (where there is voice).

    Raises:
        UserError: when a file cannot be written.
    """
    table, tier, grid = out / f"{name}_formants.csv", out / f"{name}.PitchTier", out / f"{name}_voiced.TextGrid"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time_s", "voiced", "f0_hz", *(f"f{number}_hz" for number in range(1, 5))])
    for time, f0, formants in zip(tracks.times, tracks.f0, tracks.formants, strict=True):
        values = [f"{value:.1f}" if np.isfinite(value) else "" for value in formants]
        writer.writerow([f"{time:.4f}", int(f0 > 0), f"{f0:.2f}" if f0 > 0 else "", *values])
    write_text(table, text.getvalue())
    write_text(tier, pitch_tier(tracks))
    with replacing_name(grid) as temporary:
        write_textgrid(interval_grid({"voiced": voiced_intervals(tracks)}, tracks.duration), temporary)
    return [table, tier, grid]


def pitch_tier(tracks: Tracks) -> str:
    """F0 as Praat's PitchTier in text form: a point a voiced frame."""
    points = [(time, f0) for time, f0 in zip(tracks.times, tracks.f0, strict=True) if f0 > 0]
    lines = ['File type = "ooTextFile"', 'Object class = "PitchTier"', ""]
    lines += ["xmin = 0", f"xmax = {tracks.duration!r}", f"points: size = {len(points)}"]
    for number, (time, f0) in enumerate(points, start=1):
        lines += [f"points [{number}]:", f"    number = {time:.6f}", f"    value = {f0:.4f}"]
    return "\n".join(lines) + "\n"


def voiced_intervals(tracks: Tracks) -> list[tuple[float, float, str]]:
    """Stretches of voice: from half a frame before the first voiced frame to half a frame after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], tracks.voiced, [False]])))
    middles = [(one + other) / 2.0 for one, other in pairwise(tracks.times.tolist())]
    borders = [0.0, *middles, tracks.duration]
    return [(borders[first], borders[stop], "V") for first, stop in edges.reshape(-1, 2)]
