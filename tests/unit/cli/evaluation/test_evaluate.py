"""``evaluate``: from a dataset and a model to tables and figures, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluated import evaluation_dataset
from rtmri2speech.data.dataset.layout import Dataset, write_utterances
from rtmri2speech.evaluation import protocol
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.reporting.figures import evaluation as figures
from rtmri2speech.signal.features import FeatureConfig
from tables import rows_of

Run = Callable[..., Any]
MakeBundle = Callable[..., Bundle]

pytest.importorskip("parselmouth")

WANTED = {
    "n_utterances", "n_vowels", "f1_error_median_hz", "f1_error_median", "f2_error_median_hz", "f2_error_median",
    "f1_truth_error_median_hz", "vowel_identification", "stoi", "estoi", "mel_mae_db", "mel_mae_f1_db",
    "mel_mae_floor_db", "mel_mae_wave_db", "mcd_db", "mcd_dtw_db", "mrstft", "f0_rmse_hz", "f0_rmse_cents",
    "vuv_error", "pesq_nb", "pesq_wb", "ceiling", "floor", "confusion", "speakers",
}  # fmt: skip


@pytest.fixture(scope="module")
def _prepared(tiny_phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluation_dataset(tiny_phantom, tmp_path_factory.mktemp("evaluated") / "dataset")


@pytest.fixture
def prepared(_prepared: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(_prepared, tmp_path / "dataset"))


@pytest.fixture(scope="module")
def evaluated(_prepared: Path, model_files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from rtmri2speech.cli.main import main

    out = tmp_path_factory.mktemp("out") / "results"
    words = ["evaluate", _prepared, model_files["synthesizer"], "--out", out, "--workers", 1]
    assert main([str(word) for word in words]) == 0
    return out


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of a short evaluation is the drawing of its figures, which tests of the numbers can do without."""
    monkeypatch.setattr(figures, "draw_sheet", lambda *_: [])


def metrics_of(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    return found


def test_seen_and_unseen_speakers_are_told_apart(evaluated: Path) -> None:
    metrics = metrics_of(evaluated)
    assert metrics["seen"]["speakers"] == ["m01"] and metrics["unseen"]["speakers"] == ["new"]
    assert metrics["all"]["n_utterances"] == 2 and metrics["seen"]["n_utterances"] == 1
    assert [metrics["speakers"][name]["seen"] for name in ("m01", "new")] == [True, False]
    # A speaker who was not trained on is identified among the own recorded vowels.
    assert metrics["unseen"]["n_vowels_identified_by_training"] == 0
    # The same recording twice: the same numbers.
    assert metrics["seen"]["mcd_db"] == metrics["unseen"]["mcd_db"]


def test_without_a_training_split_nobody_is_seen_and_the_floor_is_the_models_mean(
    prepared: Path, model_files: dict[str, Path], tmp_path: Path, run: Run
) -> None:
    dataset = Dataset(prepared)
    write_utterances(prepared, [row for row in dataset.utterances if row.split == "test" and row.speaker == "m01"])
    (prepared / "scaler.json").unlink()
    result = run("evaluate", prepared, model_files["synthesizer"], "--out", tmp_path / "out", "--workers", 1)
    assert "no training split" in result.err
    found = metrics_of(tmp_path / "out")
    assert "seen" not in found and "unseen" not in found
    assert found["speakers"]["m01"]["seen"] is None and found["all"]["n_utterances"] == 1
    (row,) = [row for row in dataset.utterances if row.split == "test" and row.speaker == "m01"]
    mean = load_bundle(model_files["synthesizer"]).stage("acoustic")["scaler.mean"].float().numpy()
    expected = np.abs(dataset.mel_db(row) - mean).mean()
    assert found["all"]["floor"]["mel_mae_db"] == pytest.approx(expected, abs=1e-4)
    assert (tmp_path / "out" / "figure_all.png").is_file()


def test_the_file_has_its_keys(evaluated: Path) -> None:
    metrics = metrics_of(evaluated)
    assert (metrics["kind"], metrics["schema"]) == ("evaluation", 1)
    assert set(metrics) == {
        "kind", "schema", "program", "seen", "unseen", "all", "speakers", "confidence_95",
        "bootstrap", "bands_hz", "formant_ceilings_hz",
        "definitions", "left_out", "failures", "model", "dataset", "versions", "device", "backend", "reproduce",
    }  # fmt: skip
    for name in ("seen", "unseen", "all"):
        assert set(metrics[name]) >= WANTED
        for beside in ("ceiling", "floor"):
            assert set(metrics[name][beside]) >= {
                key for key in WANTED if key.endswith(("_hz", "_db", "median", "stoi"))
            }
            assert metrics["confidence_95"][name][beside].keys() <= metrics[name][beside].keys()
    low, high = metrics["confidence_95"]["all"]["stoi"]
    assert low <= metrics["all"]["stoi"] <= high
    assert metrics["confidence_95"]["seen"]["stoi"] == [None, None], "one utterance has no interval"
    assert metrics["reproduce"].startswith("rtmri2speech evaluate ") and "--split test" in metrics["reproduce"]
    assert metrics["model"]["trained_on_this_dataset"] is None and metrics["versions"]["torch"]
    assert set(metrics["bands_hz"]) == {"f0", "f1", "f2", "f3", "high"}


def test_floor_and_ceiling(evaluated: Path) -> None:
    found = metrics_of(evaluated)["all"]
    assert found["ceiling"]["mel_mae_db"] == 0 < found["floor"]["mel_mae_db"] == found["mel_mae_floor_db"]
    assert found["floor"]["mel_mae_floor_db"] == found["mel_mae_floor_db"]
    # The true formants of the simulated tract are near to those of the recorded sound, not to those of noise.
    assert found["n_vowels"] > 4 and found["f1_truth_error_median_hz"] > 0


def test_tables_and_figures(evaluated: Path) -> None:
    names = {path.name for path in evaluated.iterdir()}
    figures = {f"figure_{group}.{kind}" for group in ("seen", "unseen") for kind in ("pdf", "png")}
    assert names == {"metrics.json", "metrics.md", "utterances.csv", "vowels.csv", *figures}
    rows = rows_of(evaluated / "utterances.csv")
    assert [(row["speaker"], row["seen"]) for row in rows] == [("m01", "yes"), ("new", "no")]
    assert float(rows[0]["ceiling_mel_mae_db"]) == 0 and rows[0]["stoi"] and rows[0]["floor_stoi"]
    vowels = rows_of(evaluated / "vowels.csv")
    assert {row["vowel"] for row in vowels} <= set("aiueo") and all(row["truth_f1_hz"] for row in vowels)
    text = (evaluated / "metrics.md").read_text(encoding="utf-8")
    assert "## Seen speakers (m01), 1 utterance" in text and "| mcd_db | low |" in text


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_half_precision_and_worker_processes_give_the_same(
    run: Run, prepared: Path, model_files: dict[str, Path], evaluated: Path, tmp_path: Path
) -> None:
    half = tmp_path / "half.safetensors"
    save_bundle(load_bundle(model_files["synthesizer"]), half, half=True)
    done = run("evaluate", "--dataset", prepared, "--model", half, "--out", tmp_path / "o", "--workers", 2)
    assert done.code == 0, done.err
    one, other = metrics_of(evaluated)["all"], metrics_of(tmp_path / "o")["all"]
    assert other["mel_mae_db"] == pytest.approx(one["mel_mae_db"], abs=0.2)
    assert other["floor"]["mel_mae_db"] == pytest.approx(one["floor"]["mel_mae_db"])


@pytest.mark.usefixtures("without_figures")
def test_what_was_finished_is_not_done_again(
    run: Run, prepared: Path, model_files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("evaluate", prepared, model_files["synthesizer"], "--out", tmp_path / "o", "--workers", 1)
    done: list[str] = []
    real = protocol.score

    def stopping(job: Any) -> Any:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(job.utterance.id)
        return real(job)

    monkeypatch.setattr(protocol, "score", stopping)
    assert run(*words).code == 130
    assert len(list((tmp_path / "o" / ".parts").iterdir())) == 1
    again: list[str] = []
    monkeypatch.setattr(protocol, "score", lambda job: (again.append(job.utterance.id), real(job))[1])
    assert run(*words).code == 0
    assert done[0] not in again and not (tmp_path / "o" / ".parts").exists()


@pytest.mark.usefixtures("without_figures")
def test_an_utterance_without_sound_is_listed_and_the_others_are_measured(
    run: Run, prepared: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    (prepared / "samples" / "new_0000" / "audio.wav").unlink()
    done = run("evaluate", prepared, model_files["synthesizer"], "--out", tmp_path / "o", "--workers", 1)
    assert done.code == 1 and "audio.wav" in done.err
    metrics = metrics_of(tmp_path / "o")
    assert "unseen" not in metrics and metrics["failures"][0]["utterance"] == "new_0000"


@pytest.mark.usefixtures("without_figures")
def test_without_vowels_the_rest_is_measured(
    run: Run, prepared: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    words = ("evaluate", prepared, model_files["synthesizer"], "--workers", 1)
    done = run(*words, "--out", tmp_path / "o", "--vowels", "y")
    assert done.code == 0 and "left out: formants and vowels: no TextGrid of the split holds a vowel" in done.err
    for path in prepared.glob("samples/*/*.TextGrid"):
        path.unlink()
    done = run(*words, "--out", tmp_path / "p")
    assert done.code == 0 and "the split has no TextGrid" in done.err
    found = metrics_of(tmp_path / "p")["all"]
    assert found["f1_error_median_hz"] is None and found["stoi"] is not None


@pytest.mark.usefixtures("without_figures")
def test_without_praat_and_pesq_the_rest_is_measured(
    run: Run, prepared: Path, model_files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "parselmouth", None)
    monkeypatch.setitem(__import__("sys").modules, "pesq", None)
    done = run("evaluate", prepared, model_files["synthesizer"], "--out", tmp_path / "o", "--workers", 1)
    assert done.code == 0, done.err
    assert "pip install 'rtmri2speech[phonetics]'" in done.err and "pip install 'rtmri2speech[pesq]'" in done.err
    found = metrics_of(tmp_path / "o")["all"]
    assert found["pesq_wb"] is found["f0_rmse_hz"] is found["vowel_identification"] is None and found["mcd_db"] > 0


def test_what_cannot_be_evaluated(
    run: Run, prepared: Path, model_files: dict[str, Path], make_bundle: MakeBundle, tmp_path: Path
) -> None:
    model, out = model_files["synthesizer"], tmp_path / "o"
    assert '"train", "validation", "test"' in run("evaluate", prepared, model, "--out", out, "--split", "dev").problem
    assert (
        "the validation split holds no utterance"
        in run("evaluate", prepared, model, "--out", out, "--split", "validation").problem
    )
    other = tmp_path / "other.safetensors"
    save_bundle(make_bundle(features=FeatureConfig(preemphasis=0.5)), other)
    problem = run("evaluate", prepared, other, "--out", out).problem
    assert "other.safetensors: was made for other data" in problem and "preemphasis: 0.5 against 0.97" in problem
    for kind, missing in (("acoustic", "vocoder"), ("vocoder", "acoustic model")):
        assert f"holds no {missing}" in run("evaluate", prepared, model_files[kind], "--out", out).problem
    assert (
        "no interval tier 'words'"
        in run("evaluate", prepared, model, "--out", out, "--workers", 1, "--tier", "words").problem
    )
    for ceiling in ("6500", "30", "-100", "0"):
        problem = run("evaluate", prepared, model, "--out", out, "--formant-ceiling", ceiling).problem
        assert f"--formant-ceiling {ceiling}: not between 1000 Hz and the Nyquist frequency" in problem
    assert "--seed -1: less than 0" in run("evaluate", prepared, model, "--out", out, "--seed", "-1").problem
    (tmp_path / "file").write_text("", encoding="utf-8")
    problem = run("evaluate", prepared, model, "--out", tmp_path / "file").problem
    assert "cannot be written" in problem and os.sep + "file" in problem
    for row in Dataset(prepared).utterances:
        Dataset(prepared).audio_path(row).unlink()
    mute = run("evaluate", prepared, model, "--out", out, "--workers", 1)  # a worker process takes seconds to start
    assert "no utterance of the test split has its sound" in mute.problem
    assert "no such dataset folder" in run("evaluate", tmp_path / "none", model, "--out", out).problem


def test_all_measures_and_a_recognizer_add_to_the_usual_ones(
    prepared: Path, model_files: dict[str, Path], evaluated: Path, tmp_path: Path, run: Run, without_figures: None
) -> None:
    (tmp_path / "recognizer.py").write_text("print('a cat')", encoding="utf-8")
    (tmp_path / "texts.tsv").write_text("new_0000\ta cat sat\n", encoding="utf-8")
    words = ("evaluate", prepared, model_files["synthesizer"], "--workers", 1, "--out", tmp_path / "out")
    listening = ("--recognizer", f'command:"{sys.executable}" -S "{tmp_path / "recognizer.py"}"')
    more = ("--texts", tmp_path / "texts.tsv", "--protocol", "csapo2020")
    ran = run(*words, *listening, *more)
    assert ran.code == 0, ran.err
    assert "recognized by command:" in ran.out and "csapo2020" in ran.out and "abstract of the paper" in ran.out
    assert "note: 1 of 2 utterance(s) have no text" in ran.err
    metrics, usual = metrics_of(tmp_path / "out"), metrics_of(evaluated)
    rates = {(one["sound"], one["measure"]): one["value"] for one in metrics["intelligibility"]["rates"]}
    assert rates["model", "wer"] == rates["recorded", "wer"] == pytest.approx(1 / 3) and rates["model", "dwer"] == 0.0
    assert {sound for sound, _ in rates} >= {"recorded", "model", "ceiling", "floor"}
    assert metrics["published"]["figures"][0]["found"] == pytest.approx(metrics["all"]["mcd_db"], abs=1e-5)
    # What was measured before is what it was; there is only more.
    added = metrics["all"].keys() - usual["all"].keys()
    assert {"f0_correlation", "f1_ratio", "modulation_distance_db"} <= added
    assert {name: metrics["all"][name] for name in usual["all"].keys() - {"ceiling", "floor"}} == {
        name: value for name, value in usual["all"].items() if name not in ("ceiling", "floor")
    }
    texts = rows_of(tmp_path / "out" / "texts.csv")
    assert len(texts) == 8 and texts[0]["recognized"] == "a cat"
    assert "f1_ratio | 1 |" in (tmp_path / "out" / "metrics.md").read_text(encoding="utf-8")
