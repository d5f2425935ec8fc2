"""What a pixel of the vocal tract belongs to: the labels that phantom, segmenter, regions and page share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


UNKNOWN = 255
"""In label images of people's frames: a pixel that nobody has labeled."""

TONGUE = (Label.TONGUE_TIP, Label.TONGUE_BODY, Label.TONGUE_ROOT)
"""Parts of the tongue, which a segmenter sees as one; arc length along the surface tells them apart."""

GROUPS: Mapping[str, tuple[Label, ...]] = {"lips": (Label.UPPER_LIP, Label.LOWER_LIP), "tongue": TONGUE}
"""Names for several labels together."""


def label_names() -> tuple[str, ...]:
    """Names by value, as files and options spell them: ``background``, ``airway``, ``upper_lip``, ..."""
    return tuple(label.name.lower() for label in Label)


def values_by_name() -> dict[str, Label]:
    """The label of each name; ``tongue`` as a whole is its body, until it is cut."""
    return {**dict(zip(label_names(), Label, strict=True)), "tongue": Label.TONGUE_BODY}


def renumbered(values: UInt8, names: Sequence[str], others: Mapping[str, Label] | None = None) -> UInt8:
    """Label images of any shape whose values are numbers of ``names``, with the values of :class:`Label`.

    Args:
        values: labels as a file holds them.
        names: what its values stand for.
        others: labels of names beyond today's.

    Raises:
        ValueError: for a name that stands for no label, a value without a name, or values that are no whole numbers.
    """
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"{values.dtype}, not whole numbers")
    known = {**values_by_name(), **(others or {})}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise ValueError(f"a label '{unknown}'")
    if values.size and not 0 <= int(values.min()) <= int(values.max()) < len(names):
        wrong = values.max() if values.max() >= len(names) else values.min()
        raise ValueError(f"a label of value {wrong}, which has no name")
    if tuple(names) == label_names():
        return values.astype(np.uint8, copy=False)
    return np.array([known[name] for name in names], np.uint8)[values]


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


def label_of_class() -> UInt8:
    """A label of each class, (11,), to be indexed by images of classes: the tongue as a whole is its body."""
    return np.array([values_by_name()[name] for name in CLASSES], np.uint8)
