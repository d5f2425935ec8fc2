"""Two folders of sound: recordings, and what a system made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.audio import resample, write_wav

RATE = 16_000
LENGTHS = {"a": 0.8, "b": 0.9, "c": 1.0}


def utterance(seed: int, seconds: float = 0.8) -> np.ndarray:
    """A buzz that glides through gliding resonances, in two swells."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    f0 = rng.uniform(100, 140) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.7, 1.5) * times))
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    f1, f2 = 500 + 200 * np.sin(9 * times + seed), 1500 + 400 * np.sin(7 * times + 2 * seed)
    wave = sum(
        sum(1 / (1 + ((order * f0 - formant) / 90) ** 2) for formant in (f1, f2, 2600.0)) * np.cos(order * phase)
        for order in range(1, 45)
    )
    swell = 0.02 + np.abs(np.sin(2 * np.pi * (1.5 + 0.3 * seed) * times))
    return 0.05 * swell * np.asarray(wave) + 1e-4 * rng.standard_normal(len(times))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Three recordings at 16 kHz; made of them at 11,025 Hz: the same, softer, and noise."""
    recorded, made = tmp_path / "recorded", tmp_path / "made"
    for name, change in (("a", 1.0), ("b", 0.5), ("c", None)):
        wave = utterance(ord(name), LENGTHS[name])
        recorded.mkdir(exist_ok=True)
        made.mkdir(exist_ok=True)
        write_wav(recorded / f"{name}.wav", wave, RATE)
        (recorded / f"{name}.txt").write_text(f"text {name}", encoding="utf-8")
        noise = 0.1 * np.random.default_rng(0).standard_normal(len(wave))
        write_wav(made / f"{name}.wav", resample(noise if change is None else change * wave, RATE, 11025), 11025)
    return recorded, made
