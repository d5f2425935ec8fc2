"""Threads: one core for a while, and the number of before afterwards, whatever happens."""

from __future__ import annotations

import pytest
import torch

from rtmri2speech.models.threads import one_core


def test_one_core_for_a_while() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(RuntimeError), one_core():
            assert torch.get_num_threads() == 1
            raise RuntimeError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
