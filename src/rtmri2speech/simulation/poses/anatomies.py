"""Anatomies for still positions: men, women and children, wider apart than those of speakers."""

from __future__ import annotations

import numpy as np

from rtmri2speech.simulation.speaker.anatomy import Anatomy

KINDS = ("man", "woman", "child")
# How often each is drawn.
_SHARES = (0.4, 0.4, 0.2)

# Ranges in cm and degrees, all within VocalTractLab's limits. They lie around those of speakers and reach farther
# than what is usual: children of some six years to men of two meters.
_RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "man": {
        "lip_width": (1.1, 1.5),
        "mandible_height": (1.3, 1.75),
        "palate_height": (1.25, 1.95),
        "palate_depth": (3.2, 4.2),
        "hard_palate_length": (4.2, 5.15),
        "soft_palate_length": (2.3, 2.9),
        "pharynx_length": (5.5, 7.9),
        "larynx_length": (2.7, 3.9),
        "larynx_width": (2.8, 3.5),
    },
    "woman": {
        "lip_width": (1.0, 1.4),
        "mandible_height": (1.2, 1.65),
        "palate_height": (1.15, 1.8),
        "palate_depth": (3.0, 3.9),
        "hard_palate_length": (3.9, 4.8),
        "soft_palate_length": (2.3, 2.7),
        "pharynx_length": (4.5, 6.2),
        "larynx_length": (2.3, 3.2),
        "larynx_width": (2.4, 3.2),
    },
    "child": {
        "lip_width": (0.9, 1.2),
        "mandible_height": (1.0, 1.4),
        "palate_height": (1.0, 1.5),
        "palate_depth": (2.7, 3.4),
        "hard_palate_length": (3.3, 4.2),
        "soft_palate_length": (2.3, 2.45),
        "pharynx_length": (4.1, 5.0),
        "larynx_length": (2.0, 2.6),
        "larynx_width": (2.0, 2.7),
    },
}
_ALIKE = {
    "lower_molars_height": (0.35, 0.65),
    "upper_molars_height": (0.35, 0.65),
    "oral_pharyngeal_angle": (-105.0, -90.0),
}


def draw_anatomy(rng: np.random.Generator) -> tuple[str, Anatomy]:
    """One of :data:`KINDS`, and the sizes of a tract."""
    kind = str(rng.choice(KINDS, p=_SHARES))
    ranges = {**_RANGES[kind], **_ALIKE}
    return kind, Anatomy(**{name: round(float(rng.uniform(*limits)), 3) for name, limits in ranges.items()})
