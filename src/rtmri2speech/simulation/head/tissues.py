"""Tissues of the phantom: what a drawn part consists of, what it gives in the scanner, which label it bears."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from rtmri2speech.arrays import Float64, Int64, UInt8
from rtmri2speech.data.labels import TONGUE as TONGUE_LABELS
from rtmri2speech.data.labels import Label


class Tissue(NamedTuple):
    """What the signal of a spoiled gradient echo depends on.

    Attributes:
        density: protons, water = 1.
        t1_ms: longitudinal relaxation time.
        t2_star_ms: decay of the echo.
    """

    density: float
    t1_ms: float
    t2_star_ms: float


# At 1.5 T. T1 of muscle, white and gray matter, cord and cartilage: Stanisz et al. 2005 (Magn. Reson. Med. 54,
# 507-512); of fat and marrow: de Bazelaire et al. 2004 (Radiology 230, 652-659); of CSF: Rooney et al. 2007 (Magn.
# Reson. Med. 57, 308-318). Densities and T2* are typical values; at the echo times of real-time imaging only the
# short T2* of bone and teeth matters. Skin, mucosa and glands have no agreed values: chosen to look as they do.
AIR = Tissue(0.0, 1000.0, 1.0)
MUSCLE = Tissue(0.80, 1008.0, 30.0)
FAT = Tissue(0.90, 343.0, 30.0)
MARROW = Tissue(0.62, 549.0, 12.0)
CORTICAL = Tissue(0.20, 400.0, 0.4)
TOOTH = Tissue(0.15, 500.0, 0.3)
MUCOSA = Tissue(0.90, 760.0, 40.0)
SKIN = Tissue(0.75, 800.0, 15.0)
GLAND = Tissue(0.90, 820.0, 40.0)
CARTILAGE = Tissue(0.65, 1024.0, 8.0)
WHITE = Tissue(0.70, 884.0, 50.0)
GRAY = Tissue(0.83, 1124.0, 60.0)
CORD = Tissue(0.72, 745.0, 50.0)
CSF = Tissue(1.00, 4300.0, 200.0)
DISC = Tissue(0.70, 1300.0, 20.0)

_NAMES = {
    **{AIR: "air", MUSCLE: "muscle", FAT: "fat", MARROW: "marrow", CORTICAL: "cortical_bone", TOOTH: "tooth"},
    **{MUCOSA: "mucosa", SKIN: "skin", GLAND: "gland", CARTILAGE: "cartilage", WHITE: "white_matter"},
    **{GRAY: "gray_matter", CORD: "cord", CSF: "fluid", DISC: "disc"},
}


class Part(IntEnum):
    """Codes of what is drawn, apart from the cells of the tongue (see :func:`tongue_code`)."""

    OUTSIDE = 0
    TRACT = 1
    HOLLOW = 2  # air of nose, sinuses, trachea
    SKIN = 3
    FAT = 4
    MUSCLE = 5
    PALE_MUSCLE = 6
    MARROW = 7
    CORTICAL = 8
    TOOTH = 9
    MUCOSA = 10
    TURBINATE = 11
    SEPTUM = 12
    GLAND = 13
    WHITE = 14
    GRAY = 15
    CSF = 16
    CORD = 17
    DISC = 18
    LIP = 20
    LIP_CORE = 21
    VELUM = 22
    VELUM_RIM = 23
    EPIGLOTTIS = 24
    LARYNX = 25
    CARTILAGE = 26
    FOLD = 27
    JAW_SHELL = 28
    JAW_MARROW = 29
    LOWER_TOOTH = 30
    GUM = 31
    DARK_MUSCLE = 34
    BLADE = 35
    SLIT = 36
    PALE_BRAIN = 37
    LOWER_LIP = 38
    LOWER_LIP_CORE = 39
    PALATE_MUCOSA = 40
    PALATE_BONE = 41
    PALATE_MARROW = 42


_PARTS: dict[Part, tuple[Tissue, float, Label]] = {
    # tissue, share of its signal in the slice (the rest is air or bone), label
    Part.OUTSIDE: (AIR, 1.0, Label.BACKGROUND),
    Part.TRACT: (AIR, 1.0, Label.AIRWAY),
    Part.HOLLOW: (AIR, 1.0, Label.BACKGROUND),
    Part.SKIN: (SKIN, 1.0, Label.BACKGROUND),
    Part.FAT: (FAT, 0.68, Label.BACKGROUND),
    Part.MUSCLE: (MUSCLE, 1.0, Label.BACKGROUND),
    Part.PALE_MUSCLE: (MUSCLE, 1.15, Label.BACKGROUND),
    Part.DARK_MUSCLE: (MUSCLE, 0.8, Label.BACKGROUND),
    Part.MARROW: (MARROW, 0.9, Label.BACKGROUND),
    Part.CORTICAL: (CORTICAL, 1.0, Label.BACKGROUND),
    Part.TOOTH: (TOOTH, 1.0, Label.BACKGROUND),
    Part.MUCOSA: (MUCOSA, 1.0, Label.BACKGROUND),
    Part.TURBINATE: (MUCOSA, 0.62, Label.BACKGROUND),
    Part.SEPTUM: (MUCOSA, 0.48, Label.BACKGROUND),
    Part.SLIT: (MUCOSA, 0.2, Label.BACKGROUND),
    Part.GLAND: (GLAND, 1.0, Label.BACKGROUND),
    Part.WHITE: (WHITE, 1.15, Label.BACKGROUND),
    Part.GRAY: (GRAY, 1.0, Label.BACKGROUND),
    Part.PALE_BRAIN: (GRAY, 1.08, Label.BACKGROUND),
    Part.CSF: (CSF, 1.0, Label.BACKGROUND),
    Part.CORD: (CORD, 1.0, Label.BACKGROUND),
    Part.DISC: (DISC, 1.0, Label.BACKGROUND),
    Part.LIP: (MUCOSA, 1.05, Label.UPPER_LIP),
    Part.LIP_CORE: (MUSCLE, 1.15, Label.UPPER_LIP),
    Part.LOWER_LIP: (MUCOSA, 1.05, Label.LOWER_LIP),
    Part.LOWER_LIP_CORE: (MUSCLE, 1.15, Label.LOWER_LIP),
    Part.PALATE_MUCOSA: (MUCOSA, 1.0, Label.HARD_PALATE),
    Part.PALATE_BONE: (CORTICAL, 1.0, Label.HARD_PALATE),
    Part.PALATE_MARROW: (MARROW, 0.9, Label.HARD_PALATE),
    Part.VELUM: (MUSCLE, 1.05, Label.VELUM),
    Part.VELUM_RIM: (MUCOSA, 1.0, Label.VELUM),
    Part.EPIGLOTTIS: (MUCOSA, 0.85, Label.EPIGLOTTIS),
    Part.BLADE: (CARTILAGE, 0.9, Label.EPIGLOTTIS),
    Part.LARYNX: (MUCOSA, 0.8, Label.LARYNX),
    Part.CARTILAGE: (CARTILAGE, 0.6, Label.LARYNX),
    Part.FOLD: (MUCOSA, 0.75, Label.LARYNX),
    Part.JAW_SHELL: (CORTICAL, 1.0, Label.JAW),
    Part.JAW_MARROW: (MARROW, 0.9, Label.JAW),
    Part.LOWER_TOOTH: (TOOTH, 1.0, Label.JAW),
    Part.GUM: (MUCOSA, 0.7, Label.JAW),
}

TONGUE = 64
"""Code of the first cell of the tongue."""

SHADES = 8
"""Shades of tongue muscle; the last one is the bright rim under the surface."""

# In the order of the codes, which is that along the surface.
_TONGUE_PARTS = TONGUE_LABELS[::-1]
# Fiber bundles and the fat between them: shares of the muscle's signal.
_SHADE_SHARES = (0.88, 0.93, 0.97, 1.0, 1.03, 1.08, 1.14)
CODES = 128
"""Length of the tables below."""


def tongue_code(label: Label, shade: int) -> int:
    """Code of a cell of the tongue."""
    return TONGUE + SHADES * _TONGUE_PARTS.index(label) + shade


def _tables() -> tuple[list[Tissue], Int64, Float64, UInt8]:
    tissues = [AIR]
    which = np.zeros(CODES, np.int64)
    share = np.ones(CODES)
    labels = np.zeros(CODES, np.uint8)
    entries = {int(part): entry for part, entry in _PARTS.items()}
    for label in _TONGUE_PARTS:
        for shade, value in enumerate(_SHADE_SHARES):
            entries[tongue_code(label, shade)] = (MUSCLE, value, label)
        entries[tongue_code(label, SHADES - 1)] = (MUCOSA, 0.92, label)
    for code, (tissue, value, label) in entries.items():
        if tissue not in tissues:
            tissues.append(tissue)
        which[code], share[code], labels[code] = tissues.index(tissue), value, label
    return tissues, which, share, labels


TISSUES, TISSUE_OF, SHARE_OF, LABEL_OF = _tables()
"""All tissues; by code (``CODES``,): index of the tissue, share of its signal, label."""

TISSUE_NAMES = tuple(_NAMES[tissue] for tissue in TISSUES)
"""Names of the tissues, in their order."""


def used_codes() -> list[int]:
    """The codes that something is drawn in."""
    return sorted([*map(int, Part), *range(TONGUE, TONGUE + SHADES * len(_TONGUE_PARTS))])
