"""Names that are nearly the same: a sound file that was probably meant for a video."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.data.endings import name_key

# What people add to the names of a video and its sound; without these words the two are the same.
_ADDED = {"video", "movie", "audio", "sound", "speech", "mri", "rtmri", "wav", "mic", "denoised", "clean", "cleaned"}
# A sampling rate: take1_16k, take1_48kHz.
_RATE = re.compile(r"(?<![0-9a-z])\d+(?:\.\d+)?(?:khz|k|hz)(?![a-z])")
_ALIKE = 0.8


def nearly_named(name: str, sounds: Sequence[Path]) -> Path | None:
    """The sound file whose name is nearly ``name``, the name of a video without its ending; None where none is.

    Names with other numbers are other recordings, however alike they look.
    """
    words, best, score = _words(name), None, _ALIKE
    for path in sounds:
        others = _words(path.stem)
        likeness = _likeness(words, others)
        if likeness > score or (likeness == score and best is None):
            best, score = path, likeness
    return best


def _words(name: str) -> list[str]:
    words = re.findall(r"\d+|[^\W\d_]+", _RATE.sub(" ", name_key(name)))
    kept = [word.lstrip("0") or "0" if word.isdigit() else word for word in words if word not in _ADDED]
    return kept or words


def _likeness(words: list[str], others: list[str]) -> float:
    if words == others:
        return 1.0
    shorter, longer = sorted((words, others), key=len)
    if shorter and longer[: len(shorter)] == shorter and not any(word.isdigit() for word in longer[len(shorter) :]):
        return 0.95
    if [word for word in words if word.isdigit()] != [word for word in others if word.isdigit()]:
        return 0.0
    match = difflib.SequenceMatcher(None, " ".join(words), " ".join(others), autojunk=False)
    return match.ratio() if match.real_quick_ratio() >= _ALIKE and match.quick_ratio() >= _ALIKE else 0.0
