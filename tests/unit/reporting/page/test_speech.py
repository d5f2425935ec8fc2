"""Spectrograms, tracks, vowels and labels of a page."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rtmri2speech.data.media.audio import Sound, encode_flac
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.phonetics.tracks import Tracks
from rtmri2speech.phonetics.vowels.spans import Span
from rtmri2speech.reporting.page.speech import (
    Spoken,
    spectrogram,
    tiers_of,
    tracks_data,
    tracks_of,
    vowel_spans,
    vowels_of,
)

RATE = 16_000


def tone(hz: float, begin: float, end: float, seconds: float = 1.0) -> Sound:
    times = np.arange(round(seconds * RATE)) / RATE
    wave = np.sin(2 * np.pi * hz * times) * ((times >= begin) & (times < end))
    return Sound((0.5 * wave).astype(np.float32), RATE, 0.0)


@pytest.mark.parametrize("hz", [500.0, 3000.0])
def test_a_tone_stands_at_its_frequency_and_time(hz: float) -> None:
    data, begin, end = spectrogram(tone(hz, 0.4, 0.6), 5500.0)
    picture = np.array(Image.open(io.BytesIO(data)).convert("L")).astype(float)
    rows, columns = picture.shape
    loud = np.flatnonzero(picture.max(axis=0) > 200)
    times = begin + (loud + 0.5) / columns * (end - begin)
    assert times.min() == pytest.approx(0.4, abs=0.008) and times.max() == pytest.approx(0.6, abs=0.008)
    row = picture[:, columns // 2].argmax()
    assert (1 - (row + 0.5) / rows) * 5500 == pytest.approx(hz, abs=60)


def test_above_nyquist_there_is_nothing() -> None:
    rng = np.random.default_rng(0)
    data, _, _ = spectrogram(Sound(rng.standard_normal(4000).astype(np.float32), 8000, 0.0), 5500.0)
    picture = np.array(Image.open(io.BytesIO(data)).convert("L"))
    assert picture[: round(220 * 1400 / 5500)].max() < 30 and picture[80:].mean() > 100


def test_flac_loses_nothing_of_16_bits() -> None:
    import soundfile

    wave = np.random.default_rng(0).integers(-32768, 32768, 5000) / 32768
    data = encode_flac(Sound(wave.astype(np.float32), 11_025, 0.0))
    back, rate = soundfile.read(io.BytesIO(data))
    assert rate == 11_025 and np.array_equal(back, wave)


def test_tracks_say_nothing_where_nothing_was_found() -> None:
    formants = np.array([[500.4, np.nan, 2500.0, 3500.0], [510.0, 1500.0, 2500.0, 3500.0]])
    written = tracks_data(Tracks(np.array([0.02, 0.03]), np.array([0.0, 121.26]), formants, 0.05, 5000.0, (60, 300)))
    assert written["f0"] == [None, 121.3] and written["formants"][:2] == [[500.0, 510.0], [None, 1500.0]]
    assert written["start"] == 0.02 and written["step"] == pytest.approx(0.01)


def test_a_sound_too_short_has_no_tracks() -> None:
    pytest.importorskip("parselmouth")
    assert tracks_of(tone(200.0, 0.0, 1.0, 0.01)) is None
    assert tracks_of(Sound(np.zeros(4000, np.float32), 4000, 0.0)) is None, "five formants need 10 kHz"


def test_vowels_without_formants_are_left_out() -> None:
    pytest.importorskip("parselmouth")
    times = np.arange(RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * n * times) / n for n in range(1, 40)) * (times < 0.5)
    spoken = Spoken("original", "", Sound((0.1 * buzz).astype(np.float32), RATE, 0.0))
    found = vowels_of(spoken, [Span("a", 0.1, 0.3), Span("i", 0.7, 0.9)], 5000.0)
    assert [one["label"] for one in found] == ["a"] and 0 < found[0]["f1"] < found[0]["f2"] < 5000


def test_labels_are_laid_on_the_clips_clock(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    tiers = {
        "phones": [(0.0, 0.3, "a"), (0.3, 0.5, " "), (0.5, 1.5, "i"), (1.6, 1.8, "o")],
        "words": [(0.0, 2.0, "ai")],
    }
    write_textgrid(interval_grid(tiers, 2.0), path)
    first, second = tiers_of(path, 0.2, 1.0)
    assert first == {"name": "phones", "entries": [(0.0, 0.1, "a"), (0.3, 1.0, "i")]}
    assert second["entries"] == [(0.0, 1.0, "ai")]
    assert vowel_spans(path, 0.2)[1] == Span("i", pytest.approx(0.3), pytest.approx(1.3))
