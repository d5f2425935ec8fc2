"""Speech recognizers, by the name that the user gives: which there are, and how each is opened."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rtmri2speech.arrays import Floating
from rtmri2speech.data.media.audio import resample
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.evaluation.intelligibility import engines

RATE = 16_000
"""Samples per second that every recognizer is given."""

Recognize = Callable[[Floating], str]
"""A wave at :data:`RATE`, shape (N,), to what was recognized in it; an empty text where nothing was."""

SHIPPED = "phones"
"""The recognizer that comes with the program."""

SHIPPED_PHONES = ("a", "i", "u", "e", "o", "b", "m", "r", "d", "s", "p", "t", "n", "g", "k")
"""All phones that it writes: those of simulated speech that has no text."""

KINDS = (SHIPPED, "pocketsphinx", "pocketsphinx-phones", "faster-whisper", "vosk", "command", "command-phones")
"""All recognizers; ``phones`` and those of ``-phones`` give phones instead of words."""

_WITH_ARGUMENT = {"faster-whisper": "PATH", "vosk": "PATH", "command": "COMMAND", "command-phones": "COMMAND"}
_PACKAGES = {
    "pocketsphinx": ("pocketsphinx", "pip install 'rtmri2speech[intelligibility]'"),
    "faster-whisper": ("faster_whisper", "pip install faster-whisper"),
    "vosk": ("vosk", "pip install vosk"),
}


@dataclass(frozen=True)
class Recognizer:
    """Which recognizer to use.

    Attributes:
        kind: one of :data:`KINDS`.
        argument: folder of its model, or its command line; empty where it needs none.
        language: two letters (``ja``); None leaves it to the recognizer.
        device: where its network runs, if it has one: ``cpu`` or ``cuda``.
    """

    kind: str
    argument: str = ""
    language: str | None = None
    device: str = "cpu"

    @property
    def phones(self) -> bool:
        """Whether it gives phones instead of words."""
        return self.kind.endswith("phones")

    @property
    def name(self) -> str:
        """As the user named it."""
        return f"{self.kind}:{self.argument}" if self.argument else self.kind

    def recognize(self, wave: Floating, rate: int) -> str:
        """What is recognized in a wave.

        Args:
            wave: shape (N,), amplitude about -1 to 1.
            rate: samples per second.

        Raises:
            UserError: when the recognizer cannot be opened, or its command fails.
        """
        return _opened(self)(resample(wave, rate, RATE)).strip()

    def open(self) -> None:
        """Open it, so that what is wrong with it is said before anything slow.

        Raises:
            UserError: when it cannot be opened.
        """
        _opened(self)


def parse_recognizer(text: str, language: str | None = None, device: str = "cpu") -> Recognizer:
    """Read ``phones``, ``pocketsphinx``, ``faster-whisper:PATH``, ``vosk:PATH`` or ``command:COMMAND``.

    Args:
        text: what the user wrote.
        language: two letters (``ja``); None leaves it to the recognizer.
        device: ``cpu`` or ``cuda``.

    Raises:
        ConfigError: for another name, one without what it needs, or a language whose phones it does not know.
        UserError: when its package is not installed, or there is no such folder.
    """
    kind, _, argument = text.partition(":")
    if kind not in KINDS:
        raise ConfigError(
            f"`recognizer={text}`: no such recognizer.", f"Choose from {', '.join(map(_spelled, KINDS))}."
        )
    if (kind in _WITH_ARGUMENT) != bool(argument.strip()):
        what = "takes nothing after its name" if argument else f"needs its {_WITH_ARGUMENT[kind].lower()}"
        raise ConfigError(f"`recognizer={text}`: {what}.", f"Write {_spelled(kind)}.")
    if kind == SHIPPED and language not in (None, "ja"):
        raise ConfigError(
            f"`language={language}`: `recognizer=phones` knows the phones of simulated speech, spelled as in Japanese.",
            "Leave out the language, or take another recognizer.",
        )
    package, install = _PACKAGES.get(kind.removesuffix("-phones"), ("", ""))
    if package and not is_installed(package):
        raise UserError(f"`recognizer={text}`: {package} is not installed.", f"Install it: {install}")
    if kind in ("faster-whisper", "vosk") and not Path(argument).is_dir():
        raise UserError(f"{argument}: no such folder.", f"Give the folder of a model that {kind} reads.")
    return Recognizer(kind, argument, "ja" if kind == SHIPPED else language, device)


def is_installed(package: str) -> bool:
    """Whether a package is there; it is not imported."""
    return find_spec(package) is not None


def _spelled(kind: str) -> str:
    return f"{kind}:{_WITH_ARGUMENT[kind]}" if kind in _WITH_ARGUMENT else kind


@functools.lru_cache(maxsize=1)
def _opened(recognizer: Recognizer) -> Recognize:
    """Opened once in each process."""
    kind, argument = recognizer.kind, recognizer.argument
    if kind == SHIPPED:
        return engines.shipped_phones(RATE)
    if kind.startswith("pocketsphinx"):
        return engines.pocketsphinx(RATE, phones=recognizer.phones)
    if kind == "faster-whisper":
        return engines.faster_whisper(Path(argument), recognizer.language, recognizer.device)
    if kind == "vosk":
        return engines.vosk(Path(argument), RATE)
    return engines.command(argument, RATE)
