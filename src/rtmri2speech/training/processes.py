"""The processes of a training: one, or many started by torchrun or SLURM, and what they tell each other."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import Tensor, distributed

from rtmri2speech.errors import UserError


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this one is.

    Attributes:
        rank: of this process, from 0; process 0 writes files and talks.
        world: number of processes.
        nodes: number of machines.
        environment: who started them.
    """

    rank: int = 0
    world: int = 1
    nodes: int = 1
    environment: type[ClusterEnvironment] = LightningEnvironment

    @property
    def is_first(self) -> bool:
        """Whether this process writes and talks."""
        return self.rank == 0

    def plugin(self) -> ClusterEnvironment:
        """Lightning's view of who started the processes.

        Named outright, because Lightning takes every job under SLURM for one started by srun, and would requeue and
        resume it by its own rules.
        """
        return SLURMEnvironment(auto_requeue=False) if self.environment is SLURMEnvironment else self.environment()


ALONE = Processes()
"""One process."""


def find_processes() -> Processes:
    """Read from the environment how this process was started.

    Raises:
        UserError: when processes are spread unevenly over machines.
    """
    values = os.environ
    if "TORCHELASTIC_RUN_ID" in values:
        world, local = int(values["WORLD_SIZE"]), int(values["LOCAL_WORLD_SIZE"])
        found = Processes(int(values["RANK"]), world, max(world // local, 1), TorchElasticEnvironment)
    elif int(values.get("SLURM_STEP_NUM_TASKS", 1)) > 1:
        # Of the step, which only srun sets: a batch script that calls the program itself is one process.
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


def add_up(values: Tensor) -> Tensor:
    """Sum over all processes, a new tensor; the values themselves where there is one process."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return values
    total = values.clone()
    distributed.all_reduce(total)
    return total


def seed_of(*numbers: int) -> int:
    """A seed for PyTorch that is a function of the numbers alone."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
