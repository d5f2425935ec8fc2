"""A sink by the way it is written: ``speaker``, ``speech.wav``, ``-``, a named pipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.live.sinks.base import Sink
from rtmri2speech.live.sinks.files import PipeSink, WavSink
from rtmri2speech.live.sinks.speaker import SpeakerSink

SPEAKER, STANDARD_OUTPUT = "speaker", "-"


def choose_sink(text: str, rate: int) -> Sink:
    """The sink that is meant.

    Args:
        text: ``speaker`` for the system's loudspeaker; a file that ends in ``.wav``; ``-`` for raw samples on standard
            output; or a named pipe, for the same.
        rate: samples per second.

    Raises:
        ConfigError: for something else.
        UserError: when it cannot be opened.
    """
    path = Path(text)
    if text == SPEAKER:
        return SpeakerSink(rate)
    if text == STANDARD_OUTPUT:
        return PipeSink(None)
    if path.suffix.lower() == ".wav":
        return WavSink(path, rate)
    if path.is_fifo():
        return PipeSink(path)
    raise ConfigError(
        f"`out={text}`: no place for sound.", "Give speaker, a file that ends in .wav, - or a named pipe."
    )


def choose_sinks(texts: Sequence[str], rate: int) -> list[Sink]:
    """The sinks that are meant, each once; see :func:`choose_sink`.

    Raises:
        ConfigError: for something that is no sink.
        UserError: when one cannot be opened; those opened before are closed.
    """
    sinks: list[Sink] = []
    try:
        for text in dict.fromkeys(texts):
            sinks.append(choose_sink(text, rate))
    except UserError:
        for sink in sinks:
            sink.close()
        raise
    return sinks
