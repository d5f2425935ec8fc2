"""Options of commands whose work can go over the machines of a cluster, or over a job array."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.console import Flag, Many, said
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.errors import ConfigError
from rtmri2speech.sharding import AFTERWARDS, Shard


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """More than one machine."""

    scheduler: Annotated[
        str | None, said("Address of a Dask scheduler whose workers do the work: tcp://node1:8786 (extra cluster).")
    ] = None
    slurm: Annotated[bool, Flag, said("Ask Slurm for workers, which end with the command (extra cluster).")] = False
    slurm_jobs: Annotated[int, said("How many jobs of Slurm.")] = 4
    slurm_queue: Annotated[
        str | None, said("Slurm's partition; this and what follows by default as Dask's own configuration says.")
    ] = None
    slurm_account: Annotated[str | None, said("Slurm's account.")] = None
    slurm_cores: Annotated[int | None, said("Cores per job: it works on so many recordings at a time.")] = None
    slurm_memory: Annotated[str | None, said("Memory per job, such as 16GB.")] = None
    slurm_walltime: Annotated[str | None, said("Time after which Slurm ends a job, such as 02:00:00.")] = None
    slurm_options: Annotated[
        list[str] | None, Many, said("Further options of sbatch, such as --slurm-options=--gres=gpu:1.")
    ] = None
    shard: Annotated[
        str | None,
        said("Work on a share alone, 1/8 to 8/8, without a scheduler; the same command without it joins the shares."),
    ] = None

    def share(self) -> Shard | None:
        """The share to work on; None for everything.

        Raises:
            ConfigError: when it is none.
        """
        return Shard.of(self.shard)

    @property
    def far(self) -> bool:
        """Whether the work goes to workers of a cluster."""
        return self.slurm or self.scheduler is not None

    @contextmanager
    def engine(self, workers: int = 0) -> Iterator[None]:
        """The cluster does the jobs of :func:`rtmri2speech.parallel.run_jobs` within, if one is asked for.

        Args:
            workers: as asked for: a cluster has its own.

        Raises:
            UserError: when the extra is missing, or nobody answers.
            ConfigError: for options that do not go together.
        """
        given = {name: value for name, value in vars(self).items() if name.startswith("slurm_") and value is not None}
        if not self.slurm and (given.keys() > {"slurm_jobs"} or self.slurm_jobs != ClusterOptions.slurm_jobs):
            name = next(name for name in given if name != "slurm_jobs" or self.slurm_jobs != ClusterOptions.slurm_jobs)
            raise ConfigError(f"`{name}={given[name]}`: goes with `slurm`.", "Give `slurm` too, or leave it out.")
        with ExitStack() as stack:
            if self.far:
                if workers:
                    raise ConfigError(
                        f"`workers={workers}`: a cluster has as many as it has.", "Leave out `workers`, or the cluster."
                    )
                self._enter(stack)
            yield

    def _enter(self, stack: ExitStack) -> None:
        from rtmri2speech.cluster.connect import use_cluster
        from rtmri2speech.cluster.slurm import Slurm

        slurm = None
        if self.slurm:
            slurm = Slurm(
                jobs=self.slurm_jobs,
                queue=self.slurm_queue,
                account=self.slurm_account,
                cores=self.slurm_cores,
                memory=self.slurm_memory,
                walltime=self.slurm_walltime,
                directives=tuple(self.slurm_options or ()),
            )
        stack.enter_context(use_cluster(self.scheduler, slurm, lambda line: print_notes([line])))


HERE = ClusterOptions()
"""This machine alone."""


def note_share(share: Shard | None) -> None:
    """Say what is to be done after a share, where results of all are joined."""
    if share is not None:
        print_notes([AFTERWARDS])
