"""Chunks are as small as the computer keeps up with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from rtmri2speech.inference.model import Model
from rtmri2speech.live.encoding import Encoder, encoder
from rtmri2speech.live.streaming import chunk as module
from rtmri2speech.live.streaming.chunk import with_chunk
from rtmri2speech.live.streaming.speech import StreamOptions
from rtmri2speech.models.bundle.model_file import Bundle

RATE = 11413 / 420


@pytest.fixture(scope="module")
def model(make_bundle: Callable[..., Bundle]) -> Model:
    return Model(make_bundle())


@pytest.mark.parametrize(
    ("encoding", "windows", "expected"),
    [
        (0.5, 0.9, 3),  # 0.5 + 0.3 of a core
        (0.5, 1.2, 4),  # with 3, 0.5 + 0.4: above 85 %
        (0.5, 1.8, 6),
        (0.9, 1.0, 6),  # too much whatever the chunk
    ],
)
def test_the_smallest_that_leaves_a_core_time_to_spare(
    model: Model, monkeypatch: pytest.MonkeyPatch, encoding: float, windows: float, expected: int
) -> None:
    torch.set_num_threads(1)

    def sound(_: Model, options: StreamOptions, threads: int) -> float:
        assert threads == 1 and options.look_ahead == 1 and options.chunk is not None
        return windows / options.chunk / RATE

    monkeypatch.setattr(module, "_seconds_per_frame", sound)
    monkeypatch.setattr(Encoder, "seconds_per_frame", lambda self: encoding / RATE)
    with encoder(model) as working:
        assert with_chunk(model, working, StreamOptions(look_ahead=1), 1).chunk == expected
        assert with_chunk(model, working, StreamOptions(look_ahead=1, chunk=5), 1).chunk == 5


def test_a_tiny_model_needs_no_larger_ones(model: Model) -> None:
    threads = torch.get_num_threads()
    with encoder(model) as working:
        assert 0 < working.seconds_per_frame() < 1
        assert with_chunk(model, working, StreamOptions(), 1).chunk == 3
    assert torch.get_num_threads() == threads
