"""Threads that share work, each on one core."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import torch


@contextmanager
def single_core_threads(threads: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of ``threads`` threads in which PyTorch uses one core each.

    On a CPU one thread per piece wastes less than all threads on one piece: small layers do not divide well, and the
    threads wait for each other at the end of every one.
    """
    before = torch.get_num_threads()
    start = partial(torch.set_num_threads, 1) if threads > 1 else None
    try:
        with ThreadPoolExecutor(threads, initializer=start) as pool:
            yield pool
    finally:
        if start is not None:
            # The number is kept per thread, but new threads take it from the last one who set it.
            torch.set_num_threads(before)


@contextmanager
def cores(count: int) -> Iterator[None]:
    """PyTorch uses so many cores of a CPU meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_core() -> AbstractContextManager[None]:
    """PyTorch uses one core of a CPU meanwhile.

    For work of many small steps. Each would be divided among all threads, which wait for each other at its end; where
    other programs use the cores, that takes longer by far than the work.
    """
    return cores(1)
