"""Whether the frames of a live run are of the kind that the model was trained on, said when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.inference.familiarity import LIMIT
from rtmri2speech.signal.frames import normalize_frames

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model

# Frames that are looked at, and how many come between two of them.
_FRAMES, _APART = 12, 8


class FirstFrames:
    """A few of a run's frames, evenly spaced from its start; measured afterwards, when there is time.

    Args:
        model: with a network of frames.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._kept: list[NDArray[Any]] = []
        self._count = 0

    def take(self, frame: NDArray[Any]) -> None:
        """A frame (h, w) of the source has come."""
        if self._count % _APART == 0 and len(self._kept) < _FRAMES:
            self._kept.append(frame)
        self._count += 1

    def notes(self) -> list[str]:
        """What is to be said of them, a line each; measuring takes a second."""
        if not self._kept:
            return []
        frames = self._model.frames
        values = np.stack(self._kept)
        limits = frames.limits(np.bincount(values.ravel(), minlength=np.iinfo(values.dtype).max + 1))
        far = self._model.unfamiliarity_of(list(normalize_frames(values, frames, limits)))
        if far is None or far <= LIMIT:
            return []
        return [
            f"the frames are unlike those that the model was trained on (distance {far:.1f}, its own kind stays below "
            f"{LIMIT:g}; another scanner, section, crop or direction?): mistrust the speech, or train the model further"
        ]
