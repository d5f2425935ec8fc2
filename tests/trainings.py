"""What the tests' forked processes do: train, alone or as one of two, and be interrupted at a given step."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from rtmri2speech.cli.main import main
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import UserError
from rtmri2speech.training import session
from rtmri2speech.training.engine import checkpoints, loaders
from rtmri2speech.training.engine.distributed import find_processes, start_together
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_acoustic, train_vocoder

torch.set_num_threads(1)


def train(kind: str, root: Path | Dataset, recipe: str, out: Path, run: Path, resume: bool = False) -> None:
    """Train; the recipe as JSON."""
    work = train_acoustic if kind == "acoustic" else train_vocoder
    work(root, Recipe.model_validate_json(recipe), out, run, device="cpu", resume=resume)


def signalled(step: int, number: int, every: float, *words: Any) -> None:
    """Train, send oneself a signal at an optimizer step, and save every so many seconds."""
    checkpoints._SECONDS_BETWEEN_SAVES = every
    plain = NanGuard.update

    def update(self: NanGuard, loss: Tensor, at: int) -> None:
        plain(self, loss, at)
        if at == step:
            os.kill(os.getpid(), number)

    NanGuard.update = update  # type: ignore[method-assign]
    train(*words)


def with_loader_process(*words: Any) -> None:
    """Train with a process that loads, which a training on a CPU is spared otherwise."""
    loaders.loader_workers = lambda wanted, cuda: wanted
    train(*words)


def command(*words: str) -> int:
    """The command line."""
    return main(words)


def by_torchrun(function: Any, *arguments: Any) -> None:
    """Start two processes as torchrun does: by its agent, which ends both when one fails."""
    config = LaunchConfig(
        1, 1, 2, run_id=uuid.uuid4().hex, rdzv_backend="c10d", rdzv_endpoint="localhost:0", max_restarts=0,
        monitor_interval=0.1, start_method="fork",
    )  # fmt: skip
    elastic_launch(config, _rank)(function, *arguments)


def _rank(function: Any, *arguments: Any) -> None:
    try:
        function(*arguments)
    except KeyboardInterrupt:  # for which torch's own fork leaves with exit code 0, and Python with an error
        print("KeyboardInterrupt", flush=True)
        os._exit(1)


def stopped_together(*words: Any) -> None:
    """Train as one of several that are all asked to stop, the first of which takes its time to write."""
    checkpoints._STEPS_BETWEEN_VOTES = 1
    update, save = NanGuard.update, session.save_bundle

    def asked(self: NanGuard, loss: Tensor, step: int) -> None:
        update(self, loss, step)
        if step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    def slowly(*arguments: Any) -> None:
        time.sleep(3)
        save(*arguments)

    NanGuard.update, session.save_bundle = asked, slowly  # type: ignore[method-assign]
    train(*words)


def agree(folder: Path) -> None:
    """Come to an agreement a few times, then connect the processes as a training would."""
    processes, told = find_processes(), []

    def prepare(name: str) -> str:
        if processes.rank == 0 and name == "refused":
            raise UserError("The folder is in use.", "Choose another.")
        if processes.rank == 1 and name == "broken":
            raise ValueError("out of order")
        return f"step {processes.rank}" if name == "apart" else "step 7"

    for name in ("ready", "refused", "broken", "apart", "ready"):
        try:
            told.append(start_together(processes, lambda name=name: prepare(name), lambda start: start))
        except (UserError, ValueError) as error:
            told.append(str(error))
    distributed.init_process_group("gloo", rank=processes.rank, world_size=processes.world)
    distributed.barrier()
    (folder / f"{processes.rank}.json").write_text(json.dumps(told), encoding="utf-8")
    distributed.destroy_process_group()
