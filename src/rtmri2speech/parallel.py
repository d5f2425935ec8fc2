"""Many jobs over many processes, such that a worker that dies costs one job; and one thread that works ahead.

The processes are this machine's, unless another :class:`Engine` is in use: that of a cluster, see ``cluster/``.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits

from rtmri2speech.errors import ConfigError, UserError

Job = TypeVar("Job")
Result = TypeVar("Result")
Item = TypeVar("Item")

WORKER_DIED = "The worker process died (killed, or out of memory)."


class Engine(Protocol):
    """Processes that do jobs in place of this machine's."""

    def run(
        self, work: Callable[[Any], Any], jobs: Sequence[Any], fresh: bool
    ) -> Generator[tuple[Any, Any], None, None]:
        """As :func:`run_jobs`; ``work`` returns a UserError where a job has failed, and raises faults of ours.

        Raises:
            UserError: when no job can be done any more; what was done is kept.
        """
        ...


_engine: ContextVar[Engine | None] = ContextVar("engine", default=None)


@contextmanager
def use_engine(engine: Engine) -> Iterator[None]:
    """All jobs of :func:`run_jobs` within go to ``engine``."""
    token = _engine.set(engine)
    try:
        yield
    finally:
        _engine.reset(token)


# Where OpenMP, OpenBLAS, MKL and Apple's Accelerate look when they are loaded.
_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def own_cores() -> int:
    """Cores that this process may keep busy: as many as ``OMP_NUM_THREADS`` says, one where it is a worker."""
    named = os.environ.get(_THREAD_COUNTS[0], "")
    return int(named) if named.isdigit() and int(named) else os.cpu_count() or 1


def start_worker() -> None:
    """Make this process a worker: one thread, deaf to Ctrl-C, and gone with its parent."""
    _watch_parent()
    # Ctrl-C reaches the whole process group; the parent alone decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The processes share the cores already; more threads would only wait for each other. The variables are for
    # libraries that the work loads, the limit is for those that the main module has loaded before this.
    os.environ.update(dict.fromkeys(_THREAD_COUNTS, "1"))
    threadpool_limits(1)


def _watch_parent() -> None:
    """End this worker when its parent is killed: it would wait forever, or write at the same time as the next run."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


_IN_USE = "Close programs that use it, then run it again."
_REMEDIES = {
    errno.ENOSPC: "Free some space, then run it again.",
    errno.ENOENT: "It was there when the run began: put it back, or see whether its drive is still connected.",
}


def _guarded(work: Callable[[Job], Result], job: Job) -> Result | UserError:
    try:
        return work(job)
    except UserError as error:
        return error
    except OSError as error:
        # A file that another program has locked, a network drive that went away: it concerns this job alone.
        name = error.filename or "A file"
        return UserError(f"{name}: {error.strerror or error}.", _REMEDIES.get(error.errno or 0, _IN_USE))
    except MemoryError:
        return UserError("Not enough memory.", "Use fewer `workers`, or cut the recording.")


def run_jobs(
    work: Callable[[Job], Result], jobs: Sequence[Job], workers: int, *, fresh: bool = False, here: bool = False
) -> Generator[tuple[Job, Result | UserError], None, None]:
    """Do every job, in any order; a failed one yields its UserError instead of a result.

    ``work`` and the jobs must be picklable. With one worker, or one job, no process is started.
    When a worker dies (killed for memory, a crash in a codec), the jobs left are done once more, one
    worker process each, so that only the job at fault fails.

    Args:
        work: a function at module level.
        jobs: its arguments.
        workers: processes; 0 for one per core.
        fresh: do every job in a process of its own that ends with it, for libraries that leave traces.
        here: on this machine, whatever engine is in use: for files that no other one can read.
    """
    if workers < 0:
        raise ConfigError(f"`workers={workers}`: less than none.", "Give a number of processes; 0 is one per core.")
    engine = None if here else _engine.get()
    if engine is not None:
        if jobs:
            yield from engine.run(partial(_guarded, work), jobs, fresh)
        return
    workers = min(workers or os.cpu_count() or 1, len(jobs))
    if workers <= 1 and not (fresh and jobs):
        for job in jobs:
            # As in a worker, because the number of threads shows in the last bit of a matrix product.
            with threadpool_limits(1):
                result = _guarded(work, job)
            yield job, result
        return
    done: set[int] = set()
    pools = _Pools()
    # Not `max_tasks_per_child`, for fresh ones: a pool that makes a new worker while it ends may wait forever for it
    # (seen in Python 3.11).
    executor: Executor = ThreadPoolExecutor(workers) if fresh else pools.open(workers)
    task = partial(_alone, pools, work) if fresh else partial(_guarded, work)
    with executor:
        futures = {executor.submit(task, job): index for index, job in enumerate(jobs)}
        try:
            for future in as_completed(futures):
                result = future.result()
                done.add(futures[future])
                yield jobs[futures[future]], result
        except BrokenProcessPool:
            pass
        except BaseException:
            if fresh:  # so that no thread begins another job
                executor.shutdown(wait=False, cancel_futures=True)
            # Workers at work are ended: their outputs have temporary names, and a recording can take minutes.
            pools.terminate()
            # A pool of processes takes its jobs back itself, here: it cannot bear that others cancel them.
            executor.shutdown(wait=True, cancel_futures=True)
            raise
    for index, job in enumerate(jobs):
        if index not in done:
            yield job, _alone(pools, work, job)


class _Pools:
    """The worker processes of one call, which no other call and no caller's own processes are ended with."""

    def __init__(self) -> None:
        self._opened: list[ProcessPoolExecutor] = []
        self.ended = False

    def open(self, workers: int) -> ProcessPoolExecutor:
        """Worker processes on this machine, started anew (spawn), as on Windows."""
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)
        self._opened.append(pool)
        return pool

    def terminate(self) -> None:
        """End all workers, whatever they are doing."""
        self.ended = True
        for pool in self._opened:
            # Python 3.14 has `terminate_workers` for it. None once the pool has ended.
            for process in list((getattr(pool, "_processes", None) or {}).values()):
                process.terminate()


def _alone(pools: _Pools, work: Callable[[Job], Result], job: Job) -> Result | UserError:
    """A job in a process of its own."""
    with pools.open(1) as executor:
        try:
            future = executor.submit(partial(_guarded, work), job)
            if pools.ended:  # while this one's process was being started
                pools.terminate()
            return future.result()
        except BrokenProcessPool:
            return UserError(WORKER_DIED, "Use fewer `workers`, then run it again.")


class _End:
    """There is no further item."""


_END = _End()


def one_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, in order; while one is in use, a thread makes the next one, and no more than that.

    It gains where making or using an item needs no Python for a while: decoding, compressing, a network.
    """
    rest = iter(items)

    def following() -> Item | _End:
        return next(rest, _END)

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(following)
        while not isinstance(item := coming.result(), _End):
            coming = thread.submit(following)
            yield item
