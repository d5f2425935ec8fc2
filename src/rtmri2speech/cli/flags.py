"""Messages of the library, which name parameters, in the words of the command line, which has flags."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar

from cyclopts import App

# `name` or `name=value`, as the library writes a parameter.
_PARAMETER = re.compile(r"`([A-Za-z_]\w*)(?:=([^`]*))?`")

_running: ContextVar[tuple[App, tuple[str, ...]] | None] = ContextVar("running", default=None)


def remember(app: App, words: Sequence[str]) -> None:
    """Remember the command line that runs, whose flags :func:`in_flags` writes."""
    _running.set((app, tuple(words)))


def in_flags(text: str) -> str:
    """A message of the library (a note, one failure of many) in the flags of the command that runs."""
    running = _running.get()
    if running is None or _PARAMETER.search(text) is None:
        return text
    return with_flags(text, flags_of(*running))


def flags_of(app: App, words: Sequence[str]) -> dict[str, str]:
    """The flag of each parameter of the command that ``words`` call: ``{"target_frames": "--target-frames"}``."""
    try:
        _, apps, _ = app.parse_commands(list(words))
        arguments = apps[-1].assemble_argument_collection()
    except Exception:  # words that are no command: there are no flags to name
        return {}
    flags = {}
    for argument in arguments:
        names = [name for name in argument.names if name.startswith("--")]
        if names:
            flags[argument.field_info.name] = names[0]
    return flags


def with_flags(text: str, flags: Mapping[str, str]) -> str:
    """``text`` with every parameter in backticks as its flag.

    ```workers=-1``` becomes ``--workers -1``, ```overwrite=True``` becomes ``--overwrite``, ```resize=(8, 256)```
    becomes ``--resize 8 256``; what is no parameter of the command stays as it is.
    """

    def flag(match: re.Match[str]) -> str:
        name, value = match[1], match[2]
        if name not in flags:
            return match[0]
        if value is None or value == "True":
            return flags[name]
        several = re.fullmatch(r"[(\[](.*?),?[)\]]", value)
        values = several[1].split(", ") if several else [value]
        return " ".join([flags[name], *(one.strip("\"'") for one in values)])

    return _PARAMETER.sub(flag, text)


def print_notes(notes: Iterable[str], about: str = "") -> None:
    """Print notes of the library on stderr, in the flags of the command that runs.

    Args:
        notes: a line each.
        about: what they are about, if there may be several: the name of a video.
    """
    for note in notes:
        print(f"note: {about}{': ' if about else ''}{in_flags(note)}", file=sys.stderr)
