"""A small moving picture with sound that belongs to it, of any size and rate, drawn in milliseconds.

Where a test is about files, clocks and commands, what the picture shows does not matter, only that it moves with
the sound. Where it does matter, take the fixture ``tiny_phantom``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.data.media.video import write_video

FRAME_RATE = Fraction(625, 23)
"""Frames a second of the ATR-503 recordings."""

SAMPLE_RATE = 20_000

_SYLLABLE = 0.27  # seconds
_PAUSE_EVERY = 4  # syllables


@dataclass(frozen=True)
class Talk:
    """Pictures (T, size, size) uint8, sound (N,) float32, and what was said: (start, end, vowel) in seconds."""

    frames: NDArray[np.uint8]
    audio: NDArray[np.float32]
    labels: list[tuple[float, float, str]]
    frame_rate: Fraction
    sample_rate: int


def speak(
    seconds: float, seed: int, frame_rate: Fraction = FRAME_RATE, sample_rate: int = SAMPLE_RATE, size: int = 256
) -> Talk:
    """Syllables with pauses between: a bright disc rises with the loudness and goes forth and back with the pitch."""
    rng = np.random.default_rng(seed)
    count = round(seconds * frame_rate)
    n_samples = round(count * sample_rate / frame_rate)
    n_syllables = int(seconds / _SYLLABLE)
    spoken = np.arange(n_syllables) % _PAUSE_EVERY != _PAUSE_EVERY - 1
    pitches = rng.uniform(100.0, 180.0, n_syllables + 1)

    def loudness(times: NDArray[np.float64]) -> NDArray[np.float64]:
        place = times / _SYLLABLE
        heard = spoken[np.minimum(place.astype(int), n_syllables - 1)]
        return np.asarray(np.sin(np.pi * place) ** 2 * heard)

    def pitch(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.interp(times / _SYLLABLE, np.arange(n_syllables + 1), pitches)

    samples = np.arange(n_samples) / sample_rate
    phase = 2.0 * np.pi * np.cumsum(pitch(samples)) / sample_rate
    tone = sum(np.sin(order * phase) / order for order in range(1, 20))
    audio = 0.2 * loudness(samples) * tone + 3e-4 * rng.standard_normal(n_samples)

    centres = (np.arange(count) + 0.5) / float(frame_rate)
    rows, columns = np.mgrid[:size, :size] / size
    head = 40.0 + 8.0 * gaussian_filter(rng.standard_normal((size, size)), 2.0) * size / 16
    x = 0.3 + 0.3 * (pitch(centres) - 100.0) / 80.0
    y = 0.7 - 0.3 * loudness(centres)
    distance = np.hypot(columns - x[:, None, None], rows - y[:, None, None])
    disc = np.clip((0.18 - distance) * size + 0.5, 0.0, 1.0)
    frames = head + 120.0 * disc + 3.0 * rng.standard_normal((count, size, size))
    labels = [(n * _SYLLABLE, (n + 1) * _SYLLABLE, "aiueo"[n % 5]) for n in range(n_syllables) if spoken[n]]
    whole = np.clip(np.rint(frames), 0, 255).astype(np.uint8)
    return Talk(whole, audio.astype(np.float32), labels, frame_rate, sample_rate)


def write_recording(talk: Talk, folder: Path, name: str, *, wav: bool = True, textgrid: bool = False) -> Path:
    """Write ``<name>.mp4`` and beside it ``<name>.wav`` and ``<name>.TextGrid``; the path of the video."""
    video = folder / f"{name}.mp4"
    write_video(video, talk.frames, talk.frame_rate)
    if wav:
        write_wav(folder / f"{name}.wav", talk.audio, talk.sample_rate)
    if textgrid:
        end = float(len(talk.frames) / talk.frame_rate)
        with replacing_name(folder / f"{name}.TextGrid") as temporary:
            write_textgrid(interval_grid({"phones": talk.labels}, end), temporary)
    return video
