"""Praat's library (praat-parselmouth, GPL-3, the extra ``phonetics``): whether it is there, and a flaw of it."""

from __future__ import annotations

from importlib.util import find_spec

from rtmri2speech.errors import UserError

INSTALL = "Install it: pip install 'rtmri2speech[phonetics]'"
"""The remedy where it is missing."""


def available() -> bool:
    """Whether it is installed; it is not imported."""
    return find_spec("parselmouth") is not None


def require() -> None:
    """Refuse to go on without it.

    Raises:
        UserError: naming the extra.
    """
    if not available():
        raise UserError("Praat is not installed.", INSTALL)


def forget_errors() -> None:
    """Take away what Praat's robust formants leave lying after frames that could not be refined.

    It keeps the texts of those errors and then blames the next TextGrid in chronological form that it reads for them.
    """
    from parselmouth.praat import run

    # An error that is passed over takes all earlier ones with it; to remove nothing is one.
    run("nocheck Remove")
