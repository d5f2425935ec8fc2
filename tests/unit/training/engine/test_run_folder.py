"""Run folders: resuming, stopping, never overwriting."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer

import processes
import trainings
from rtmri2speech.config import Config
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.engine.metrics_log import RunLog
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.summary import TrainingSummary
from rtmri2speech.training.train import train_acoustic, train_vocoder

pytestmark = pytest.mark.train

MakeDataset = Callable[..., Path]
Train = Callable[..., TrainingSummary]
MakeRecipe = Callable[..., Recipe]


def longer(recipe: Recipe, part: str, **values: Any) -> Recipe:
    return recipe.model_copy(update={part: getattr(recipe, part).model_copy(update=values)})


@pytest.mark.parametrize("kind", ["acoustic", "vocoder"])
def test_resume_goes_on_as_if_never_stopped(
    kind: str, dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    train = train_acoustic if kind == "acoustic" else train_vocoder
    recipe = make_recipe()
    short, whole = longer(recipe, kind, max_epochs=2), longer(recipe, kind, max_epochs=4)
    first = train(dataset_dir, short, tmp_path / "a", tmp_path / "run", device="cpu")
    second = train(dataset_dir, whole, tmp_path / "a", tmp_path / "run", device="cpu", resume=True)
    straight = train(dataset_dir, whole, tmp_path / "b", tmp_path / "straight", device="cpu")
    assert (second.epochs, second.steps) == (straight.epochs, straight.steps) == (4, 2 * first.steps)
    assert second.final_loss == pytest.approx(straight.final_loss, rel=1e-5)
    assert second.best_loss == pytest.approx(straight.best_loss, rel=1e-5)
    one, other = (load_checkpoint(tmp_path / name / "checkpoints" / "last.ckpt") for name in ("run", "straight"))
    rates = [[state["param_groups"][0]["lr"] for state in states["optimizer_states"]] for states in (one, other)]
    assert rates[0] == pytest.approx(rates[1])


def test_run_folders_are_never_overwritten(make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    root, recipe = make_dataset(), make_recipe(acoustic={"max_steps": 1})
    run_dir, out = tmp_path / "run", tmp_path / "a"
    with pytest.raises(UserError, match="no training to resume"):
        train_acoustic(root, recipe, out, run_dir, device="cpu", resume=True)
    train_acoustic(root, recipe, out, run_dir, device="cpu")
    with pytest.raises(UserError, match="already exists and is not empty"):
        train_acoustic(root, recipe, out, run_dir, device="cpu")
    other = longer(recipe, "acoustic", optimizer=recipe.acoustic.optimizer.model_copy(update={"lr": 0.5}))
    with pytest.raises(UserError, match=r"optimizer\.lr: 0\.003 then, 0\.5 now"):
        train_acoustic(root, other, out, run_dir, device="cpu", resume=True)
    with pytest.raises(
        UserError,
        match=r"dataset has changed since this run began: 4 other content or split \(u0, u1, u2, \.\.\.\)",
    ):
        train_acoustic(make_dataset("more", seed=9), recipe, out, run_dir, device="cpu", resume=True)
    with pytest.raises(UserError, match="kind: acoustic then, vocoder now"):
        train_vocoder(root, recipe, out, run_dir, device="cpu", resume=True)
    RunFolder(run_dir).last.write_bytes(b"PK broken")
    with pytest.raises(UserError, match="damaged"):
        train_acoustic(root, recipe, out, run_dir, device="cpu", resume=True)


def test_a_rate_that_falls_over_the_steps_keeps_their_number(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    """With a longer fall the rate would jump up where the run goes on."""
    cases: list[tuple[str, Train, dict[str, Any], bool]] = [
        ("vocoder", train_vocoder, {"lr_schedule": "cosine"}, False),
        ("vocoder", train_vocoder, {"lr_schedule": "step"}, True),
        ("acoustic", train_acoustic, {"scheduler": {"kind": "cosine"}}, False),
        ("acoustic", train_acoustic, {"scheduler": {"kind": "plateau"}}, True),
    ]
    for number, (kind, train, schedule, allowed) in enumerate(cases):
        recipe, run = make_recipe(**{kind: {"max_steps": 1, **schedule}}), tmp_path / str(number)
        train(dataset_dir, recipe, tmp_path / "model", run, device="cpu")
        more = longer(recipe, kind, max_steps=2)
        if allowed:
            train(dataset_dir, more, tmp_path / "model", run, device="cpu", resume=True)
        else:
            with pytest.raises(UserError, match="max_steps: 1 then, 2 now"):
                train(dataset_dir, more, tmp_path / "model", run, device="cpu", resume=True)


def test_a_run_from_before_a_setting_goes_on(dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """Its run.json does not know the setting, which then stands at its default; any other value is refused."""
    recipe, run = make_recipe(acoustic={"max_steps": 1}), tmp_path / "run"
    train_acoustic(dataset_dir, recipe, tmp_path / "a", run, device="cpu")
    stored = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del stored["recipe"]["scheduler"]["kind"], stored["recipe"]["data"]["augment"]["gamma"]
    (run / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    more = longer(recipe, "acoustic", max_steps=2)
    falling = longer(more, "acoustic", scheduler=more.acoustic.scheduler.model_copy(update={"kind": "cosine"}))
    with pytest.raises(UserError, match=r"scheduler\.kind: plateau then, cosine now"):
        train_acoustic(dataset_dir, falling, tmp_path / "a", run, device="cpu", resume=True)
    assert train_acoustic(dataset_dir, more, tmp_path / "a", run, device="cpu", resume=True).steps == 2


def test_a_run_goes_on_from_what_it_began_from(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, one, other, run = make_recipe(acoustic={"max_steps": 1}), tmp_path / "1", tmp_path / "2", tmp_path / "run"
    train_acoustic(dataset_dir, recipe, one, tmp_path / "r1", device="cpu")
    train_acoustic(dataset_dir, longer(recipe, "acoustic", seed=5), other, tmp_path / "r2", device="cpu")

    def train(folder: Path, **options: Any) -> None:
        train_acoustic(dataset_dir, recipe, tmp_path / "a", folder, device="cpu", **options)

    with monkeypatch.context() as patch:
        patch.setattr("rtmri2speech.training.session.Trainer.fit", no_memory)
        with pytest.raises(UserError, match="memory"):
            train(run, init=one)
    with pytest.raises(UserError, match="no checkpoint yet, and began from 1") as error:
        train(run, resume=True)
    assert "`init`" in error.value.remedy
    train(run, resume=True, init=one)
    train(run, resume=True)
    assert load_bundle(tmp_path / "a").provenance["init"] == "1"
    one.rename(tmp_path / "renamed")
    train(run, resume=True, init=tmp_path / "renamed")
    with pytest.raises(UserError, match="began from 1, and `init` is 2"):
        train(run, resume=True, init=other)
    other.rename(one)
    with pytest.raises(UserError, match="began from 1, and `init` is 1 of that name with other content"):
        train(run, resume=True, init=one)
    with pytest.raises(UserError, match="began without `init`, and `init` is 1"):
        train(tmp_path / "r1", resume=True, init=one)


def test_the_log_is_on_the_disk_before_a_checkpoint_is(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for kind, name in ((RunLog, "scalars"), (RunLog, "flush"), (Trainer, "save_checkpoint")):
        plain = getattr(kind, name)

        def noted(*args: Any, name: str = name, plain: Any = plain, **options: Any) -> None:
            done.append(name)
            plain(*args, **options)

        monkeypatch.setattr(kind, name, noted)
    train_acoustic(dataset_dir, make_recipe(acoustic={"max_steps": 4}), tmp_path / "a", tmp_path / "run", device="cpu")
    saves = [place for place, name in enumerate(done) if name == "save_checkpoint"]
    assert len(saves) == 2 and all(done[place - 1] == "flush" for place in saves)


def no_memory(*_: Any, **__: Any) -> None:
    raise torch.OutOfMemoryError


@pytest.mark.parametrize("presses", [1, 2])
def test_interrupt_inside_an_epoch(
    presses: int, dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, recipe = NanGuard.update, make_recipe(acoustic={"max_epochs": 4})
    before = signal.getsignal(signal.SIGINT)

    def press(self: NanGuard, loss: torch.Tensor, step: int) -> None:
        plain(self, loss, step)
        if step == 4:  # epochs have 3 steps: the second step of the second epoch
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(NanGuard, "update", press)
    out, run_dir = tmp_path / "a", tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train_acoustic(dataset_dir, recipe, out, run_dir, device="cpu")
    assert signal.getsignal(signal.SIGINT) is before
    assert load_bundle(out).kind == "acoustic", "the best model so far is there"
    position = RunFolder(run_dir).position()
    assert position is not None and (position.epoch, position.batches) == ((1, 2) if presses == 1 else (1, 0))

    monkeypatch.setattr(NanGuard, "update", plain)
    resumed = train_acoustic(dataset_dir, recipe, out, run_dir, device="cpu", resume=True)
    straight = train_acoustic(dataset_dir, recipe, tmp_path / "b", tmp_path / "straight", device="cpu")
    assert (resumed.steps, resumed.epochs) == (straight.steps, straight.epochs) == (12, 4)
    assert resumed.final_loss == pytest.approx(straight.final_loss, rel=1e-5)


@processes.needs_fork
def test_interrupt_of_a_process(dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe: Config = make_recipe(acoustic={"max_epochs": 100_000, "early_stop_patience": 100_000})
    words = ("acoustic", dataset_dir, recipe.model_dump_json(), tmp_path / "a", tmp_path / "run")
    log = tmp_path / "log.txt"
    process = processes.start(trainings.train, *words, log=log)
    deadline = time.monotonic() + 60
    while not RunFolder(tmp_path / "run").last.is_file() and process.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    code, output = processes.finish(process), log.read_text(encoding="utf-8")
    assert code == 130, output
    assert "Traceback" not in output and "Detected KeyboardInterrupt" not in output
    assert load_bundle(tmp_path / "a").kind == "acoustic"
    assert RunFolder(tmp_path / "run").position() is not None
