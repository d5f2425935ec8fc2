"""The order of checkpoints, what is written of them, and what is measured."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.evaluation.checkpoints.compare import Comparison, compare
from rtmri2speech.evaluation.checkpoints.load import VocoderCheckpoint
from rtmri2speech.evaluation.checkpoints.ranking import RANKED, best_first, columns_of, require_measurable
from rtmri2speech.evaluation.checkpoints.references import Reference
from rtmri2speech.evaluation.checkpoints.score import COLUMNS, CheckpointScore, measure
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.progress import Silent
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db
from tables import rows_of
from talker import speak

MakeBundle = Callable[..., Bundle]
NAN = math.nan


@pytest.fixture(scope="module")
def bundle(make_bundle: MakeBundle) -> Bundle:
    torch.set_num_threads(1)
    return make_bundle("vocoder")


@pytest.fixture(scope="module")
def speech() -> list[Reference]:
    features = FeatureConfig()
    spoken = speak(1.5, seed=2, size=16, sample_rate=features.sample_rate).audio
    wave = spoken[: len(spoken) // features.hop_length * features.hop_length].astype(np.float32)
    return [Reference("one", wave, mel_db(wave, features)), Reference("two", wave[::-1].copy(), mel_db(wave, features))]


class Counted(Silent):
    """Progress that adds up."""

    expected = done = 0

    def expect(self, count: int) -> None:
        self.expected += count

    def advance(self, count: int = 1) -> None:
        self.done += count


def scored(bundle: Bundle, name: str, step: int = 0, **measures: float) -> CheckpointScore:
    return CheckpointScore(VocoderCheckpoint(name, step, bundle), Path(name), measures)


def test_the_least_mean_rank_is_first(bundle: Bundle) -> None:
    many = [
        scored(bundle, "a", estoi=0.9, mrstft=2.0, mel_mae_db=4.0),
        scored(bundle, "b", estoi=0.8, mrstft=1.0, mel_mae_db=3.0),
        scored(bundle, "c", estoi=0.8, mrstft=3.0, mel_mae_db=5.0),
    ]
    found = best_first(many)
    assert [one.checkpoint.name for one in found] == ["b", "a", "c"]
    assert [one.rank for one in found] == pytest.approx([(2.5 + 1 + 1) / 3, (1 + 2 + 2) / 3, (2.5 + 3 + 3) / 3])
    assert [one.checkpoint.name for one in best_first(many, "estoi")] == ["a", "b", "c"]
    assert [one.checkpoint.name for one in best_first(many[::-1], "mrstft")] == ["b", "a", "c"]


def test_what_could_not_be_measured_comes_last_and_what_was_measured_of_none_does_not_count(bundle: Bundle) -> None:
    hum = scored(bundle, "hum", f0_rmse_cents=NAN, mel_mae_db=1.0, mrstft=NAN)
    voice = scored(bundle, "voice", f0_rmse_cents=90.0, mel_mae_db=2.0, mrstft=NAN)
    found = best_first([voice, hum])
    assert [one.rank for one in found] == [1.5, 1.5] and found[0].checkpoint.name == "hum", "the mel error tells"
    assert [one.checkpoint.name for one in best_first([hum, voice], "f0_rmse_cents")] == ["voice", "hum"]
    assert [one.rank for one in best_first([scored(bundle, "x"), scored(bundle, "y")])] == [1.0, 1.0]


def test_silence_in_most_utterances_does_not_win(bundle: Bundle) -> None:
    """A mean over what could be measured is that of one lucky utterance: 10 cents against a mean of 30."""
    said = [tuple({"f0_rmse_cents": value} for value in values) for values in ([10.0, NAN, NAN], [12.0, 40.0, 38.0])]
    mostly, always = (
        replace(scored(bundle, name, f0_rmse_cents=mean), utterances=each)
        for name, mean, each in (("mostly silent", 10.0, said[0]), ("voiced", 30.0, said[1]))
    )
    found = best_first([mostly, always])
    assert [one.checkpoint.name for one in found] == ["voiced", "mostly silent"]
    assert [one.rank for one in found] == pytest.approx([4 / 3, 5 / 3])


def test_of_equals_the_one_with_fewer_steps_is_first(bundle: Bundle) -> None:
    last, best = scored(bundle, "last", 30, mrstft=1.0), scored(bundle, "best", 20, mrstft=1.0)
    assert [one.checkpoint.name for one in best_first([last, best])] == ["best", "last"]


def test_measures_outside_the_ranked_ones_do_not_decide(bundle: Bundle) -> None:
    assert set(RANKED) < set(COLUMNS) and {"stoi", "f0_rmse_hz", "vuv_error"} == set(COLUMNS) - set(RANKED)
    one, other = scored(bundle, "one", stoi=0.1, mrstft=1.0), scored(bundle, "other", stoi=0.9, mrstft=2.0)
    assert best_first([other, one])[0] == CheckpointScore(one.checkpoint, one.folder, one.measures, rank=1.0)


def test_the_table_is_as_ordered_and_empty_without_a_number(bundle: Bundle, tmp_path: Path) -> None:
    rows = [scored(bundle, "b", 7, mrstft=0.123456789, stoi=NAN), scored(bundle, "a", -1, stoi=0.5)]
    assert columns_of(rows) == ["stoi", "mrstft"]
    comparison = Comparison(rows, tmp_path, 1)
    comparison.save()
    with (tmp_path / "comparison.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found == [
        ["checkpoint", "step", "mean_rank", "stoi", "mrstft"],
        ["b", "7", "", "", "0.123457"],
        ["a", "-1", "", "0.5", ""],
    ]


def test_the_same_wave_has_no_error(speech: list[Reference]) -> None:
    found = measure(speech[0].wave, speech[0].wave, FeatureConfig())
    assert found["mel_mae_db"] == 0 and found["mrstft"] == pytest.approx(0, abs=1e-9) and found["stoi"] > 0.99
    louder = measure(speech[0].wave, 2 * speech[0].wave, FeatureConfig())
    assert louder["mel_mae_db"] == pytest.approx(20 * math.log10(2), abs=0.1)


def test_every_checkpoint_makes_all_the_speech(bundle: Bundle, speech: list[Reference], tmp_path: Path) -> None:
    quiet = {**bundle.tensors, "vocoder.conv_post.weight": bundle.tensors["vocoder.conv_post.weight"] * 1e-3}
    two = [
        VocoderCheckpoint("loud", 1, bundle),
        VocoderCheckpoint("quiet", 2, Bundle(**{**vars(bundle), "tensors": quiet})),
    ]
    counted = Counted()
    result = compare(two, speech, tmp_path, progress=counted)
    assert counted.expected == counted.done == 2 * sum(len(item.mel_db) for item in speech)
    assert repr(result).startswith("Comparison(2 utterances, best first: ")
    assert [row["checkpoint"] for row in result.rows()] == [one.checkpoint.name for one in result.scores]
    for name in ("loud", "quiet", "recorded"):
        ending = "" if name == "recorded" else "_generated"
        waves = [soundfile.read(tmp_path / name / f"{item.name}{ending}.wav")[0] for item in speech]
        assert [len(wave) for wave in waves] == [len(item.wave) for item in speech]
    # The second has its mel from the first: what is made does not depend on the recording.
    one, other = (soundfile.read(tmp_path / "loud" / f"{name}_generated.wav")[0] for name in ("one", "two"))
    assert np.array_equal(one, other)
    rows = rows_of(tmp_path / "loud" / "measures.csv")
    (loud,) = [one for one in result.scores if one.checkpoint.name == "loud"]
    mean = np.mean([float(row["mel_mae_db"]) for row in rows])
    assert loud.measures["mel_mae_db"] == pytest.approx(mean, rel=1e-4) and result.failures == []


def test_a_checkpoint_that_has_come_apart_is_listed(bundle: Bundle, speech: list[Reference], tmp_path: Path) -> None:
    # Numbers, but beyond what can be added up.
    weight = torch.full_like(bundle.tensors["vocoder.conv_pre.weight"], 3e38)
    broken = {**bundle.tensors, "vocoder.conv_pre.weight": weight}
    bad = VocoderCheckpoint("bad", 2, Bundle(**{**vars(bundle), "tensors": broken, "source": "bad.ckpt"}))
    result = compare([bad, VocoderCheckpoint("good", 1, bundle)], speech[:1], tmp_path)
    ((path, error),) = result.failures
    assert str(path) == "bad.ckpt" and "not numbers for one" in error.problem and len(result.scores) == 1
    with pytest.raises(BundleError, match=r"bad\.ckpt: gives values that are not numbers"):
        compare([bad], speech[:1], tmp_path)


def test_a_measure_whose_package_is_missing_cannot_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("pesq", "parselmouth"):
        monkeypatch.setitem(sys.modules, package, None)
    for by, package in (("pesq_wb", "pesq"), ("f0_rmse_cents", "praat-parselmouth")):
        with pytest.raises(ConfigError, match=f"`by={by}`: needs the package") as error:
            require_measurable(by)
        assert f"pip install {package};" in error.value.remedy
    for by in ("rank", "stoi", "mrstft", "mel_mae_db"):
        require_measurable(by)
