"""Messages of the library, which name parameters, in the words of the command line, which has flags."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

from cyclopts import App

# `name` or `name=value`, as the library writes a parameter.
_PARAMETER = re.compile(r"`([A-Za-z_]\w*)(?:=([^`]*))?`")

_RUNNING: ContextVar[tuple[App, tuple[str, ...]] | None] = ContextVar("running", default=None)


def is_running(app: App, words: Sequence[str]) -> None:
    """Remember the command line, for messages that a command prints itself (:func:`in_flags`)."""
    _RUNNING.set((app, tuple(words)))


def in_flags(text: str) -> str:
    """``text`` of the library in the words of the command that is running."""
    running = _RUNNING.get()
    return text if running is None else with_flags(text, flags_of(*running))


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

    ```workers=-1``` becomes ``--workers -1``, ```overwrite=True``` becomes ``--overwrite``; what is no parameter of
    the command stays as it is.
    """

    def flag(match: re.Match[str]) -> str:
        name, value = match[1], match[2]
        if name not in flags:
            return match[0]
        if value is None or value == "True":
            return flags[name]
        return f"{flags[name]} {value.strip(chr(34) + chr(39))}"

    return _PARAMETER.sub(flag, text)
