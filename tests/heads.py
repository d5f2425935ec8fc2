"""Poses of a simulated head, drawn in milliseconds: fat, in it a hole, in it a tongue, above it a velum."""

from __future__ import annotations

import numpy as np

from rtmri2speech.data.labels import Label

SIDE = 256


CODES = {
    0: (0.0, int(Label.BACKGROUND), "air"),
    1: (0.0, int(Label.AIRWAY), "air"),
    2: (0.6, int(Label.TONGUE_BODY), "muscle"),
    3: (0.9, int(Label.VELUM), "mucosa"),
    4: (1.0, int(Label.BACKGROUND), "fat"),
}
LABEL_OF = np.array([entry[1] for entry in CODES.values()], np.uint8)


def head(poses: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and labels (N, 256, 256): fat, in it a hole, in it a tongue, above it a velum."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((SIDE, SIDE))
    codes = np.zeros((poses, SIDE, SIDE), np.uint8)
    for one in codes:
        one[np.hypot(x - 130, y - 130) < 110] = 4
        one[np.hypot(x - 130, y - 130) < 80] = 1
        one[np.hypot(x - 130 - rng.normal(0, 8), y - 150 - rng.normal(0, 8)) < 50] = 2
        one[(abs(x - 150) < 25) & (abs(y - 65) < 10)] = 3
    return codes, LABEL_OF[codes]
