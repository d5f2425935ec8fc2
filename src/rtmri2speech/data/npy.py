"""NumPy's ``.npy`` files written piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray


class ArrayWriter:
    """Writes an array of known shape along its first axis, in bounded memory.

    Not ``np.lib.format.open_memmap``: where the disk is full, writing to a memory map kills the process (SIGBUS),
    while writing to a file raises an ``OSError`` that becomes the user's message.
    """

    def __init__(self, file: BinaryIO, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._file = file
        self._missing, self._dtype = shape[0], np.dtype(dtype)
        header = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)

    def write(self, block: NDArray[np.generic]) -> None:
        """Append a block, shape (n, ...)."""
        self._missing -= len(block)
        self._file.write(np.ascontiguousarray(block, self._dtype).data)

    def close(self) -> None:
        """Check that as much has come as was announced.

        Raises:
            ValueError: when it has not; the file would be unreadable.
        """
        if self._missing:
            raise ValueError(f"{self._missing} rows are missing")


@contextmanager
def array_writer(path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> Iterator[ArrayWriter]:
    """Open an ``.npy`` file for writing in pieces. It is meant for folders that take their name when complete.

    Raises:
        ValueError: when fewer or more rows come than ``shape`` says.
        OSError: when the disk is full.
    """
    with path.open("wb") as file:
        writer = ArrayWriter(file, shape, dtype)
        yield writer
        writer.close()
