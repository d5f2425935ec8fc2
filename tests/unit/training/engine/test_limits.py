"""Runs that ended: left as they are, or gone on with under a larger limit as if it had always been there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.engine.checkpoints import Checkpoints
from rtmri2speech.training.engine.metrics_log import METRICS, read_metrics
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.engine.stopping import reason_to_end
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.summary import TrainingSummary
from rtmri2speech.training.train import train_acoustic, train_vocoder

pytestmark = pytest.mark.train

MakeRecipe = Callable[..., Recipe]
Train = Callable[..., TrainingSummary]

# Early stopping and the least rate are sure to end these.
STILL = {
    "model": {"backbone": "test_efficientnet_ln", "hidden": 4, "dropout": 0.0},
    "optimizer": {"lr": 1e-12, "weight_decay": 0.0},
    "max_epochs": 50,
}
PATIENT = {**STILL, "scheduler": {"min_lr": 0.0}}
RESTLESS = {
    "model": {"backbone": "test_efficientnet", "hidden": 16, "dropout": 0.5},
    "scheduler": {"patience": 0, "min_lr": 0.0},
}
ENDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "steps inside an epoch": ("acoustic", {"max_steps": 4}, "4 steps"),
    "epochs between validations": ("acoustic", {"max_epochs": 3, "validate_every": 2}, "3 epochs"),
    "patience": ("acoustic", {**PATIENT, "early_stop_patience": 2}, "no improvement in 2 validations"),
    "rate": (
        "acoustic",
        {"optimizer": {"lr": 0.5}, "scheduler": {"factor": 0.5, "patience": 0, "min_lr": 0.4}, "max_epochs": 50},
        "the learning rate has reached 0.4",
    ),
    "vocoder's steps": ("vocoder", {"max_steps": 3}, "3 steps"),
}


def trainer_of(kind: str) -> Train:
    return train_acoustic if kind == "acoustic" else train_vocoder


def state(run: Path) -> dict[str, torch.Tensor]:
    """Every tensor of the last checkpoint: weights, running statistics, moments and rates of the optimisers."""
    checkpoint = load_checkpoint(RunFolder(run).last)
    tensors = dict(checkpoint["state_dict"])
    for index, optimizer in enumerate(checkpoint["optimizer_states"]):
        for number, moments in optimizer["state"].items():
            tensors |= {f"optimizer {index} {number} {name}": value for name, value in moments.items()}
        tensors[f"rate {index}"] = torch.tensor(optimizer["param_groups"][0]["lr"], dtype=torch.float64)
    for index, scheduler in enumerate(checkpoint["lr_schedulers"]):
        numbers = {name: value for name, value in scheduler.items() if isinstance(value, int | float)}
        tensors |= {f"scheduler {index} {name}": torch.tensor(value) for name, value in numbers.items()}
    return tensors


def different(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name, value in one.items() if not torch.equal(value, other[name])]


def test_what_ends_a_training_and_what_comes_first(make_recipe: MakeRecipe) -> None:
    acoustic = make_recipe(acoustic={"max_steps": 30, "max_epochs": 4, "early_stop_patience": 2}).acoustic
    vocoder = make_recipe(vocoder={"max_epochs": 2}).vocoder
    assert reason_to_end(acoustic, 29, 3, 1, None) is None
    assert reason_to_end(acoustic, 30, 3, 1, None) == reason_to_end(acoustic, 31, 4, 5, None) == "30 steps"
    assert reason_to_end(acoustic, 12, 4, 1, None) == "4 epochs"
    assert reason_to_end(acoustic, 12, 4, 2, None) == "no improvement in 2 validations"
    assert reason_to_end(acoustic, 30, 4, 2, "the rate") == "the rate"
    # A vocoder is judged by ear, not stopped by a loss; and without a number of steps it is the epochs that count.
    assert reason_to_end(vocoder, 10**6, 1, 99, None) is None
    assert reason_to_end(vocoder, 4, 2, 99, None) == "2 epochs"


@pytest.mark.parametrize("end", ENDS)
def test_a_run_that_ended_is_left_as_it_is(
    end: str, dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    kind, settings, reason = ENDS[end]
    recipe, run, train = make_recipe(**{kind: settings}), tmp_path / "run", trainer_of(kind)
    first = train(dataset_dir, recipe, tmp_path / "a", run, device="cpu")
    assert first.stopped == reason and first.epochs < 20
    files = {path: path.read_bytes() for path in [run / METRICS, *(run / "checkpoints").iterdir()]}
    assert sum("val/loss" in row for row in read_metrics(run) if row["step"] == first.steps) == 1
    again = train(dataset_dir, recipe, tmp_path / "b", run, device="cpu", resume=True)
    assert {path: path.read_bytes() for path in files} == files
    assert set((run / "checkpoints").iterdir()) == files.keys() - {run / METRICS}
    for name in ("stopped", "steps", "epochs", "final_loss", "best_loss", "best_step", "metrics"):
        assert getattr(again, name) == getattr(first, name), name
    one, other = (load_bundle(tmp_path / name) for name in ("a", "b"))
    assert not different(one.tensors, other.tensors) and one.provenance == other.provenance


@pytest.mark.parametrize(
    ("kind", "short", "long"),
    [
        ("acoustic", {**RESTLESS, "max_steps": 4}, {"max_steps": 11}),
        ("acoustic", {**RESTLESS, "max_steps": 1}, {"max_steps": 9}),
        ("acoustic", {**RESTLESS, "max_steps": 6, "validate_every": 2}, {"max_steps": None}),
        ("acoustic", {**RESTLESS, "max_epochs": 3, "validate_every": 2}, {"max_epochs": 5}),
        ("acoustic", {**PATIENT, "early_stop_patience": 2}, {"early_stop_patience": 4}),
        ("vocoder", {"max_steps": 3}, {"max_steps": 5}),
        ("vocoder", {"max_steps": 2}, {"max_steps": 5}),
    ],
    ids=[
        "steps inside an epoch",
        "steps inside the first epoch",
        "steps at the end of an epoch",
        "epochs between validations",
        "patience",
        "vocoder's steps inside an epoch",
        "vocoder's steps at the end of an epoch",
    ],
)
def test_a_larger_limit_goes_on_as_if_it_had_always_been_there(
    kind: str,
    short: dict[str, Any],
    long: dict[str, Any],
    dataset_dir: Path,
    make_recipe: MakeRecipe,
    tmp_path: Path,
) -> None:
    train, run, straight = trainer_of(kind), tmp_path / "run", tmp_path / "straight"
    first = train(dataset_dir, make_recipe(**{kind: short}), tmp_path / "a", run, device="cpu")
    recipe = make_recipe(**{kind: {**short, **long}})
    second = train(dataset_dir, recipe, tmp_path / "a", run, device="cpu", resume=True)
    whole = train(dataset_dir, recipe, tmp_path / "b", straight, device="cpu")
    assert (second.stopped, second.steps, second.epochs) == (whole.stopped, whole.steps, whole.epochs)
    assert second.final_loss == whole.final_loss and second.steps > first.steps
    changed = different(state(run), state(straight))
    assert not changed, changed
    # The validation that was made because the shorter run ended stays in the log, and changes nothing else.
    lines = [(path / METRICS).read_text(encoding="utf-8").splitlines() for path in (run, straight)]
    extra = [line for line in lines[0] if line not in lines[1]]
    assert len(extra) <= 1 and [line for line in lines[0] if line not in extra] == lines[1]
    rows = read_metrics(run)
    assert all(row["step"] == first.steps for row in rows if row not in read_metrics(straight))
    assert second.best_loss <= whole.best_loss
    assert second.best_loss == min(row["val/loss"] for row in rows if "val/loss" in row)


def test_a_run_killed_before_its_last_validation_makes_up_for_it(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, run = make_recipe(acoustic={"max_steps": 4}), tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("rtmri2speech.training.session.Trainer.validate", killed)
        with pytest.raises(Killed):
            train_acoustic(dataset_dir, recipe, tmp_path / "a", run, device="cpu")
    assert [row["step"] for row in read_metrics(run) if "val/loss" in row] == [3]
    resumed = train_acoustic(dataset_dir, recipe, tmp_path / "a", run, device="cpu", resume=True)
    straight = train_acoustic(dataset_dir, recipe, tmp_path / "b", tmp_path / "straight", device="cpu")
    assert (run / METRICS).read_bytes() == (tmp_path / "straight" / METRICS).read_bytes()
    assert (resumed.final_loss, resumed.best_step) == (straight.final_loss, straight.best_step)
    assert not different(load_bundle(tmp_path / "a").tensors, load_bundle(tmp_path / "b").tensors)


def test_the_best_model_and_its_figures_never_disagree(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed after the best model was saved, and before the state was."""
    run, plain = tmp_path / "run", Checkpoints.on_train_epoch_end
    straight = train_vocoder(dataset_dir, make_recipe(), tmp_path / "b", tmp_path / "straight", device="cpu")
    assert straight.best_step == straight.steps == 6

    def killed_at_the_end(self: Checkpoints, trainer: Any, module: Any) -> None:
        if module.optimizer_steps == 6:
            raise Killed
        plain(self, trainer, module)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "on_train_epoch_end", killed_at_the_end)
        with pytest.raises(Killed):
            train_vocoder(dataset_dir, make_recipe(), tmp_path / "a", run, device="cpu")
    for epochs in (1, 2):  # the last checkpoint is the first epoch's
        recipe = make_recipe(vocoder={"max_epochs": epochs})
        summary = train_vocoder(dataset_dir, recipe, tmp_path / "a", run, device="cpu", resume=True)
        assert (summary.steps, summary.best_step, summary.best_loss) == (2 * epochs, 6, straight.best_loss)
        one, other = (load_bundle(tmp_path / name) for name in ("a", "b"))
        assert (one.provenance["step"], one.provenance["metrics"]) == (6, straight.metrics)
        assert not different(one.tensors, other.tensors)


class Killed(Exception):
    """Stands for a signal that leaves no time for anything."""


def killed(*_: Any, **__: Any) -> None:
    raise Killed
