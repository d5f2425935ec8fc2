"""The commands of ``export-mels``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.data.layout import Dataset
from rtmri2speech.models.bundle import load_bundle, save_bundle

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
