"""An image for TensorBoard: frames, what is true, what was found."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.labels import CLASSES, Label, label_of_class
from rtmri2speech.vocal_tract.figures import tinted

_MOST = 6
# By class; what is not known is shown as it is.
_LABELS = np.full(256, Label.BACKGROUND, np.uint8)
_LABELS[: len(CLASSES)] = label_of_class()


def panels(frames: Tensor, true: Tensor, found: Tensor) -> UInt8:
    """Up to six frames in a row, below them the true classes, below those the ones found: (3 S, n S, 3).

    Args:
        frames: (B, 1, S, S), 0 to 1.
        true, found: classes (B, S, S).
    """
    gray = (frames[:_MOST, 0].float().clamp(0.0, 1.0) * 255.0).round().byte().cpu().numpy()
    rows = [np.repeat(gray[..., None], 3, axis=-1)]
    for classes in (true, found):
        labels = _LABELS[classes[:_MOST].byte().cpu().numpy()]
        rows.append(np.stack([tinted(one, frame) for one, frame in zip(labels, gray, strict=True)]))
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
