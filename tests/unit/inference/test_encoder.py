"""Frames are worked on in pieces, in order, on a CPU and on a GPU, while the next ones are made."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.inference.encoder import frames_at_once, in_pieces

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def blocks_of(*lengths: int) -> list[NDArray[np.uint8]]:
    """Blocks of frames (n, 1, 1) with their number as gray value."""
    frames = np.arange(sum(lengths), dtype=np.uint8)[:, None, None]
    return np.split(frames, np.cumsum(lengths)[:-1])


def numbers(piece: Tensor, first: int) -> list[int]:
    assert int(piece[0, 0, 0]) == first
    return piece[:, 0, 0].tolist()


@pytest.mark.parametrize("threads", [1, 2])
def test_pieces_on_a_cpu_end_with_their_block(threads: int) -> None:
    torch.set_num_threads(threads)
    found = list(in_pieces(blocks_of(6, 4, 1), numbers, CPU))
    torch.set_num_threads(1)
    assert found == [[0, 1, 2, 3], [4, 5], [6, 7, 8, 9], [10]]
    assert list(in_pieces([], numbers, CPU)) == []


def test_pieces_on_a_gpu_are_large_and_worked_on_in_the_callers_thread() -> None:
    here = threading.get_ident()

    def work(piece: Tensor, first: int) -> list[int]:
        assert threading.get_ident() == here
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
        return numbers(piece, first)

    with torch.inference_mode():
        found = list(in_pieces(blocks_of(64, 64, 64, 8), work, GPU))
    assert [len(piece) for piece in found] == [128, 72] and frames_at_once(GPU) == 128
    assert [number for piece in found for number in piece] == list(range(200))


def test_pieces_for_gradients_are_smaller() -> None:
    found = list(in_pieces(blocks_of(30, 70), numbers, GPU, backward=True))
    assert [len(piece) for piece in found] == [32, 32, 32, 4]


def test_one_block_is_made_ahead_and_no_more() -> None:
    made: list[int] = []
    second = threading.Event()

    def blocks() -> Iterator[NDArray[np.uint8]]:
        for number, block in enumerate(blocks_of(128, 64, 32)):
            made.append(number)
            if number == 1:
                second.set()
            yield block

    def work(piece: Tensor, first: int) -> int:
        assert second.wait(10), "the second block is made while the first one is in use"
        return first

    pieces = in_pieces(blocks(), work, GPU)
    assert next(pieces) == 0
    assert made == [0, 1]
    assert list(pieces) == [128]


@pytest.mark.parametrize("device", [CPU, GPU], ids=str)
def test_what_goes_wrong_while_a_block_is_made_is_raised(device: torch.device) -> None:
    def blocks() -> Iterator[NDArray[np.uint8]]:
        yield blocks_of(128)[0]
        raise OSError("unreadable")

    pieces = in_pieces(blocks(), lambda piece, first: first, device)
    assert next(pieces) == 0
    with pytest.raises(OSError, match="unreadable"):
        list(pieces)
