"""Tracts from plain numbers: areas and measures as a test gives them, all else constant."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS, Tract

RATE = Fraction(50)


def plain_tract(
    frames: int = 50,
    *,
    name: str = "talk",
    rate: Fraction = RATE,
    area: Float64 | None = None,
    measures: Mapping[str, Float64] | None = None,
    formants: Float64 | None = None,
) -> Tract:
    """A tract of 17 cm whose areas are 3 cm2, unless they are given, (T, 40)."""
    areas = np.full((frames, SECTIONS), 3.0) if area is None else area
    distance = 10.0 * np.sqrt(areas / 3.0)
    found = {measure: np.full(frames, 8.0) for measure in MEASURES} | dict(measures or {})
    hz = np.tile([500.0, 1500.0, 2500.0, 3500.0], (frames, 1)) if formants is None else formants
    return Tract(
        name=name,
        frame_rate=rate,
        pixel_mm=2.0,
        pixel_source="given",
        midline=np.zeros((frames, SECTIONS + 1, 2)),
        distance=distance,
        distance_range=np.stack([0.9 * distance, 1.1 * distance], axis=-1),
        area=areas,
        area_range=np.stack([0.8 * areas, 1.2 * areas], axis=-1),
        length=np.full(frames, 17.0),
        closed=areas == 0,
        measures=found,
        formants=hz,
        formant_range=np.stack([0.9 * hz, 1.1 * hz], axis=-1),
        bandwidths=np.full((frames, FORMANTS), 60.0),
        sensitivity=np.zeros((frames, FORMANTS, SECTIONS)),
        confidence=np.ones(frames, np.float32),
        contours=Contours(np.zeros((frames, len(CONTOURS), 64, 2)), rate, 2.0),
        notes=("a note", "another"),
    )
