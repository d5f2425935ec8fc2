"""One pair: rates, lengths, bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.audio import resample, write_wav
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.evaluation.sounds.pairs import Pair
from rtmri2speech.evaluation.sounds.scoring import FLOOR, GENERATED, SoundJob, SoundScores, score_pair

from .conftest import RATE, utterance


def scored(folder: Path, made: np.ndarray, rate: int = RATE, common: int | None = None) -> SoundScores:
    write_wav(folder / "r.wav", utterance(1), RATE)
    write_wav(folder / "g.wav", made, rate)
    return score_pair(SoundJob(Pair("x", folder / "r.wav", folder / "g.wav"), None, common or min(rate, RATE)))


def test_a_change_of_rate_alone_costs_nothing(tmp_path: Path) -> None:
    found = scored(tmp_path, resample(utterance(1), RATE, 48000), 48000).measures
    measures = found[GENERATED]
    assert FLOOR not in found
    # Both went through the same filter: what is left is the rounding of 16 bits.
    assert measures["mel_mae_wave_db"] < 0.2 and measures["mcd_db"] < 0.2 and measures["stoi"] > 0.999


def test_what_lies_above_the_common_band_does_not_count(tmp_path: Path) -> None:
    times = np.arange(len(utterance(1))) / RATE
    found = scored(tmp_path, utterance(1) + 0.05 * np.sin(2 * np.pi * 7000 * times), RATE, 11025)
    assert found.measures[GENERATED]["stoi"] > 0.999 and found.measures[GENERATED]["mcd_db"] < 0.2


def test_the_longer_one_is_cut_up_to_a_quarter_of_a_second(tmp_path: Path) -> None:
    found = scored(tmp_path, np.concatenate([utterance(1), np.zeros(2000)]))
    assert found.longer == pytest.approx(0.125) and found.seconds == pytest.approx(0.8)
    with pytest.raises(MediaError, match=r"g\.wav: lasts 1\.80 s and its recording 0\.80 s"):
        scored(tmp_path, np.concatenate([utterance(1), np.zeros(16000)]))


def test_too_short_and_too_few_samples(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"`sample_rate=16000`: .*g.wav has 8000 Hz only"):
        scored(tmp_path, resample(utterance(1), RATE, 8000), 8000, RATE)
    for name in "rg":
        write_wav(tmp_path / f"{name}.wav", utterance(1)[:3000], RATE)
    with pytest.raises(MediaError, match=r"lasts 0\.19 s"):
        score_pair(SoundJob(Pair("x", tmp_path / "r.wav", tmp_path / "g.wav"), None, RATE))


def test_mel_errors_need_the_programs_own_rate(tmp_path: Path) -> None:
    measures = scored(tmp_path, resample(utterance(1), RATE, 8000), 8000).measures[GENERATED]
    assert "mel_mae_wave_db" not in measures and measures["mcd_db"] < 0.3
