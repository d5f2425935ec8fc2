"""Workers that Slurm is asked for, by dask-jobqueue."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtmri2speech.errors import ConfigError, UserError

if TYPE_CHECKING:
    from dask_jobqueue import SLURMCluster


@dataclass(frozen=True)
class Slurm:
    """Jobs of Slurm that become workers; what is None is as Dask's own configuration (``jobqueue.slurm``) says.

    Attributes:
        jobs: how many; one that ends is replaced.
        queue: partition.
        account: that pays.
        cores: per job: each does one recording at a time.
        memory: per job, such as ``16GB``.
        walltime: after which Slurm ends a job, such as ``02:00:00``.
        directives: further options of ``sbatch``, such as ``--gres=gpu:1``.
    """

    jobs: int = 4
    queue: str | None = None
    account: str | None = None
    cores: int | None = None
    memory: str | None = None
    walltime: str | None = None
    directives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("jobs", self.jobs), ("cores", self.cores)):
            if value is not None and value < 1:
                raise ConfigError(f"`slurm_{name}={value}`: less than one.", "Give 1 or more.")


@dataclass
class _Submissions:
    """What Slurm has said to the jobs that it was asked for."""

    say: Callable[[str], None]
    accepted: int = 0
    refusals: list[str] = field(default_factory=list)
    _said: bool = False

    def check(self) -> None:
        """Say once that jobs were refused.

        Raises:
            UserError: when all were.
        """
        if not self.refusals:
            return
        if not self.accepted:
            raise UserError(f"`slurm`: sbatch refuses: {self.refusals[0]}", "Give other options, as sbatch asks for.")
        if not self._said:
            self._said = True
            self.say(f"sbatch refuses further jobs: {self.refusals[0]}")


def _reason(error: Exception) -> str:
    """What sbatch has said, in a line; its standard error stands last in the text of the exception."""
    said = re.split(r"stderr:", str(error))[-1]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0].removeprefix("sbatch: error: ") if lines else type(error).__name__


@contextmanager
def slurm_cluster(slurm: Slurm, say: Callable[[str], None]) -> Iterator[tuple[SLURMCluster, Callable[[], None]]]:
    """Ask for jobs; the cluster, and a function that raises what Slurm has against them.

    Args:
        slurm: the jobs.
        say: is told in a line what the user should know meanwhile.

    Raises:
        UserError: when there is no Slurm, or cores or memory are given nowhere.
    """
    import dask
    from dask_jobqueue import SLURMCluster
    from dask_jobqueue.slurm import SLURMJob

    if shutil.which("sbatch") is None:
        raise UserError(
            "`slurm`: there is no sbatch on this machine.",
            "Run it where you submit jobs; or give a `scheduler`, or a `shard`.",
        )
    submissions = _Submissions(say)

    class Job(SLURMJob):  # type: ignore[misc]
        async def _submit_job(self, script_filename: str) -> Any:
            try:
                answer = await super()._submit_job(script_filename)
            except Exception as error:
                submissions.refusals.append(_reason(error))
                raise
            submissions.accepted += 1
            return answer

    given = {name: getattr(slurm, name) for name in ("queue", "account", "cores", "memory", "walltime")}
    if slurm.directives:
        given["job_extra_directives"] = list(slurm.directives)
    # Keys are files that the jobs read: in a folder that all machines share, as they do the home.
    shared = dask.config.get("jobqueue.slurm.shared-temp-directory", None) or str(Path.home())
    try:
        # Encrypted, and for those alone who have the key: else whoever reaches the port acts in the user's name.
        cluster = SLURMCluster(
            job_cls=Job,
            processes=1,
            security=True,
            shared_temp_directory=shared,
            scheduler_options={"dashboard_address": None},
            **{name: value for name, value in given.items() if value is not None},
        )
    except (ValueError, TypeError) as error:
        problem = (str(error).splitlines() or ["cannot be asked."])[0].removesuffix(", for example:").rstrip(".")
        raise UserError(
            f"`slurm`: {problem}.",
            "Give `slurm_cores` and `slurm_memory`, or write them to ~/.config/dask/jobqueue.yaml.",
        ) from None
    try:
        cluster.adapt(minimum_jobs=slurm.jobs, maximum_jobs=slurm.jobs)
        yield cluster, submissions.check
    finally:
        with suppress(AssertionError):  # where jobs were refused
            cluster.close()
