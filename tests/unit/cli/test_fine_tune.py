"""``train vocoder --fine-tune``: what the options mean, and which of them belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.data.mels import MelSource
from rtmri2speech.models.bundle import load_bundle

Run = Callable[..., Any]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command hands on to the training."""
    seen: dict[str, Any] = {}

    def take(*_: Any, **options: Any) -> None:
        seen.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("rtmri2speech.training.run.train_vocoder", take)
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
    assert given["mels"] == expected


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
