"""The processes of a run: one, or several started by torchrun or SLURM, and how they agree with each other."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import torch
from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import Tensor, distributed

from rtmri2speech.errors import UserError

Start = TypeVar("Start")

# As long as PyTorch waits for processes to come together.
_PATIENCE_SECONDS = 1800.0
# For the one that writes the bundle.
_PARTING_SECONDS = 60.0
_exchanges = itertools.count()


@dataclass(frozen=True)
class Processes:
    """How many processes there are, and which one this is.

    Attributes:
        rank: of this process, from 0; process 0 writes files and prints.
        world: number of processes.
        nodes: number of machines.
        environment: what started them.
    """

    rank: int = 0
    world: int = 1
    nodes: int = 1
    environment: type[ClusterEnvironment] = LightningEnvironment

    @property
    def is_first(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def plugin(self) -> ClusterEnvironment:
        """Lightning's view of what started the processes.

        Set explicitly, because Lightning takes every job under SLURM for one started by srun, and would requeue and
        resume it by its own rules.
        """
        return SLURMEnvironment(auto_requeue=False) if self.environment is SLURMEnvironment else self.environment()


ALONE = Processes()
"""One process."""


def find_processes() -> Processes:
    """Read from the environment how this process was started.

    Lightning's SLURMEnvironment reads the job's variables (``SLURM_NTASKS``), which a batch script without srun has
    too; those of the step are set by srun alone.

    Raises:
        UserError: when processes are spread unevenly over machines.
    """
    values = os.environ
    if "TORCHELASTIC_RUN_ID" in values:
        world, local = int(values["WORLD_SIZE"]), int(values["LOCAL_WORLD_SIZE"])
        found = Processes(int(values["RANK"]), world, max(world // local, 1), TorchElasticEnvironment)
    elif int(values.get("SLURM_STEP_NUM_TASKS", 1)) > 1:
        world, nodes = int(values["SLURM_STEP_NUM_TASKS"]), int(values.get("SLURM_STEP_NUM_NODES", 1))
        local = world // nodes
        found = Processes(int(values["SLURM_PROCID"]), world, nodes, SLURMEnvironment)
    else:
        return ALONE
    if local * found.nodes != world:
        raise UserError(
            f"{world} processes on {found.nodes} machines: not the same number on each.",
            "Start as many processes on every machine: --nproc-per-node (torchrun), --ntasks-per-node (srun).",
        )
    return found


def start_together(processes: Processes, prepare: Callable[[], Start], place: Callable[[Start], str]) -> Start:
    """Prepare a run, and start it only when all processes can, and at the same place.

    A process that failed alone would leave the others waiting for half an hour.

    Args:
        processes: how many there are, and which one this is.
        prepare: whatever may fail before the processes are connected.
        place: where a run that was prepared would start, in words.

    Raises:
        UserError: what ``prepare`` raised, here or in another process; or when the places differ.
    """
    if processes.world == 1:
        return prepare()
    try:
        start = prepare()
    except BaseException as error:
        problem = error.problem if isinstance(error, UserError) else repr(error)
        remedy = error.remedy if isinstance(error, UserError) else "Look for its own message."
        with suppress(RuntimeError):  # its own error is the one to show
            _exchange(processes, {"problem": problem, "remedy": remedy})
        raise
    try:
        told = _exchange(processes, {"place": place(start)})
    except RuntimeError as error:
        raise UserError(
            f"The {processes.world} processes did not find each other ({str(error).splitlines()[0]}).",
            "Look for the message of the one that has ended, and at the network between the machines.",
        ) from error
    for rank, word in enumerate(told):
        if "problem" in word:
            raise UserError(f"Process {rank} cannot start: {word['problem']}", word["remedy"])
    for rank, word in enumerate(told):
        if word != told[0]:
            raise UserError(
                f"Process 0 would start at {told[0]['place']}, process {rank} at {word['place']}.",
                "Put `run_dir` on a file system that all machines share, and start again.",
            )
    return start


def leave_together(processes: Processes) -> None:
    """Wait until all processes have come here, but not forever.

    torchrun and ``srun -K`` end the others as soon as one has left with an error, whatever they are writing.
    """
    if processes.world > 1:
        with suppress(RuntimeError):
            _exchange(processes, {}, _PARTING_SECONDS)


def _exchange(processes: Processes, word: dict[str, str], seconds: float = _PATIENCE_SECONDS) -> list[dict[str, str]]:
    """Exchange a message per process, by rank. Works before the processes are connected for training."""
    from torch.distributed.elastic.utils.store import synchronize

    # torchrun may restart the processes while the store of the first start is still there.
    prefix = f"rtmri2speech/{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}/{next(_exchanges)}/"
    data = json.dumps(word).encode()
    told = synchronize(_store(processes), data, processes.rank, processes.world, prefix, seconds)
    return [json.loads(data) for data in told]


@cache
def _store(processes: Processes) -> Any:
    """The store that the processes share, where PyTorch will look for it; kept, because process 0 may serve it."""
    from torch.distributed.rendezvous import rendezvous

    environment = processes.plugin()
    os.environ["MASTER_ADDR"] = environment.main_address
    os.environ["MASTER_PORT"] = str(environment.main_port)
    store, _, _ = next(rendezvous("env://", processes.rank, processes.world))
    return store


def _connected() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def add_up(values: Tensor) -> Tensor:
    """Sum over all processes, a new tensor; the values themselves where there is one process."""
    if not _connected():
        return values
    total = values.clone()
    distributed.all_reduce(total)
    return total


def add_up_gradients(parameters: Iterable[Tensor]) -> None:
    """Sum the gradients of parameters over all processes, in place and in one exchange.

    Args:
        parameters: those without a gradient must have none in any process.
    """
    if not _connected():
        return
    gradients = [value.grad for value in parameters if value.grad is not None]
    total = add_up(torch.cat([value.flatten() for value in gradients]))
    parts = torch.split(total, [value.numel() for value in gradients])
    torch._foreach_copy_(gradients, [part.view_as(value) for part, value in zip(parts, gradients, strict=True)])


def seed_of(*numbers: int) -> int:
    """A seed for PyTorch that is a function of the numbers alone."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
