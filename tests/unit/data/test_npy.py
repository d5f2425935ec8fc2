"""Arrays written piece by piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.npy import array_writer


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_an_array_in_pieces_is_what_numpy_reads(tmp_path: Path, dtype: type) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (9, 4, 6)).astype(dtype)
    with array_writer(tmp_path / "a.npy", (9, 4, 6), dtype) as writer:
        for start in (0, 4, 8):
            writer.write(frames[start : start + 4])
    read = np.load(tmp_path / "a.npy")
    assert np.array_equal(read, frames) and read.dtype == dtype
    np.save(tmp_path / "b.npy", frames)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_a_wrong_number_of_rows_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="1 rows are missing"),
        array_writer(tmp_path / "a.npy", (3, 2, 2), np.uint8) as writer,
    ):
        writer.write(np.zeros((2, 2, 2), np.uint8))
