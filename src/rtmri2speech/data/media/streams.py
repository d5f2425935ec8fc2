"""Which of a container's streams is meant: the one asked for, else the one flagged as default, else the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from av.stream import Disposition
from pydantic import BeforeValidator, Field

from rtmri2speech.errors import ConfigError, MediaError

Note = tuple[str, str]
"""What was decided while a file was read, and what to do for something else."""

StreamNumber = Annotated[int, Field(ge=1)]


def channel_named(value: Any) -> Any:
    """A channel: ``left``, ``right``, ``mix``, or its number, counted from 1.

    Raises:
        ConfigError: for anything else.
    """
    if value is None or value in ("left", "right", "mix"):
        return value
    number = str(value)
    if not (number.isascii() and number.isdigit() and int(number[:4]) >= 1):
        raise ConfigError(
            f"`channel={value}`: not a channel.", "Give left, right, mix or a number from 1 on: `channel=left`"
        )
    return int(number[:4])


Channel = Annotated[Literal["left", "right", "mix"] | int, BeforeValidator(channel_named)]
"""``left`` is channel 1, ``right`` channel 2, ``mix`` the mean of all."""

_WORDS = {"video": "video track", "audio": "sound track"}


@dataclass(frozen=True)
class Tracks:
    """What is taken from a file that holds several videos, sound tracks or channels; None leaves it to the program.

    Attributes:
        video: number of the video among the container's videos, counted from 1.
        audio: number of the sound track among its sound tracks, counted from 1.
        channel: of the sound.
    """

    video: int | None = None
    audio: int | None = None
    channel: Channel | None = None


AS_FLAGGED = Tracks()
"""Default-flagged streams first, and the channel with speech."""


def choose_stream(
    path: Path, streams: Sequence[Any], kind: Literal["video", "audio"], number: int | None
) -> tuple[Any, list[Note]]:
    """One of the streams of a kind, and what to say where there are several.

    Cover images are no videos. Of several the first one flagged as default is taken, as players do.

    Args:
        path: named in messages.
        streams: of one kind, at least one.
        kind: of the streams.
        number: the one to take, counted from 1; None for the flagged one.

    Raises:
        MediaError: when there is no stream of that number.
    """
    shown = [stream for stream in streams if not _flagged(stream, "attached_pic")] or list(streams)
    words = _WORDS[kind]
    if number is not None:
        if not 1 <= number <= len(shown):
            raise MediaError(
                f"{path}: `{kind}_stream={number}`: the file has {len(shown)} {words}(s).",
                f"They are counted from 1: `{kind}_stream=1`",
            )
        return shown[number - 1], []
    found = next((at for at, stream in enumerate(shown) if _flagged(stream, "default")), 0)
    if len(shown) == 1:
        return shown[0], []
    why = "flagged as default" if _flagged(shown[found], "default") else "the first"
    other = 1 if found else 2
    note = (
        f"{len(shown)} {words}s; number {found + 1} is used ({why})",
        f"To take another: `{kind}_stream={other}`",
    )
    return shown[found], [note]


def _flagged(stream: Any, flag: str) -> bool:
    return bool(stream.disposition & Disposition[flag])
