"""What runs in a worker of Dask: it hands jobs on to processes of their own.

Their libraries have one thread, as on one's own machine, so that results have the same bytes; a crash in one of them
does not end the worker; and a worker of many threads does as many jobs at once, which libraries that are not made for
threads would not stand. They are no children of ``multiprocessing``, because Dask's workers may not have such.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from platform import node

from rtmri2speech.cluster.child import read_message, write_message
from rtmri2speech.version import __version__


@dataclass(frozen=True)
class Call:
    """What all jobs of one call of ``run_jobs`` have in common.

    Attributes:
        run: unlike that of any other call.
        folder: the working directory, which paths may be relative to.
        fresh: whether every job has a process of its own.
        version: of the program that asks.
        python: its language: pickles of another one may not be readable.
    """

    run: str
    folder: str
    fresh: bool = False
    version: str = __version__
    python: tuple[int, int] = (sys.version_info[0], sys.version_info[1])


class UnfitWorkerError(Exception):
    """A worker that cannot do the jobs of a run; its arguments are the problem and the remedy."""


class ChildDiedError(Exception):
    """The process that did a job was killed, or has crashed; its argument is the address of the worker."""


class _Child:
    """A process that does jobs, one after the other."""

    def __init__(self, folder: str) -> None:
        # As `multiprocessing` does it: modules are found where this process finds them.
        path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rtmri2speech.cluster.child"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, message: bytes) -> bytes:
        """The answer to a job.

        Raises:
            EOFError, OSError: when the process has died.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        write_message(self._process.stdin, message)
        return read_message(self._process.stdout)

    def alive(self) -> bool:
        """Whether the process can be asked."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was still to be written to it
                    stream.close()


_lock = threading.Lock()
_idle: dict[str, list[_Child]] = defaultdict(list)
_busy: dict[str, set[_Child]] = defaultdict(set)


def do(call: Call, message: bytes) -> bytes:
    """Do a job in a process of its run.

    Args:
        call: what it has in common with others.
        message: pickle of work and job.

    Returns:
        Pickle of the result, see :func:`rtmri2speech.cluster.child.answer_of`.

    Raises:
        UnfitWorkerError: when this worker can do none of the run's jobs.
        ChildDiedError: when the process has died.
    """
    _require_same(call)
    child = _take(call)
    try:
        answer = child.ask(message)
    except (EOFError, OSError):
        _put_back(call, child, usable=False)
        raise ChildDiedError(_address()) from None
    _put_back(call, child, usable=not call.fresh)
    return answer


def end_run(run: str) -> None:
    """End the processes of a run, also those at work: their outputs have temporary names."""
    with _lock:
        children = [*_idle.pop(run, []), *_busy.pop(run, set())]
    for child in children:
        child.end()


def _require_same(call: Call) -> None:
    if call.version != __version__:
        raise UnfitWorkerError(
            f"{node()}: runs rtmri2speech {__version__}, and this is {call.version}.",
            "Install the same version on all machines, and start the workers again.",
        )
    python = (sys.version_info[0], sys.version_info[1])
    if call.python != python:
        here, there = (".".join(map(str, version)) for version in (call.python, python))
        raise UnfitWorkerError(
            f"{node()}: runs Python {there}, and this is {here}.",
            "Start the workers in the same environment as this command.",
        )
    if not Path(call.folder).is_dir():
        raise UnfitWorkerError(
            f"{node()}: has no folder {call.folder}.", "Work in a folder that all machines of the cluster share."
        )


def _take(call: Call) -> _Child:
    with _lock:
        while _idle[call.run]:
            child = _idle[call.run].pop()
            if child.alive():
                _busy[call.run].add(child)
                return child
    child = _Child(call.folder)
    with _lock:
        _busy[call.run].add(child)
    return child


def _put_back(call: Call, child: _Child, usable: bool) -> None:
    with _lock:
        known = child in _busy[call.run]
        _busy[call.run].discard(child)
        if usable and known:
            _idle[call.run].append(child)
            return
    child.end()


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
