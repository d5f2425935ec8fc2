"""Training the tract model from a recipe to a bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rtmri2speech.data.dataset.tract_folder import TractFolder
from rtmri2speech.errors import BundleError, ConfigError, UserError
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.engine.metrics_log import read_metrics
from rtmri2speech.training.init_weights import sized_like
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.tract import module
from rtmri2speech.training.tract.task import tract_task
from rtmri2speech.training.train import train_acoustic

Tiny = Callable[..., Recipe]

pytestmark = pytest.mark.train


def test_it_learns_and_writes_a_bundle(tracts: TractFolder, tiny: Tiny, tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    summary = train_acoustic(tracts.root, tiny(max_steps=40, epoch_steps=20), out, kind="tract", device="cpu")
    assert summary.kind == "tract" and summary.steps == 40
    bundle = load_bundle(out)
    assert bundle.kind == "acoustic" and bundle.tract is not None and bundle.acoustic is None
    assert bundle.provenance["dataset"] == bundle.acoustic_dataset == "d" and bundle.provenance["looks"] == 2
    assert bundle.provenance["utterances"] == {"train": 3, "validation": 1, "test": 1}
    losses = [row["val/loss"] for row in read_metrics(tmp_path / "model_run") if "val/loss" in row]
    assert len(losses) == 2 and losses[-1] < losses[0]
    assert summary.mae_db < 0.8 * summary.mean_mel_mae_db and "better than" in "\n".join(summary.lines())
    assert 0.0 < summary.metrics["val/f1_error_median"] < 0.2 and "val/f0_rmse_hz" in summary.metrics


def test_a_resumed_run_is_the_same(
    tracts: TractFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    recipe = tiny()
    train_acoustic(tracts.root, recipe, whole, kind="tract", device="cpu")
    plain = module.TractTraining.stop_in_time
    stopped: list[bool] = []

    def stop(self: module.TractTraining) -> None:
        plain(self)
        if self.optimizer_steps == 4 and not stopped:
            stopped.append(True)
            raise UserError("Stopped.", "Go on.")

    monkeypatch.setattr(module.TractTraining, "stop_in_time", stop)
    with pytest.raises(UserError, match="Stopped"):
        train_acoustic(tracts.root, recipe, parts, kind="tract", device="cpu")
    train_acoustic(tracts.root, recipe, parts, kind="tract", device="cpu", resume=True)
    one, other = load_bundle(whole), load_bundle(parts)
    assert all(torch.equal(value, other.tensors[name]) for name, value in one.tensors.items())


def test_weights_to_start_from(tracts: TractFolder, tiny: Tiny, tmp_path: Path, model_files: dict[str, Path]) -> None:
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    train_acoustic(tracts.root, tiny(), first, kind="tract", device="cpu")
    recipe = tiny(optimizer={"lr": 1e-9}, max_steps=1, epoch_steps=1)
    train_acoustic(tracts.root, recipe, second, kind="tract", device="cpu", init=first)
    one, other = load_bundle(first).tensors, load_bundle(second).tensors
    assert all(torch.allclose(one[name].float(), other[name].float(), atol=1e-3) for name in one)
    with pytest.raises(BundleError, match="no model that reads a measured tract"):
        tract_task(tracts, tiny().tract, model_files["acoustic"], False, Processes())
    with pytest.raises(BundleError, match="has another model than the recipe: hidden"):
        tract_task(tracts, tiny(model={"width": 16, "hidden": 8, "layers": 1}).tract, first, False, Processes())


def test_the_size_is_that_of_the_start(tracts: TractFolder, tiny: Tiny, tmp_path: Path) -> None:
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    train_acoustic(tracts.root, tiny(), first, kind="tract", device="cpu")
    short = {"tract.max_steps": 1, "tract.epoch_steps": 1, "tract.model.dropout": 0.25}
    train_acoustic(tracts.root, "adapt-tract", second, kind="tract", device="cpu", init=first, overrides=short)
    size = load_bundle(second).tract
    assert size is not None and (size.width, size.hidden, size.layers, size.dropout) == (16, 16, 1, 0.25)
    with pytest.raises(BundleError, match="has another model than the recipe: hidden"):
        other = {**short, "tract.model.hidden": 8}
        train_acoustic(tracts.root, "adapt-tract", second, kind="tract", device="cpu", init=first, overrides=other)
    stated = tiny().tract
    assert sized_like(stated, None) is stated and sized_like(stated, first).model == stated.model


def test_what_cannot_be_trained(tracts: TractFolder, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no kind of acoustic model"):
        train_acoustic(tracts.root, tiny(), tmp_path / "m", kind="sound", device="cpu")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="in one process"):
        tract_task(tracts, tiny().tract, None, False, Processes(0, 2))
