"""``compare-checkpoints``: from a run folder to a table, and what cannot be compared."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.evaluation.checkpoints.load import VocoderRun
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.models.vocoder.generator import Generator, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.recipes import VocoderRecipe
from tables import rows_of

Run = Callable[..., Any]
MakeBundle = Callable[..., Bundle]


def checkpoint(path: Path, bundle: Bundle, step: int) -> None:
    """What a training keeps of its best generator."""
    assert bundle.vocoder is not None
    generator = Generator(bundle.vocoder, bundle.features.n_mels)
    generator.load_state_dict(bundle.build_vocoder().state_dict())
    add_weight_norm(generator)
    state = {f"generator.{name}": value for name, value in generator.state_dict().items()}
    torch.save({"state_dict": state, "step": step, "metrics": {}}, path)


@pytest.fixture
def kept(tmp_path: Path, make_bundle: MakeBundle) -> Path:
    """A run folder with two generators of random weights, one louder than the other."""
    run = tmp_path / "v_run"
    (run / "checkpoints").mkdir(parents=True)
    for name, seed, step in (("best", 0, 20), ("step_000010", 1, 10)):
        checkpoint(run / "checkpoints" / f"{name}.ckpt", make_bundle("vocoder", seed=seed), step)
    bundle = make_bundle("vocoder")
    recipe = VocoderRecipe(model=bundle.vocoder).model_dump(mode="json")
    about = {"kind": "vocoder", "dataset": "0" * 16, "recipe": recipe, "mels": None, "init": None, "version": "0"}
    (run / "run.json").write_text(json.dumps({**about, "features": bundle.features.model_dump()}), encoding="utf-8")
    return run


def change(run: Path, **values: Any) -> None:
    stored = json.loads((run / "run.json").read_text(encoding="utf-8"))
    stored = {name: value for name, value in {**stored, **values}.items() if value != "gone"}
    (run / "run.json").write_text(json.dumps(stored), encoding="utf-8")


def test_each_checkpoint_speaks_into_its_own_folder_and_the_table_is_best_first(
    run: Run, kept: Path, talker: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run("compare-checkpoints", kept, "--videos", talker, "--out", out, "--device", "cpu")
    assert result.code == 0 and result.err == "" and str(out / "comparison.csv") in result.out
    waves = {}
    for name in ("best", "step_000010"):
        waves[name], rate = soundfile.read(out / name / "talker_generated.wav")
        assert [row["utterance"] for row in rows_of(out / name / "measures.csv")] == ["talker"]
    recorded, rate = soundfile.read(out / "recorded" / "talker.wav")
    assert rate == FeatureConfig().sample_rate and waves["best"].shape == waves["step_000010"].shape == recorded.shape
    assert not np.allclose(waves["best"], waves["step_000010"], atol=1e-3)
    rows = rows_of(out / "comparison.csv")
    assert {row["checkpoint"]: row["step"] for row in rows} == {"best": "20", "step_000010": "10"}
    assert {"mean_rank", "stoi", "estoi", "mrstft", "mel_mae_db"} <= rows[0].keys()
    assert float(rows[0]["mean_rank"]) <= float(rows[1]["mean_rank"])
    lines = [line for line in result.out.splitlines() if "│" in line]
    assert [line.split("│")[1].strip() for line in lines] == [row["checkpoint"] for row in rows]
    bundle = load_bundle(out / "vocoder.safetensors")
    assert bundle.provenance["checkpoint"] == f"{rows[0]['checkpoint']}.ckpt"
    assert bundle.provenance["metrics"]["mel_mae_db"] == pytest.approx(float(rows[0]["mel_mae_db"]), rel=1e-4)
    by = run("compare-checkpoints", kept, "--videos", talker, "--out", out, "--device", "cpu", "--by", "mel_mae_db")
    errors = [float(row["mel_mae_db"]) for row in rows_of(out / "comparison.csv")]
    assert by.code == 0 and errors == sorted(errors)


def test_a_real_run_on_the_validation_split_and_on_predictions(
    run: Run, dataset: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    train = ["train", "vocoder", dataset, "--recipe", "smoke", "--device", "cpu", "--set", "vocoder.max_steps=2"]
    assert run(*train, "--out", tmp_path / "v.safetensors").code == 0
    words = ["compare-checkpoints", tmp_path / "v_run", "--dataset", dataset, "--device", "cpu"]
    assert run(*words).code == 0
    out = tmp_path / "v_run_compared"
    rows = rows_of(out / "comparison.csv")
    steps = {row["checkpoint"]: row["step"] for row in rows}
    assert steps["best"] == steps["last"] == "2" and steps.keys() <= {"best", "last", "previous"}
    names = {f"{row.id}_generated.wav" for row in Dataset(dataset).of_split("validation")}
    assert {path.name for path in (out / "last").glob("*.wav")} == names
    # The checkpoint of the least validation loss is what the training wrote.
    training, written = VocoderRun(tmp_path / "v_run"), load_bundle(tmp_path / "v.safetensors")
    assert training.features == written.features == load_bundle(out / "vocoder.safetensors").features
    (path,) = [path for path in training.checkpoints if path.stem == "best"]
    tensors = training.load(path, written.features).bundle.tensors
    assert tensors.keys() == written.tensors.keys()
    assert all(torch.allclose(tensors[name], value, atol=1e-6) for name, value in written.tensors.items())
    copied = (out / "best" / "measures.csv").read_text(encoding="utf-8")
    predicted = run(*words, "--model", model_files["synthesizer"], "--out", tmp_path / "p", "--split", "test")
    assert predicted.code == 0
    assert run(*words, "--model", model_files["acoustic"], "--out", tmp_path / "p").code == 0
    assert (tmp_path / "p" / "best" / "measures.csv").read_text(encoding="utf-8") != copied


def test_predictions_of_videos_are_those_of_synthesis(
    run: Run, kept: Path, talker: Path, tmp_path: Path, model_files: dict[str, Path]
) -> None:
    out, speech = tmp_path / "out", tmp_path / "speech"
    words = ["--videos", talker, "--model", model_files["synthesizer"], "--device", "cpu", "--out"]
    assert run("compare-checkpoints", kept, *words, out).code == 0
    assert run("synthesize", *words, speech).code == 0
    one, other = (soundfile.read(path / "talker_generated.wav")[0] for path in (out / "best", speech))
    assert np.allclose(one, other[: len(one)], atol=2e-3)


def test_a_fine_tuned_vocoder_on_the_sounds_own_mels_is_noted(
    run: Run, kept: Path, talker: Path, tmp_path: Path
) -> None:
    change(kept, mels={"input": "mels_ft_log_normalized (0123)"})
    result = run("compare-checkpoints", kept, "--videos", talker, "--out", tmp_path / "out", "--device", "cpu")
    assert result.code == 0 and len(result.err.splitlines()) == 1 and "note: this vocoder was fine-tuned" in result.err


@pytest.mark.parametrize(
    ("words", "problem", "remedy"),
    [
        ("", "There is nothing to synthesize", "--dataset DATASET"),
        ("--videos a.mp4 --dataset d", "Both videos and --dataset", "either"),
        ("--dataset d --sync-offset 1 --fps 27", "--sync-offset, --fps: only of use with --videos", "Leave"),
        ("--videos a.mp4 --fps fast", "--fps fast: not a frame rate", "625/23"),
        ("--videos none.mp4", "none.mp4", "spelling"),
        ("--dataset none", "none: no such dataset folder", "prepare"),
        ("--dataset none --model m", "m: no such file", "Check"),
    ],
)
def test_options_that_do_not_make_sense(
    run: Run, kept: Path, words: str, problem: str, remedy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("compare-checkpoints", kept, *words.split())
    assert problem in result.problem and remedy in result.remedy
    assert not (tmp_path / "v_run_compared").exists()


def test_folders_that_are_no_run_of_a_vocoder(run: Run, kept: Path, talker: Path, tmp_path: Path) -> None:
    def problem(path: Path) -> str:
        result = run("compare-checkpoints", path, "--videos", talker)
        assert result.remedy
        return str(result.problem)

    assert f"{tmp_path / 'none'}: no training run (no run.json)" in problem(tmp_path / "none")
    assert "no training run" in problem(talker)
    for content in ("{", "[]", '{"kind": "vocoder"}'):
        shutil.copytree(kept, tmp_path / "bad")
        (tmp_path / "bad" / "run.json").write_text(content, encoding="utf-8")
        assert "run.json: damaged" in problem(tmp_path / "bad")
        shutil.rmtree(tmp_path / "bad")
    change(kept, kind="acoustic")
    assert f"{kept / 'run.json'}: kind: acoustic, not a training run of a vocoder" in problem(kept)
    change(kept, kind="vocoder")
    for path in (kept / "checkpoints").iterdir():
        path.unlink()
    assert f"{kept / 'checkpoints'}: holds no checkpoint" in problem(kept)


def test_a_folder_of_the_released_code(
    run: Run, talker: Path, dataset: Path, tmp_path: Path, make_bundle: MakeBundle
) -> None:
    folder = tmp_path / "g"
    folder.mkdir()
    for seed, step in enumerate((5000, 10000)):
        bundle = make_bundle("vocoder", seed=seed)
        torch.save({"generator": bundle.stage("vocoder")}, folder / f"g_{step:08d}")
        torch.save({"mpd": {}, "msd": {}}, folder / f"do_{step:08d}")
    size, mel = bundle.vocoder, bundle.features
    assert size is not None
    values = {
        "resblock": "1",
        "upsample_rates": size.upsample_rates,
        "upsample_kernel_sizes": size.upsample_kernels,
        "upsample_initial_channel": size.initial_channels,
        "resblock_kernel_sizes": size.resblock_kernels,
        "resblock_dilation_sizes": size.resblock_dilations,
        "num_mels": mel.n_mels,
        "n_fft": mel.n_fft,
        "hop_size": mel.hop_length,
        "win_size": mel.win_length,
        "sampling_rate": mel.sample_rate,
        "fmin": 0,
        "fmax": 5706,
    }
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    result = run("compare-checkpoints", folder, "--videos", talker, "--out", tmp_path / "out", "--device", "cpu")
    assert result.code == 0, result.err
    rows = rows_of(tmp_path / "out" / "comparison.csv")
    assert {(row["checkpoint"], row["step"]) for row in rows} == {("g_00005000", "5000"), ("g_00010000", "10000")}
    assert load_bundle(tmp_path / "out" / "vocoder.safetensors").kind == "vocoder"
    (folder / "g_00015000").write_bytes(b"PK nothing")
    result = run("compare-checkpoints", folder, "--dataset", dataset, "--out", tmp_path / "more", "--device", "cpu")
    assert result.code == 1 and "g_00015000: not a PyTorch checkpoint" in result.err
    assert len(rows_of(tmp_path / "more" / "comparison.csv")) == 2
    (folder / "config.json").write_text(json.dumps(values | {"win_size": 1024}), encoding="utf-8")
    result = run("compare-checkpoints", folder, "--dataset", dataset, "--device", "cpu")
    assert "config.json: describes another mel spectrogram" in result.problem and "win_length" in result.problem


def test_a_run_that_has_kept_no_others_names_the_setting(run: Run, kept: Path, talker: Path, tmp_path: Path) -> None:
    words = ["compare-checkpoints", kept, "--videos", talker, "--device", "cpu", "--out"]
    assert "keep_every" not in run(*words, tmp_path / "one").err
    (kept / "checkpoints" / "step_000010.ckpt").rename(kept / "checkpoints" / "last.ckpt")
    assert "the setting vocoder.keep_every=N" in run(*words, tmp_path / "two").err


def test_a_checkpoint_of_another_mel_is_refused_with_the_fields(
    run: Run, kept: Path, dataset: Path, talker: Path, tmp_path: Path, make_bundle: MakeBundle
) -> None:
    features = FeatureConfig(fmax=5000.0, preemphasis=0.9)
    change(kept, features=features.model_dump())
    result = run("compare-checkpoints", kept, "--dataset", dataset)
    assert f"{kept}: its vocoder was trained on another mel spectrogram than that of {dataset}" in result.problem
    assert "preemphasis: 0.9 against 0.97; fmax: 5000.0 against None" in result.problem
    change(kept, features=FeatureConfig().model_dump())
    save_bundle(make_bundle("acoustic", features=features), tmp_path / "a")
    result = run("compare-checkpoints", kept, "--videos", talker, "--model", tmp_path / "a")
    assert f"than that of {tmp_path / 'a'}: preemphasis: 0.97 against 0.9" in result.problem
    # Runs of older versions tell the number of bands and the hop length only.
    change(kept, features="gone")
    assert "does not say which mel" in run("compare-checkpoints", kept, "--videos", talker).problem
    for name, seed in (("best", 0), ("step_000010", 1)):
        other = make_bundle("vocoder", features=FeatureConfig(n_mels=40), seed=seed)
        checkpoint(kept / "checkpoints" / f"{name}.ckpt", other, 1)
    result = run("compare-checkpoints", kept, "--dataset", dataset)
    assert "best.ckpt: was trained on another mel spectrogram: n_mels: 40 against 64" in result.problem
    assert not (tmp_path / "v_run_compared").exists()


def test_a_run_of_an_older_version_follows_the_dataset(run: Run, kept: Path, dataset: Path, tmp_path: Path) -> None:
    change(kept, features="gone")
    assert run("compare-checkpoints", kept, "--dataset", dataset, "--device", "cpu").code == 0


def test_what_cannot_be_used_is_listed_and_the_rest_is_compared(
    run: Run, kept: Path, talker: Path, tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    shutil.copy(talker, videos / "silent.mp4")
    out = tmp_path / "out"
    alone = run("compare-checkpoints", kept, "--videos", videos / "silent.mp4", "--out", out)
    assert f"{videos / 'silent.mp4'}: has no sound" in alone.problem and not out.exists()
    for path in (talker, talker.with_suffix(".wav")):
        shutil.copy(path, videos)
    (kept / "checkpoints" / "step_000005.ckpt").write_bytes(b"PK nothing")
    result = run("compare-checkpoints", kept, "--videos", videos, "--out", out, "--device", "cpu")
    assert result.code == 1 and len(rows_of(out / "comparison.csv")) == 2
    first, _, second, _ = result.err.splitlines()
    assert "step_000005.ckpt: damaged" in first and "silent.mp4: has no sound" in second
