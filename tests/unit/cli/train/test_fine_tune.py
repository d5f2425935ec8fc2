"""``train vocoder --fine-tune``: what the options mean, and which of them belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import MelSource
from rtmri2speech.data.media.audio import write_float_wav
from rtmri2speech.models.bundle.model_file import load_bundle, save_bundle
from rtmri2speech.signal.features import FeatureConfig

Run = Callable[..., Any]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command hands on to the training."""
    seen: dict[str, Any] = {}

    def take(*_: Any, **options: Any) -> None:
        seen.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("rtmri2speech.training.train.train_vocoder", take)
    return seen


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", None),
        ("--fine-tune --init base", MelSource(Path("set/mels_ft_log_normalized"))),
        ("--fine-tune --resume", MelSource(Path("set/mels_ft_log_normalized"))),
        ("--fine_tune --init base --input_mels_dir a", MelSource(Path("a"))),
        (
            "--fine_tune --init base --extra_mels_dir b",
            MelSource(Path("set/mels_ft_log_normalized"), Path("b"), 0.8),
        ),
        (
            "--fine_tune --init base --input_mels_dir a --extra_mels_dir b --extra_mels_weight 0.3",
            MelSource(Path("a"), Path("b"), 0.3),
        ),
    ],
)
def test_the_options_say_where_the_mels_are(
    run: Run, given: dict[str, Any], words: str, expected: MelSource | None
) -> None:
    assert run("train", "vocoder", "set", *words.split()).code == 130
    assert given["fine_tune"] == expected


@pytest.mark.parametrize(
    ("words", "problem", "remedy"),
    [
        ("--fine-tune", "--fine-tune goes on from a trained vocoder", "--init"),
        ("--input-mels-dir a", "--input-mels-dir: only of use with --fine-tune", "--fine-tune"),
        (
            "--extra-mels-dir a --extra-mels-weight 0.5 --init base",
            "--extra-mels-dir, --extra-mels-weight: only of use with --fine-tune",
            "--init BASE",
        ),
        ("--fine-tune --init base --extra-mels-weight 0.5", "but no --extra-mels-dir", "export-mels ground-truth"),
        ("--fine-tune --init base --extra-mels-dir a --extra-mels-weight 80", "is 80, which is no probability", "0.8"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, given: dict[str, Any], words: str, problem: str, remedy: str
) -> None:
    result = run("train", "vocoder", "set", *words.split())
    assert problem in result.problem and remedy in result.remedy
    assert not given


def test_from_export_to_a_fine_tuned_vocoder(
    run: Run, dataset: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    out, tuned = tmp_path / "base.safetensors", tmp_path / "tuned.safetensors"
    train = ["train", "vocoder", dataset, "--recipe", "smoke", "--set", "vocoder.max_steps=1", "--device", "cpu"]
    assert run(*train, "--out", out).code == 0
    tune = [*train, "--out", tuned, "--fine-tune", "--init", out, "--extra-mels-dir", dataset / "mels_gt_log"]
    missing = run(*tune)
    assert "mels_ft_log_normalized: no such folder of mels" in missing.problem
    assert f"export-mels predicted {dataset}" in missing.remedy and not (tmp_path / "tuned_run").exists()
    assert run("export-mels", "predicted", dataset, "--model", model_files["acoustic"]).code == 0
    assert f"export-mels ground-truth {dataset}" in run(*tune).remedy
    assert run("export-mels", "ground-truth", dataset).code == 0
    result = run(*tune)
    assert result.code == 0 and "mels_ft_log_normalized on the validation split" in result.out
    provenance = load_bundle(tuned).provenance
    assert provenance["init"] == out.name and provenance["mels"]["extra_weight"] == 0.8


@pytest.fixture
def tune(run: Run, dataset: Path, model_files: dict[str, Path], tmp_path: Path) -> Run:
    """Fine-tuning on mels that fit, with a vocoder that has the recipe's size."""
    train = ["train", "vocoder", dataset, "--recipe", "smoke", "--device", "cpu", "--out", tmp_path / "t.safetensors"]
    train += ["--set", "vocoder.max_steps=1", "vocoder.model.initial_channels=16"]
    train += ["vocoder.model.resblock_kernels=[3]", "vocoder.model.resblock_dilations=[[1,3]]"]
    assert run("export-mels", "ground-truth", dataset).code == 0
    (dataset / "mels_gt_log").rename(dataset / "mels_ft_log_normalized")

    def tune(init: Path = model_files["vocoder"], *words: object) -> Any:
        return run(*train, "--fine-tune", "--init", init, *words)

    return tune


def test_a_vocoder_of_another_mel_is_adapted_but_not_fine_tuned(
    tune: Run, tmp_path: Path, make_bundle: Callable[..., Any]
) -> None:
    path = tmp_path / "base.safetensors"
    save_bundle(make_bundle("vocoder", features=FeatureConfig(fmax=5000.0, preemphasis=0.9)), path)
    result = tune(path)
    assert f"{path}: its vocoder was trained on another mel spectrogram" in result.problem
    assert "preemphasis: 0.9 against 0.97" in result.problem and "fmax: 5000.0 against None" in result.problem
    assert "without --fine-tune" in result.remedy
    assert not (tmp_path / "t_run").exists() and not (tmp_path / "t.safetensors").exists()


def test_what_does_not_belong_together_is_named_before_training(tune: Run, dataset: Path, tmp_path: Path) -> None:
    rows = Dataset(dataset).utterances
    row = next(row for row in rows if row.split == "train")
    mel, wav = dataset / "mels_ft_log_normalized" / f"{row.id}.npy", dataset / "samples" / row.id / "audio.wav"
    filelist = dataset / "hifigan_filelists" / "training.txt"
    kept = {path: path.read_bytes() for path in (mel, wav, filelist)}

    def refused(problem: str) -> Any:
        result = tune()
        assert problem in result.problem and not (tmp_path / "t_run").exists()
        for path, content in kept.items():
            path.write_bytes(content)
        return result

    np.save(mel, np.load(mel)[:, :-1])
    assert f"64 bands and utterance {row.id} {row.n_frames} frames" in refused(f"{mel}: has shape").problem
    np.save(mel, np.load(dataset / "samples" / row.id / "mel_db.npy").T)
    assert "as export-mels writes them" in refused(f"{mel}: holds values down to -").remedy
    samples, rate = soundfile.read(wav, dtype="float32")
    write_float_wav(wav, samples[:-1], rate)
    assert f"n_frames {row.n_frames} x hop_length" in refused(f"{wav}: sound and mel disagree").problem
    filelist.write_text("", encoding="utf-8")
    assert "split train" in refused(f"{filelist}: is empty, but utterances.csv").problem
    assert tune().code == 0 and (tmp_path / "t_run").exists()
