"""The commands of ``export-mels``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.data.dataset.layout import Dataset, write_utterances
from rtmri2speech.models.bundle.model_file import load_bundle, save_bundle

Run = Callable[..., Any]


def test_ground_truth_is_written_and_kept(run: Run, dataset: Path) -> None:
    rows = Dataset(dataset).utterances
    result = run("export-mels", "ground-truth", dataset)
    assert result.code == 0 and result.err == ""
    assert result.out == f"{dataset / 'mels_gt_log'}: {len(rows)} mel(s) written, 0 kept.\n"
    assert np.load(dataset / "mels_gt_log" / f"{rows[0].id}.npy").shape == (64, rows[0].n_frames)
    assert f"0 mel(s) written, {len(rows)} kept" in run("export-mels", "ground-truth", dataset).out
    assert "0 kept" in run("export-mels", "ground-truth", dataset, "--overwrite").out


def test_predictions_are_written_where_the_memo_has_them(
    run: Run, dataset: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    rows = Dataset(dataset).utterances
    words = ["export-mels", "predicted", dataset, "--device", "cpu", "--model"]
    result = run(*words, model_files["synthesizer"])
    assert result.code == 0 and result.err == "" and str(dataset / "mels_ft_log_normalized") in result.out
    for row in rows:
        assert np.load(dataset / "mels_ft_log_normalized" / f"{row.id}.npy").shape == (64, row.n_frames)
    assert "0 mel(s) written" in run(*words, model_files["synthesizer"]).out
    assert "0 kept" in run(*words, model_files["acoustic"]).out, "another model"
    assert run(*words, model_files["acoustic"], "--out", tmp_path / "mine").code == 0
    assert len(list((tmp_path / "mine").glob("*.npy"))) == len(rows)
    assert "holds no acoustic model" in run(*words, model_files["vocoder"]).problem


def test_it_is_said_how_many_utterances_the_model_has_seen(
    run: Run, dataset: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    bundle, opened = load_bundle(model_files["acoustic"]), Dataset(dataset)
    bundle.provenance["dataset"] = opened.fingerprint()
    save_bundle(bundle, tmp_path / "m.safetensors")
    result = run("export-mels", "predicted", dataset, "--model", tmp_path / "m.safetensors")
    seen = len(opened.of_split("train"))
    assert result.code == 0 and len(result.err.splitlines()) == 1
    assert f"note: the model was trained on {seen} of the {len(opened.utterances)} utterances" in result.err


def test_a_failure_is_printed_and_the_others_are_done(run: Run, dataset: Path) -> None:
    rows = Dataset(dataset).utterances
    (dataset / "samples" / rows[0].id / "mel_db.npy").unlink()
    result = run("export-mels", "ground-truth", dataset)
    assert "mel_db.npy: missing or damaged" in result.problem and f"{len(rows) - 1} mel(s) written" in result.out
    assert "no such dataset" in run("export-mels", "ground-truth", dataset / "none").problem


def test_each_fold_is_predicted_by_a_model_trained_without_it(run: Run, dataset: Path) -> None:
    rows = Dataset(dataset).utterances
    two = [replace(row, id=f"{row.id}b", source_video="/other.mp4") for row in rows if row.split == "train"]
    for row in two:
        shutil.copytree(dataset / "samples" / row.id.removesuffix("b"), dataset / "samples" / row.id)
    write_utterances(dataset, [*rows, *two])
    words = ["export-mels", "predicted", dataset, "--folds", "2", "--recipe", "smoke", "--device", "cpu"]
    words += ["--dtype", "float32", "--set", "acoustic.max_steps=1"]
    result = run(*words)
    folder, work = dataset / "mels_ft_log_normalized", dataset / "mels_ft_log_normalized_folds"
    assert result.code == 0 and result.err == "" and "fold-2 of 2: holds out 1 of 2 utterances" in result.out
    assert f"{folder}: {len(rows) + 1} mel(s) written, 0 kept." in result.out
    record = json.loads((folder / "made_from.json").read_text(encoding="utf-8"))
    assert not any(row in record["models"][name]["trained_on"] for row, name in record["made_by"].items())
    assert load_bundle(work / "fold-1" / "acoustic.safetensors").provenance["recipe"]["precision"] == "fp32"
    again = run(*words)
    assert again.out.splitlines() == [
        "fold-1 of 2: trained already",
        "fold-2 of 2: trained already",
        f"{folder}: 0 mel(s) written, {len(rows) + 1} kept.",
    ]
    assert "seed: 42 then, 1 now" in run(*words, "acoustic.seed=1").problem


@pytest.mark.parametrize(
    ("words", "problem", "remedy"),
    [
        ("", "There is no model to predict with", "--folds K"),
        ("--model m --folds 3", "--model m and --folds 3: the mels come either from one model", "Leave one"),
        ("--model m --recipe smoke --set a=1", "--recipe, --set: only of use with --folds", "Add --folds K"),
        ("--folds 1", "--folds 1: at least 2", "--folds 5"),
        (
            "--folds 2",
            "utterances.csv: the training split has 1 recording(s), too few for --folds 2",
            "more recordings",
        ),
        ("--folds 2 --fold-by speaker", "has 1 speaker(s)", "--fold-by recording"),
        ("--folds 2 --recipe smok", "Unknown recipe 'smok'", "Did you mean 'smoke'?"),
        ("--folds 2 --recipe none.yaml", "none.yaml: no such recipe file", "small"),
        ("--folds 2 --set acoustic.max_setps=1", "acoustic.max_setps", "max_steps"),
    ],
)
def test_folds_that_cannot_be_made_are_refused(run: Run, dataset: Path, words: str, problem: str, remedy: str) -> None:
    result = run("export-mels", "predicted", dataset, *words.split())
    assert problem in result.problem and remedy in result.remedy
    assert not list(dataset.glob("mels_*"))
