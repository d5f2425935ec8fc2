"""F0 and formants over time, and their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from rtmri2speech.data.annotation.pitch_tier import read_pitch_tier
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.errors import ConfigError, MediaError, UserError
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.tracks import choose_ceiling, formants
from tables import rows_of

parselmouth = pytest.importorskip("parselmouth")

RATE = 12_000
FORMANTS = (700, 1300, 2600, 3600, 4500)


@pytest.fixture(scope="module")
def glide() -> Sound:
    """Silence to 0.3 s, a vowel whose pitch rises from 100 to 150 Hz to 0.9 s, silence to 1.2 s."""
    count = round(0.6 * RATE)
    f0 = np.linspace(100.0, 150.0, count)
    turns = np.floor(np.cumsum(f0) / RATE)
    wave = np.diff(turns, prepend=0.0)
    for hz in FORMANTS:
        radius = np.exp(-np.pi * 80 / RATE)
        wave = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * hz / RATE), radius**2], wave)
    gap = np.zeros(round(0.3 * RATE))
    return Sound(np.concatenate([gap, 0.5 * wave / np.abs(wave).max(), gap]).astype(np.float32), RATE, 0.0)


def test_pitch_and_formants_over_time(glide: Sound) -> None:
    tracks = formants(glide)
    assert tracks.ceiling == 5000.0 and tracks.duration == pytest.approx(1.2)
    inside = (tracks.times > 0.35) & (tracks.times < 0.85)
    assert tracks.voiced[inside].all() and not tracks.voiced[(tracks.times < 0.27) | (tracks.times > 0.93)].any()
    wanted = 100.0 + 50.0 * (tracks.times[inside] - 0.3) / 0.6
    assert np.abs(tracks.f0[inside] / wanted - 1).max() < 0.03
    assert np.abs(np.median(tracks.formants[inside], axis=0) / FORMANTS[:4] - 1).max() < 0.05


def test_praat_reads_what_is_written(glide: Sound, tmp_path: Path) -> None:
    tracks = formants(glide)
    table, tier, grid = tracks.save(tmp_path / "glide")
    read = parselmouth.read(str(tier))
    assert parselmouth.praat.call(read, "Get number of points") == tracks.voiced.sum()
    assert parselmouth.praat.call(read, "Get value at time", 0.6) == pytest.approx(125, abs=3)
    voiced = parselmouth.read(str(grid))
    assert parselmouth.praat.call(voiced, "Get label of interval", 1, 2) == "V"
    assert parselmouth.praat.call(voiced, "Get start time of interval", 1, 2) == pytest.approx(0.3, abs=0.03)
    assert parselmouth.praat.call(voiced, "Get end time of interval", 1, 2) == pytest.approx(0.9, abs=0.03)
    rows = rows_of(table)
    assert len(rows) == len(tracks.times)
    assert {row["voiced"] for row in rows} == {"0", "1"}
    assert all((row["f0_hz"] != "") == (row["voiced"] == "1") for row in rows)
    assert rows[0]["f1_hz"] == "" and rows[60]["f4_hz"] != ""
    found = tracks.rows()
    assert found[0]["f0_hz"] is None and found[60]["voiced"] is True
    assert [f"{row['time_s']:.4f}" for row in found] == [row["time_s"] for row in rows]
    assert f"{found[60]['f2_hz']:.1f}" == rows[60]["f2_hz"]


def test_saving_needs_no_praat(glide: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = formants(glide)
    monkeypatch.setattr(praat, "find_spec", lambda name: None)
    _, tier, _ = tracks.save(tmp_path / "glide")
    read = read_pitch_tier(tier)
    assert read.end == tracks.duration
    assert read.times.tolist() == tracks.times[tracks.voiced].tolist()
    assert read.f0_hz.tolist() == tracks.f0[tracks.voiced].tolist()


def test_praat_reads_the_tier_of_a_sound_without_voice(tmp_path: Path) -> None:
    _, tier, _ = formants(Sound(np.zeros(RATE, np.float32), RATE, 0.0)).save(tmp_path / "silence")
    read = parselmouth.read(str(tier))
    assert parselmouth.praat.call(read, "Get number of points") == 0
    assert parselmouth.praat.call(read, "Get total duration") == 1.0


def test_a_notebook_shows_tracks(glide: Sound) -> None:
    tracks = formants(glide)
    assert repr(tracks).startswith("Tracks(117 frames, 1.20 s, ") and "ceiling 5000 Hz" in repr(tracks)
    assert tracks.show()._repr_png_().startswith(b"\x89PNG")


def test_without_praat_the_extra_is_named(glide: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(praat, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="Praat is not installed") as caught:
        formants(glide)
    assert "rtmri2speech[phonetics]" in caught.value.remedy


def test_a_ceiling_above_nyquist_or_in_kilohertz_is_refused(glide: Sound) -> None:
    for ceiling in (6000.1, 0.0, -5.0, 5.5, 100.0):
        with pytest.raises(ConfigError, match=f"`ceiling={ceiling:g}`: not between 1000 Hz and .* 6000 Hz"):
            formants(glide, ceiling)
    assert choose_ceiling(glide, 6000.0) == 6000.0


def test_a_telephone_sound_is_searched_up_to_nyquist(glide: Sound) -> None:
    tracks = formants(Sound(glide.samples, 8000, 0.0))
    assert tracks.ceiling == 4000.0 and np.isfinite(tracks.formants[tracks.voiced, :2]).all()
    with pytest.raises(ConfigError, match="too few for formants"):
        formants(Sound(glide.samples, 1000, 0.0))


def test_silence_and_scraps() -> None:
    tracks = formants(Sound(np.zeros(RATE, np.float32), RATE, 0.0))
    assert not tracks.voiced.any() and np.isnan(tracks.formants).all()
    with pytest.raises(MediaError, match="too short"):
        formants(Sound(np.zeros(100, np.float32), RATE, 0.0))
