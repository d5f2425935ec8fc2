"""The engine of jobs that runs them over the workers of a Dask cluster."""

from __future__ import annotations

import os
import pickle
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from rtmri2speech.cluster.worker import Call, ChildDiedError, UnfitWorkerError, do, end_run
from rtmri2speech.errors import UserError
from rtmri2speech.parallel import WORKER_DIED

if TYPE_CHECKING:
    from concurrent.futures import Future

    from distributed import Client

# Seconds between looks at the cluster, and for which it may have no scheduler, or no worker before that is said.
_LOOK, _PATIENCE = 1.0, 15.0


class DaskEngine:
    """Does jobs on the workers of a cluster; see :class:`rtmri2speech.parallel.Engine`.

    Args:
        client: connected.
        say: is told in a line what the user should know meanwhile.
        check: is called where no answer comes, and raises a UserError when none can come.
    """

    def __init__(self, client: Client, say: Callable[[str], None], check: Callable[[], None] | None = None) -> None:
        self._client, self._say, self._check = client, say, check

    def run(
        self, work: Callable[[Any], Any], jobs: Sequence[Any], fresh: bool
    ) -> Generator[tuple[Any, Any], None, None]:
        """Do every job, in any order.

        A job whose process dies is tried again, on another worker if there is one; workers that are lost give theirs
        to others. What is left then is done alone, so that only a job that kills workers itself fails.

        Raises:
            UserError: when the scheduler is gone, or workers cannot do the jobs.
        """
        run = _Run(self._client, Call(uuid.uuid4().hex, os.getcwd(), fresh), work, jobs)
        try:
            for index in range(len(jobs)):
                run.submit(index)
            yield from self._results(run)
            for index in run.suspects:
                run.submit(index)
                yield from self._results(run, last=True)
        finally:
            run.end()

    def _results(self, run: _Run, last: bool = False) -> Generator[tuple[Any, Any], None, None]:
        watch = _Watch(self._client, self._say)
        while run.waiting:
            try:
                future = run.finished.get(timeout=_LOOK)
            except Empty:
                if self._check is not None:
                    self._check()
                watch.look()
                continue
            watch.answered()
            if (found := run.take(future, last)) is not None:
                yield found


class _Run:
    """Jobs on their way.

    Attributes:
        waiting: number of each job that is on its way, by its future.
        finished: futures in the order in which they were.
        suspects: numbers of jobs at work when a worker was lost, time and again: one of them may be the reason.
    """

    def __init__(self, client: Client, call: Call, work: Callable[[Any], Any], jobs: Sequence[Any]) -> None:
        self._client, self._call, self._work, self._jobs = client, call, work, jobs
        # It fetches results one by one: waiting for that of a worker that was just lost holds up no other.
        self._executors = [client.get_executor(pure=False)]
        self._died: set[int] = set()
        self.waiting: dict[Future[bytes], int] = {}
        self.finished: SimpleQueue[Future[bytes]] = SimpleQueue()
        self.suspects: list[int] = []

    def submit(self, index: int, not_on: str | None = None) -> None:
        """Send a job out; on another worker than ``not_on``, if there is one."""
        # By value where it comes from a script or a notebook, which workers cannot import.
        from cloudpickle import dumps

        executor = self._executors[0]
        if not_on is not None and (others := [name for name in self._client.nthreads() if name != not_on]):
            executor = self._client.get_executor(pure=False, workers=others, allow_other_workers=True)
            self._executors.append(executor)
        future = executor.submit(do, self._call, dumps((self._work, self._jobs[index])))
        self.waiting[future] = index
        future.add_done_callback(self.finished.put)

    def take(self, future: Future[bytes], last: bool) -> tuple[Any, Any] | None:
        """A finished job with its result; None if it is to be done again.

        Raises:
            UserError: when the scheduler is gone, or a worker cannot do the jobs.
        """
        from distributed.scheduler import KilledWorker

        index = self.waiting.pop(future)
        try:
            error = future.exception()
        except CancelledError:
            raise _gone() from None
        if isinstance(error, ChildDiedError) and index not in self._died:
            self._died.add(index)
            self.submit(index, not_on=str(error.args[0]))
            return None
        if isinstance(error, KilledWorker) and not last:
            self.suspects.append(index)
            return None
        if isinstance(error, ChildDiedError | KilledWorker):
            return self._jobs[index], UserError(
                WORKER_DIED, "Give workers more memory or fewer threads, then run it again; it was tried twice or more."
            )
        if error is not None:
            raise _told(error)
        fine, result = pickle.loads(future.result())
        if not fine:
            raise result
        return self._jobs[index], result

    def end(self) -> None:
        """Take back what is not finished, and end the processes of this run."""
        if self._client.status != "running":
            return
        with suppress(Exception):
            for executor in self._executors:
                executor.shutdown(wait=False)
            self._client.run(end_run, self._call.run, on_error="ignore")


class _Watch:
    """Looks at the cluster where no answer comes."""

    def __init__(self, client: Client, say: Callable[[str], None]) -> None:
        self._client, self._say = client, say
        self._since = time.monotonic()
        self._said = False

    def answered(self) -> None:
        """There was an answer."""
        self._since, self._said = time.monotonic(), False

    def look(self) -> None:
        """Say it once if nobody works.

        Raises:
            UserError: when the scheduler is gone.
        """
        if self._client.status == "closed":
            raise _gone()
        if self._client.status != "running" or self._client.nthreads():
            self._since = time.monotonic()
        elif not self._said and time.monotonic() - self._since > _PATIENCE:
            self._said = True
            self._say("the cluster has no workers now; waiting for one (Ctrl-C to stop)")


def _gone() -> UserError:
    return UserError(
        "The cluster's scheduler is gone.", "Start one, then run the same command again; what was finished is kept."
    )


def _told(error: BaseException) -> BaseException:
    """An error of a worker of Dask, for the user where it is one of the user's."""
    if isinstance(error, UnfitWorkerError):
        return UserError(*error.args)
    if isinstance(error, ModuleNotFoundError):
        return UserError(
            f"A worker of the cluster cannot import {error.name}.",
            "Start the workers in an environment with rtmri2speech, the same as that of this command.",
        )
    return error
