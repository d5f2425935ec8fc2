"""Whether Praat's library (praat-parselmouth, GPL-3, the extra ``phonetics``) is there."""

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
