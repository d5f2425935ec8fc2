"""How many frames are made sound at once: as few as the computer keeps up with."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from rtmri2speech.live.encoding import Encoder
from rtmri2speech.live.streaming.speech import FEWEST, SpeechStream, StreamOptions
from rtmri2speech.models.threads import cores

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model

# Fewer frames are sound sooner. But the vocoder reads those around a chunk once more: the larger, the less work.
_SIZES = (FEWEST, 4, 6)
# Share of the cores' time that may be in use. Where other things happen on them now and then, more is too much.
_MOST = 0.85
# Of which the shortest time counts: other programs make the others longer.
_ROUNDS = 4


def with_chunk(model: Model, working: Encoder, options: StreamOptions, threads: int) -> StreamOptions:
    """Options with a size of chunks: the given one, or the smallest that the computer keeps up with.

    All networks have run once afterwards: the first run takes several times as long as the others.

    Args:
        model: with a network of frames and a vocoder.
        working: encodes its frames.
        options: with a chunk, or None as its size.
        threads: that make sound.
    """
    encoded = min(working.seconds_per_frame() for _ in range(_ROUNDS))
    allowed = _MOST * torch.get_num_threads()
    for size in _SIZES if options.chunk is None else (options.chunk,):
        options = replace(options, chunk=size)
        used = (encoded + _seconds_per_frame(model, options, threads)) * float(model.features.frame_rate)
        if used < allowed or model.device.type != "cpu":
            break
    return options


def _seconds_per_frame(model: Model, options: StreamOptions, threads: int) -> float:
    """CPU time that a frame's sound takes, all threads together."""
    assert options.chunk is not None
    stream = SpeechStream(model, options)
    blank = torch.zeros(model.acoustic.channels).to(model.acoustic.head.weight)
    taken = []
    with cores(threads):
        stream.warm_up(blank)
        for _ in range(_ROUNDS):
            began = time.process_time()
            for _ in range(options.chunk):
                for _ in stream.push(blank):
                    pass
            taken.append(time.process_time() - began)
    return min(taken) / options.chunk
