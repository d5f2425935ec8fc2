"""A training that is killed and continued is, to the last bit, the training that was never stopped."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator, ScalarEvent

import processes
from rtmri2speech.config import Config
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.acoustic.module import AcousticTraining
from rtmri2speech.training.engine.metrics_log import METRICS, read_metrics
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_acoustic, train_vocoder
from trainings import signalled, with_loader_process

MakeDataset = Callable[..., Path]
MakeRecipe = Callable[..., Recipe]

pytestmark = [processes.needs_fork, pytest.mark.train, pytest.mark.process]


@pytest.fixture
def restless(make_recipe: MakeRecipe) -> Recipe:
    """Everything that is random is on: dropout, augmentation, the order; and the rate changes on the way."""
    return make_recipe(
        acoustic={
            "model": {"backbone": "test_efficientnet", "hidden": 16, "dropout": 0.5},
            "data": {
                "segment_frames": 12,
                "batch_size": 4,
                "micro_batch_size": 2,
                "num_workers": 0,
                "augment": {"shift": 2, "rotation": 5, "gain": 0.2, "gamma": 0.2, "noise": 0.05},
            },
            "scheduler": {"patience": 0, "warmup_steps": 4, "min_lr": 0.0},
            "max_epochs": 5,
        },
        vocoder={"max_epochs": 5, "data": {"segment_frames": 10, "batch_size": 1, "num_workers": 0}},
    )


def start(
    tmp_path: Path, kind: str, root: Path, recipe: Config, *, step: int, number: int, resume: bool, every: float = 0.0
) -> int:
    """Train in a process of its own; its exit code."""
    words = (kind, root, recipe.model_dump_json(), tmp_path / "a.st", tmp_path / "run", resume)
    log = tmp_path / "log.txt"
    code = processes.finish(processes.start(signalled, step, number, every, *words, log=log))
    assert "Traceback" not in log.read_text(encoding="utf-8"), log.read_text(encoding="utf-8")
    return code


def state(run: Path) -> dict[str, torch.Tensor]:
    """Every tensor of the last checkpoint: weights, running statistics, moments of the optimisers."""
    checkpoint = load_checkpoint(RunFolder(run).last)
    tensors = dict(checkpoint["state_dict"])
    for index, optimizer in enumerate(checkpoint["optimizer_states"]):
        tensors |= {
            f"optimizer {index} {number} {name}": value
            for number, moments in optimizer["state"].items()
            for name, value in moments.items()
        }
        tensors[f"rate {index}"] = torch.tensor(optimizer["param_groups"][0]["lr"], dtype=torch.float64)
    return tensors


def scalars(run: Path, name: str) -> list[ScalarEvent]:
    """What TensorBoard shows of a figure."""
    events = EventAccumulator(str(run / "logs"))
    events.Reload()
    return events.Scalars(name)


@pytest.mark.parametrize(
    ("kind", "every", "kills"),
    [("acoustic", 0.0, (5, 8)), ("acoustic", 1e9, (5,)), ("vocoder", 0.0, (7,))],
    ids=["acoustic, saved after every step", "acoustic, saved after the first epoch", "vocoder"],
)
def test_killed_and_continued_is_the_same_to_the_last_bit(
    dataset_dir: Path, restless: Recipe, tmp_path: Path, kind: str, every: float, kills: tuple[int, ...]
) -> None:
    for count, step in enumerate(kills):
        code = start(tmp_path, kind, dataset_dir, restless, step=step, number=9, resume=count > 0, every=every)
        assert code == -signal.SIGKILL
        if every == 0.0:
            epochs = [point.step for point in scalars(tmp_path / "run", "val/loss")]
            assert epochs == [step for step in range(1, step + 1) if step % 3 == 0], "the log is behind the checkpoint"
    train = train_acoustic if kind == "acoustic" else train_vocoder
    train(dataset_dir, restless, tmp_path / "a.st", tmp_path / "run", device="cpu", resume=True)
    train(dataset_dir, restless, tmp_path / "b.st", tmp_path / "straight", device="cpu")
    one, other = state(tmp_path / "run"), state(tmp_path / "straight")
    assert one.keys() == other.keys() and len(one) > 20
    different = [name for name, value in one.items() if not torch.equal(value, other[name])]
    assert not different, different
    assert (tmp_path / "run" / METRICS).read_bytes() == (tmp_path / "straight" / METRICS).read_bytes()
    assert [row["step"] for row in read_metrics(tmp_path / "run") if "val/loss" in row] == [3, 6, 9, 12, 15]
    best, straight = (load_bundle(tmp_path / name).tensors for name in ("a.st", "b.st"))
    assert all(torch.equal(value, straight[name]) for name, value in best.items())


def test_sigterm_saves_before_it_stops(dataset_dir: Path, restless: Recipe, tmp_path: Path) -> None:
    code = start(tmp_path, "acoustic", dataset_dir, restless, step=4, number=signal.SIGTERM, resume=False, every=1e9)
    assert code == 130
    position = RunFolder(tmp_path / "run").position()
    assert position is not None and (position.global_step, position.epoch, position.batches) == (5, 1, 2)


def test_sigterm_to_all_processes_of_the_job_saves_too(dataset_dir: Path, restless: Recipe, tmp_path: Path) -> None:
    """torchrun, srun and timeout signal the loader's processes as well."""
    data = restless.acoustic.data.model_copy(update={"num_workers": 1})
    recipe = restless.model_copy(
        update={"acoustic": restless.acoustic.model_copy(update={"data": data, "max_epochs": 100_000})}
    )
    run, log = tmp_path / "run", tmp_path / "log.txt"
    words = ("acoustic", dataset_dir, recipe.model_dump_json(), tmp_path / "a.st", run)
    process = processes.start(with_loader_process, *words, log=log)
    deadline = time.monotonic() + 90
    while not RunFolder(run).last.is_file():
        assert process.is_alive() and time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGTERM)
    code, errors = processes.finish(process), log.read_text(encoding="utf-8")
    assert code == 130 and "Traceback" not in errors, errors
    position = RunFolder(run).position()
    assert position is not None and position.global_step >= 3


def test_a_network_that_came_apart_is_not_saved(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtmri2speech.training.engine.checkpoints._SECONDS_BETWEEN_SAVES", 0.0)
    plain = AcousticTraining.on_before_optimizer_step

    def break_down(self: AcousticTraining, optimizer: torch.optim.Optimizer) -> None:
        plain(self, optimizer)
        if self.optimizer_steps == 4:
            with torch.no_grad():
                self.model.head.weight.fill_(float("nan"))

    monkeypatch.setattr(AcousticTraining, "on_before_optimizer_step", break_down)
    with pytest.raises(UserError, match="no longer a number at step 6"):
        train_acoustic(dataset_dir, make_recipe(), tmp_path / "a", tmp_path / "run", device="cpu")
    run = RunFolder(tmp_path / "run")
    assert load_checkpoint(run.previous)["global_step"] == 4
    assert torch.isfinite(load_checkpoint(run.previous)["state_dict"]["model.head.weight"]).all()
    best = load_bundle(tmp_path / "a")  # what the message says to begin anew from
    assert best.provenance["step"] == 3 and torch.isfinite(best.tensors["acoustic.head.weight"]).all()


def test_a_run_may_go_on_with_more_patience(dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    frozen = {
        "model": {"backbone": "test_efficientnet_ln", "hidden": 4, "dropout": 0.0},
        "optimizer": {"lr": 1e-12, "weight_decay": 0.0},
        "scheduler": {"min_lr": 0.0},
        "max_epochs": 50,
    }
    first, second = (make_recipe(acoustic={**frozen, "early_stop_patience": patience}) for patience in (2, 6))
    short = train_acoustic(dataset_dir, first, tmp_path / "a", tmp_path / "run", device="cpu")
    longer = train_acoustic(dataset_dir, second, tmp_path / "a", tmp_path / "run", device="cpu", resume=True)
    assert longer.epochs >= short.epochs + 4 and "no improvement in 6" in longer.stopped


def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(acoustic={"max_epochs": 4})
    for epochs in (1, 2):
        part = recipe.model_copy(update={"acoustic": recipe.acoustic.model_copy(update={"max_epochs": epochs})})
        train_acoustic(dataset_dir, part, tmp_path / "a", tmp_path / "run", device="cpu", resume=epochs > 1)
    run = RunFolder(tmp_path / "run")
    content = run.last.read_bytes()
    run.last.write_bytes(content[: len(content) // 2])
    with pytest.warns(
        RuntimeWarning, match=r"last\.ckpt: damaged .* Going on from the one before, previous\.ckpt \(step 3"
    ):
        resumed = train_acoustic(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu", resume=True)
    straight = train_acoustic(dataset_dir, recipe, tmp_path / "b", tmp_path / "straight", device="cpu")
    assert (resumed.steps, resumed.final_loss) == (straight.steps, straight.final_loss)
    assert (tmp_path / "run" / METRICS).read_bytes() == (tmp_path / "straight" / METRICS).read_bytes()
