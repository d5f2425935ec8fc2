"""Processes for tests, forked from one that has imported torch and the training before: a start costs milliseconds.

A process of its own is needed where something is killed, signalled or trained by several; importing torch and Lightning
anew for each of them takes longer than what is tested.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

SECONDS = 120.0
"""No test process works longer."""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


def start(
    function: Callable[..., Any],
    *arguments: Any,
    log: Path,
    errors: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Any:
    """Call a function of a module next to this one in a forked process.

    Args:
        function: to be found by its name from the new process, so not one of a test module.
        arguments: of it.
        log: file for stdout and stderr.
        errors: file for stderr, if not the same.
        environment: variables on top of those of this process.

    Returns:
        The process: pid, exitcode, join, kill.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "trainings"])
    process = context.Process(
        target=_call,
        args=(function, arguments, str(log), str(errors or log), {**os.environ, **(environment or {})}),
        daemon=False,
    )
    process.start()
    return process


def finish(process: Any) -> int:
    """Wait for the end of a process; its exit code, that of a signal negative."""
    process.join(SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        pytest.fail(f"a process was still at work after {SECONDS:.0f} s")
    return int(process.exitcode)


def _call(
    function: Callable[..., Any], arguments: tuple[Any, ...], log: str, errors: str, environment: dict[str, str]
) -> None:
    multiprocessing.set_start_method("fork", force=True)  # as in a process of its own, for the loaders
    os.setsid()  # so that a signal to its group reaches nobody else
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdout.flush()
    sys.stderr.flush()
    for name, number in ((log, 1), (errors, 2)):
        with open(name, "ab") as file:
            os.dup2(file.fileno(), number)
    try:
        code = function(*arguments)
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
