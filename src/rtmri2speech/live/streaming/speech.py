"""Features of frames to wave while they come: mel and wave in step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.requirements import require_numbers
from rtmri2speech.inference.vocoding import ContinuedVocoder
from rtmri2speech.live.streaming.mel import MelStream
from rtmri2speech.live.streaming.wave import WaveStream

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model

FEWEST: Final = 3
"""Frames whose sound is made at once, unless more are asked for, or must be."""

# Chunks that are made as one where the sound is behind: the vocoder reads the frames around them once.
_AT_ONCE = 2
# dB: what a mel that is faded out ends at.
_SILENCE_DB = -100.0


@dataclass(frozen=True)
class StreamOptions:
    """How far the networks look ahead, and how much is made at once.

    Attributes:
        look_ahead: frames that the LSTM reads beyond the one that it predicts; None for
            :func:`~rtmri2speech.live.streaming.mel.default_look_ahead`.
        vocoder_look_ahead: frames that the vocoder reads beyond a chunk.
        chunk: frames whose sound is made at once; None, in a live run, for as few, from :data:`FEWEST` on, as the
            computer keeps up with.
        context: frames that the vocoder reads before a chunk.

    Raises:
        ConfigError: for a number that is too small.
    """

    look_ahead: int | None = None
    vocoder_look_ahead: int = 2
    chunk: int | None = None
    context: int = 4

    def __post_init__(self) -> None:
        least = {"look_ahead": 0, "vocoder_look_ahead": 1, "chunk": 1, "context": 0}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise ConfigError(f"`{name}={value}`: too few frames.", f"Give {low} or more.")


class SpeechStream:
    """A model's LSTM and vocoder on features that come one after the other.

    Args:
        model: with a network of frames and a vocoder.
        options: look-ahead and sizes.

    Attributes:
        chunk: frames whose sound is made at once.
        delay: frames that come after the first frame of a chunk before its sound is made.

    Raises:
        BundleError: when a stage is missing.
    """

    def __init__(self, model: Model, options: StreamOptions) -> None:
        self._mel = MelStream(model.acoustic, options.look_ahead)
        self.chunk = chunk = FEWEST if options.chunk is None else options.chunk
        self._wave = WaveStream(
            ContinuedVocoder(model.vocoder, model.device, model.dtype),
            model.features.hop_length,
            chunk,
            options.vocoder_look_ahead,
            options.context,
            _AT_ONCE * chunk,
        )
        self.delay = self._mel.look_ahead + options.vocoder_look_ahead + chunk - 1
        self._source = model.bundle.source
        self._quieter: deque[float] = deque()

    def push(self, feature: Tensor, quieter_db: float = 0.0, more: bool = False) -> Iterator[Float32]:
        """The waves that the next frame completes, a chunk each.

        Args:
            feature: (C,), on the model's device.
            quieter_db: how far its sound is turned down.
            more: the next frames have come already. Sound waits for them then, and is made in larger chunks: less work.
        """
        self._mel.push(feature)
        self._quieter.append(quieter_db)
        enough = self._wave.done + self._wave.look_ahead + (self._wave.most if more else self._wave.chunk)
        if self._mel.ready >= enough:
            yield from self._wave.push(self._rows(self._mel.ready))

    def warm_up(self, feature: Tensor) -> None:
        """Make sound of a feature (C,), again and again, in chunks of all sizes; of no use afterwards."""
        sizes = [1] * (2 * self.delay + 2)
        size = self._wave.chunk
        while (size := 2 * size) <= self._wave.most:
            sizes.append(size)
        for size in sizes:
            for place in range(size):
                for _ in self.push(feature, more=place + 1 < size):
                    pass

    def finish(self) -> Iterator[Float32]:
        """The waves of what is left; no more frames come."""
        self._mel.finish()
        if self._mel.ready > self._mel.done:
            yield from self._wave.push(self._rows(self._mel.ready))
        yield from self._wave.finish()

    def _rows(self, stop: int) -> Float32:
        count = stop - self._mel.done
        mel: Float32 = self._mel.take(stop).cpu().numpy()
        require_numbers(mel, self._source, "these frames")
        quieter = np.array([self._quieter.popleft() for _ in range(count)], np.float32)[:, None]
        return np.where(quieter > 0, np.maximum(mel - quieter, _SILENCE_DB), mel)


def speech_of_features(model: Model, features: Tensor, options: StreamOptions) -> Float32:
    """The wave (N,) that a live run makes of the features (T, C) of a recording; for comparison with offline."""
    stream = SpeechStream(model, options)
    pieces = [piece for feature in features for piece in stream.push(feature)]
    return np.concatenate([np.zeros(0, np.float32), *pieces, *stream.finish()])
