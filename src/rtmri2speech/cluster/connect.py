"""Connect to the scheduler of a Dask cluster, or ask Slurm for one, for as long as a block lasts."""

from __future__ import annotations

import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from rtmri2speech.cluster.slurm import Slurm
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.parallel import use_engine

if TYPE_CHECKING:
    from distributed import Client

INSTALL = "Install it: pip install 'rtmri2speech[cluster]'"

# Seconds until a scheduler must have answered.
_ANSWER = 10.0
_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?(?:\[[0-9A-Fa-f:.]+\]|[^/:\s]+):\d{1,5}")
_EXAMPLE = "tcp://node1:8786"
# What these have to say of lost workers and schedulers, this program says in a line.
_TALKERS = ("distributed", "tornado.application", "asyncio")


def _print(line: str) -> None:
    print(f"note: {line}", file=sys.stderr)


@contextmanager
def use_cluster(
    scheduler: str | None = None, slurm: Slurm | None = None, say: Callable[[str], None] = _print
) -> Iterator[None]:
    """Do all jobs within on a cluster: ``with use_cluster("tcp://node1:8786"): prepare(...)``.

    Recordings, datasets and models must have the same paths on all machines, and the program the same version.

    Args:
        scheduler: address of a Dask scheduler that runs; or
        slurm: jobs to ask Slurm for, which end with the block.
        say: is told in a line what the user should know meanwhile; by default it is printed on standard error.

    Raises:
        ConfigError: when neither is given, or both are.
        UserError: when the extra ``cluster`` is not installed, nobody answers, or Slurm refuses.
    """
    if (scheduler is None) == (slurm is None):
        raise ConfigError("Either `scheduler` or `slurm`: both or none of them were given.", "Give one of them.")
    try:
        from rtmri2speech.cluster.engine import DaskEngine

        import_dask(slurm is not None)
    except ModuleNotFoundError:
        raise UserError("Dask is not installed.", INSTALL) from None
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        if slurm is not None:
            from rtmri2speech.cluster.slurm import slurm_cluster

            cluster, check = stack.enter_context(slurm_cluster(slurm, say))
            client = stack.enter_context(_client(cluster, "slurm"))
        else:
            if _ADDRESS.fullmatch(str(scheduler)) is None:
                raise ConfigError(f"`scheduler={scheduler}`: no address.", f"Give one such as {_EXAMPLE}.")
            client = stack.enter_context(_client(scheduler, f"scheduler={scheduler}"))
            check = None
        stack.enter_context(use_engine(DaskEngine(client, say, check)))
        yield


def import_dask(jobqueue: bool = False) -> None:
    """Import what is needed, late: it takes half a second.

    Raises:
        ModuleNotFoundError: where the extra is not installed.
    """
    import cloudpickle  # noqa: F401
    import distributed  # noqa: F401

    if jobqueue:
        import cryptography  # noqa: F401
        import dask_jobqueue  # noqa: F401


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _TALKERS]
    # The loggers of a package have levels of their own, which Dask sets when it is imported.
    loggers += [
        logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.startswith("distributed.")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            # That the port of the dashboard is taken; that jobs are large.
            warnings.filterwarnings("ignore", module="distributed")
            warnings.filterwarnings("ignore", module="dask_jobqueue")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _client(address: Any, parameter: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(address, timeout=_ANSWER, set_as_default=False, name="rtmri2speech")
    except (OSError, TimeoutError, ValueError, TypeError, ImportError) as error:
        # Dask's own text goes over many lines.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"`{parameter}`: no Dask scheduler answers there ({reason}).",
            f"Start one with `dask scheduler`, and give the address that it prints, such as {_EXAMPLE}.",
        ) from None
    try:
        yield client
    finally:
        # A scheduler that is gone would be waited for.
        client.close(timeout=2)
