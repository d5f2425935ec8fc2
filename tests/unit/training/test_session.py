"""The bundle of a run: written once, whatever ends the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.training import session, tasks
from rtmri2speech.training.engine.distributed import ALONE
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.tasks import FinalMeasures, acoustic_task
from rtmri2speech.training.train import train_acoustic

MakeRecipe = Callable[..., Recipe]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Bundle]:
    """Bundles that were written."""
    bundles: list[Bundle] = []

    def save(bundle: Bundle, path: Path) -> None:
        bundles.append(bundle)
        save_bundle(bundle, path)

    monkeypatch.setattr(session, "save_bundle", save)
    return bundles


def test_the_bundle_is_written_once_with_what_was_measured(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, written: list[Bundle]
) -> None:
    recipe = make_recipe(acoustic={"max_steps": 1})
    summary = train_acoustic(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu")
    (bundle,) = written
    assert bundle.provenance["metrics"] == summary.metrics and "val/mae_db_last" in summary.metrics


def test_a_failure_while_measuring_does_not_cost_the_model(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[Bundle]
) -> None:
    def fail(*_: Any) -> None:
        raise UserError("The frames are gone.", "Mount the disk.")

    monkeypatch.setattr(tasks, "compare_modes", fail)
    recipe = make_recipe(acoustic={"max_steps": 1})
    with pytest.raises(UserError, match="frames are gone"):
        train_acoustic(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu")
    assert len(written) == 1 and load_bundle(tmp_path / "a").provenance["step"] == 1


def test_a_diverged_run_leaves_its_best_model(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[Bundle]
) -> None:
    plain = NanGuard.update

    def diverge(self: NanGuard, loss: torch.Tensor, step: int) -> None:
        plain(self, loss if step < 4 else loss * float("nan"), step)

    monkeypatch.setattr(NanGuard, "update", diverge)
    with pytest.raises(UserError, match=r"diverged: the loss is no longer a number at step 5"):
        train_acoustic(dataset_dir, make_recipe(), tmp_path / "a", tmp_path / "run", device="cpu")
    (bundle,) = written
    assert bundle.provenance["step"] == 3 and "val/mae_db_last" not in bundle.provenance["metrics"]


def test_measuring_changes_nothing(dataset: Dataset, make_recipe: MakeRecipe) -> None:
    settings = make_recipe().acoustic
    task = acoustic_task(dataset, settings, None, False, ALONE)
    measures = task.measure(torch.device("cpu"))
    assert measures.inference is not None and measures.metrics.keys() == {
        f"val/mae_db_{mode}" for mode in ("last", "average", "sequence")
    }
    plain, chosen = task.to_bundle({}, FinalMeasures()), task.to_bundle({}, measures)
    assert plain.acoustic is not None and plain.acoustic.inference == settings.model.inference
    assert chosen.acoustic is not None and chosen.acoustic.inference == measures.inference
