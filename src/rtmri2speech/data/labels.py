"""What a pixel of the vocal tract belongs to: the labels that phantom, segmenter, regions and page share."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import numpy as np

from rtmri2speech.arrays import UInt8


class Label(IntEnum):
    """Labels of a mid-sagittal frame; their values are what files hold.

    ``AIRWAY`` is the air from glottis to lips, without nose, trachea and the outside. ``HARD_PALATE`` includes the
    ridge behind the upper teeth, ``LARYNX`` reaches down to the vocal folds, ``JAW`` includes the lower teeth.
    """

    BACKGROUND = 0
    AIRWAY = 1
    UPPER_LIP = 2
    LOWER_LIP = 3
    TONGUE_TIP = 4
    TONGUE_BODY = 5
    TONGUE_ROOT = 6
    HARD_PALATE = 7
    VELUM = 8
    PHARYNGEAL_WALL = 9
    EPIGLOTTIS = 10
    LARYNX = 11
    JAW = 12


TONGUE = (Label.TONGUE_TIP, Label.TONGUE_BODY, Label.TONGUE_ROOT)
"""Parts of the tongue, which a segmenter sees as one; arc length along the surface tells them apart."""

GROUPS: Mapping[str, tuple[Label, ...]] = {"lips": (Label.UPPER_LIP, Label.LOWER_LIP), "tongue": TONGUE}
"""Names for several labels together."""


def label_names() -> tuple[str, ...]:
    """Names by value, as files and options spell them: ``background``, ``airway``, ``upper_lip``, ..."""
    return tuple(label.name.lower() for label in Label)


CLASSES: Mapping[str, tuple[Label, ...]] = {
    "background": (Label.BACKGROUND,),
    "airway": (Label.AIRWAY,),
    "upper_lip": (Label.UPPER_LIP,),
    "lower_lip": (Label.LOWER_LIP,),
    "tongue": TONGUE,
    "hard_palate": (Label.HARD_PALATE,),
    "velum": (Label.VELUM,),
    "pharyngeal_wall": (Label.PHARYNGEAL_WALL,),
    "epiglottis": (Label.EPIGLOTTIS,),
    "larynx": (Label.LARYNX,),
    "jaw": (Label.JAW,),
}
"""Labels of each class that a segmenter tells apart, in the order of its outputs."""


def class_of_label() -> UInt8:
    """Number of the class of each label, (13,), to be indexed by label images."""
    table = np.zeros(len(Label), np.uint8)
    for number, labels in enumerate(CLASSES.values()):
        table[list(labels)] = number
    return table
