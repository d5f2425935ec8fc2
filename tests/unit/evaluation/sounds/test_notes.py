"""What is said of made sounds that lie elsewhere."""

from __future__ import annotations

from rtmri2speech.evaluation.sounds.notes import notes_on
from rtmri2speech.evaluation.sounds.scoring import GENERATED, SoundScores


def scores(lag: float, level: float, longer: float, ends: tuple[float, float]) -> SoundScores:
    return SoundScores("a", 1.0, longer, {GENERATED: {"lag_ms": lag, "level_db": level}}, {}, ends)


def test_nothing_is_said_of_sounds_in_their_place() -> None:
    assert notes_on([scores(2.5, -1.0, 0.0, (5500.0, 5700.0)), scores(float("nan"), 0.0, 0.0, (5700.0, 5700.0))]) == []


def test_delay_level_length_and_band_are_said() -> None:
    assert notes_on([scores(-70.0, 6.0, 0.02, (8000.0, 5500.0))]) == [
        "made sounds are 70 ms early (median), and are measured where they are",
        "made sounds differ by +6.0 dB in level (median); mel errors and mrstft include it",
        "1 made sound(s) are of another length, a by +0.020 s: cut at the end",
        "the made sounds hold nothing above 5500 Hz: `sample_rate=11000` compares that band alone",
    ]
