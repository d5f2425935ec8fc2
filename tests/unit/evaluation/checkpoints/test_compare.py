"""The order of generators, what is written of them, and what is measured."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.evaluation.checkpoints import compare
from rtmri2speech.evaluation.checkpoints.compare import (
    COLUMNS,
    JUDGED,
    Judged,
    best_first,
    columns_of,
    compare_generators,
    measure,
    require_measurable,
    write_table,
)
from rtmri2speech.evaluation.checkpoints.load import KeptGenerator
from rtmri2speech.evaluation.checkpoints.references import Recorded
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db
from talker import speak

MakeBundle = Callable[..., Bundle]
NAN = math.nan


@pytest.fixture(scope="module")
def bundle(make_bundle: MakeBundle) -> Bundle:
    torch.set_num_threads(1)
    return make_bundle("vocoder")


@pytest.fixture(scope="module")
def speech() -> list[Recorded]:
    features = FeatureConfig()
    spoken = speak(1.5, seed=2, size=16, sample_rate=features.sample_rate).audio
    wave = spoken[: len(spoken) // features.hop_length * features.hop_length].astype(np.float32)
    return [Recorded("one", wave, mel_db(wave, features)), Recorded("two", wave[::-1].copy(), mel_db(wave, features))]


def judged(bundle: Bundle, name: str, step: int = 0, **measures: float) -> Judged:
    return Judged(KeptGenerator(name, step, bundle), Path(name), measures)


def test_the_least_mean_rank_is_first(bundle: Bundle) -> None:
    many = [
        judged(bundle, "a", estoi=0.9, mrstft=2.0, mel_mae_db=4.0),
        judged(bundle, "b", estoi=0.8, mrstft=1.0, mel_mae_db=3.0),
        judged(bundle, "c", estoi=0.8, mrstft=3.0, mel_mae_db=5.0),
    ]
    found = best_first(many)
    assert [one.generator.name for one in found] == ["b", "a", "c"]
    assert [one.rank for one in found] == pytest.approx([(2.5 + 1 + 1) / 3, (1 + 2 + 2) / 3, (2.5 + 3 + 3) / 3])
    assert [one.generator.name for one in best_first(many, "estoi")] == ["a", "b", "c"]
    assert [one.generator.name for one in best_first(many[::-1], "mrstft")] == ["b", "a", "c"]


def test_what_could_not_be_measured_comes_last_and_what_was_measured_of_none_does_not_count(bundle: Bundle) -> None:
    hum = judged(bundle, "hum", f0_rmse_cents=NAN, mel_mae_db=1.0, mrstft=NAN)
    voice = judged(bundle, "voice", f0_rmse_cents=90.0, mel_mae_db=2.0, mrstft=NAN)
    found = best_first([voice, hum])
    assert [one.rank for one in found] == [1.5, 1.5] and found[0].generator.name == "hum", "the mel error tells"
    assert [one.generator.name for one in best_first([hum, voice], "f0_rmse_cents")] == ["voice", "hum"]
    assert [one.rank for one in best_first([judged(bundle, "x"), judged(bundle, "y")])] == [1.0, 1.0]


def test_silence_in_most_utterances_does_not_win(bundle: Bundle) -> None:
    """A mean over what could be measured is that of one lucky utterance: 10 cents against a mean of 30."""
    said = [tuple({"f0_rmse_cents": value} for value in values) for values in ([10.0, NAN, NAN], [12.0, 40.0, 38.0])]
    mostly, always = (
        replace(judged(bundle, name, f0_rmse_cents=mean), utterances=each)
        for name, mean, each in (("mostly silent", 10.0, said[0]), ("voiced", 30.0, said[1]))
    )
    found = best_first([mostly, always])
    assert [one.generator.name for one in found] == ["voiced", "mostly silent"]
    assert [one.rank for one in found] == pytest.approx([4 / 3, 5 / 3])


def test_of_equals_the_one_with_fewer_steps_is_first(bundle: Bundle) -> None:
    last, best = judged(bundle, "last", 30, mrstft=1.0), judged(bundle, "best", 20, mrstft=1.0)
    assert [one.generator.name for one in best_first([last, best])] == ["best", "last"]


def test_measures_outside_the_judged_ones_do_not_decide(bundle: Bundle) -> None:
    assert set(JUDGED) < set(COLUMNS) and {"stoi", "f0_rmse_hz", "vuv_error"} == set(COLUMNS) - set(JUDGED)
    one, other = judged(bundle, "one", stoi=0.1, mrstft=1.0), judged(bundle, "other", stoi=0.9, mrstft=2.0)
    assert best_first([other, one])[0] == Judged(one.generator, one.folder, one.measures, rank=1.0)


def test_the_table_is_as_ordered_and_empty_without_a_number(bundle: Bundle, tmp_path: Path) -> None:
    rows = [judged(bundle, "b", 7, mrstft=0.123456789, stoi=NAN), judged(bundle, "a", -1, stoi=0.5)]
    assert columns_of(rows) == ["stoi", "mrstft"]
    write_table(tmp_path / "t.csv", rows)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found == [
        ["checkpoint", "step", "mean_rank", "stoi", "mrstft"],
        ["b", "7", "", "", "0.123457"],
        ["a", "-1", "", "0.5", ""],
    ]


def test_the_same_wave_has_no_error(speech: list[Recorded]) -> None:
    found = measure(speech[0].wave, speech[0].wave, FeatureConfig())
    assert found["mel_mae_db"] == 0 and found["mrstft"] == pytest.approx(0, abs=1e-9) and found["stoi"] > 0.99
    louder = measure(speech[0].wave, 2 * speech[0].wave, FeatureConfig())
    assert louder["mel_mae_db"] == pytest.approx(20 * math.log10(2), abs=0.1)


def test_every_generator_makes_all_the_speech(bundle: Bundle, speech: list[Recorded], tmp_path: Path) -> None:
    quiet = {**bundle.tensors, "vocoder.conv_post.weight": bundle.tensors["vocoder.conv_post.weight"] * 1e-3}
    two = [KeptGenerator("loud", 1, bundle), KeptGenerator("quiet", 2, Bundle(**{**vars(bundle), "tensors": quiet}))]
    started: list[int] = []
    done: list[int] = []
    result = compare_generators(two, speech, tmp_path, on_start=started.append, on_frames=done.append)
    assert started == [2 * sum(len(item.mel_db) for item in speech)] and sum(done) == started[0]
    for name in ("loud", "quiet", "recorded"):
        ending = "" if name == "recorded" else "_generated"
        waves = [soundfile.read(tmp_path / name / f"{item.name}{ending}.wav")[0] for item in speech]
        assert [len(wave) for wave in waves] == [len(item.wave) for item in speech]
    # The second has its mel from the first: what is made does not depend on the recording.
    one, other = (soundfile.read(tmp_path / "loud" / f"{name}_generated.wav")[0] for name in ("one", "two"))
    assert np.array_equal(one, other)
    with (tmp_path / "loud" / "measures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (loud,) = [one for one in result.judged if one.generator.name == "loud"]
    mean = np.mean([float(row["mel_mae_db"]) for row in rows])
    assert loud.measures["mel_mae_db"] == pytest.approx(mean, rel=1e-4) and result.failures == []


def test_a_generator_that_has_come_apart_is_listed(bundle: Bundle, speech: list[Recorded], tmp_path: Path) -> None:
    broken = {**bundle.tensors, "vocoder.conv_post.bias": torch.full((1,), math.nan)}
    bad = KeptGenerator("bad", 2, Bundle(**{**vars(bundle), "tensors": broken, "source": "bad.ckpt"}))
    result = compare_generators([bad, KeptGenerator("good", 1, bundle)], speech[:1], tmp_path)
    ((path, error),) = result.failures
    assert str(path) == "bad.ckpt" and "not numbers of one" in error.problem and len(result.judged) == 1
    with pytest.raises(BundleError, match=r"bad\.ckpt: makes values that are not numbers"):
        compare_generators([bad], speech[:1], tmp_path)


def test_a_measure_whose_package_is_missing_cannot_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "find_spec", lambda name: None)
    for by, package in (("pesq_wb", "pesq"), ("f0_rmse_cents", "praat-parselmouth")):
        with pytest.raises(ConfigError, match=f"--by {by}: needs the package") as error:
            require_measurable(by)
        assert f"pip install {package};" in error.value.remedy
    for by in ("rank", "stoi", "mrstft", "mel_mae_db"):
        require_measurable(by)
