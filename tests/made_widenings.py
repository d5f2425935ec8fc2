"""What widening a tract does to formants, made up in milliseconds: orange tongue, blue palate, a tube of half of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from made_tracts import made_tract
from rtmri2speech.analysis.widening.result import ARTICULATORS, Widening
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS
from rtmri2speech.vocal_tract.geometry.bounding import Bounding
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

TONGUE_HZ, PALATE_HZ, TUBE_HZ = 0.5, -0.25, 4.0
"""Of a point of the tongue in the last frame, of one of the palate, by the model; of a section, by the tube."""


def made_widening(count: int, video: Path) -> Widening:
    """F1 and F2 of a recording of 64 x 64 pixels; F2 is turned round, and without the epiglottis.

    Args:
        count: frames on the model's clock.
        video: that it is said to be of.
    """
    tract = made_tract(count, name=video.stem)
    points = np.zeros((count, 2, len(CONTOURS), POINTS))
    grow = np.linspace(0.2, 1.0, count)[:, None]
    points[:, 0, CONTOURS.index("tongue")] = TONGUE_HZ * grow
    points[:, 0, CONTOURS.index("palate_and_velum")] = PALATE_HZ * grow
    points[:, 1] = -points[:, 0]
    # The tract's contours lie on one line: here they lie apart.
    contours = np.asarray(tract.contours.points, np.float64) + np.arange(6)[:, None, None] * np.array([-3.0, 3.0])
    points[:, :, CONTOURS.index("epiglottis")] = np.nan
    contours[:, CONTOURS.index("epiglottis")] = np.nan
    section = np.broadcast_to(np.arange(POINTS) * SECTIONS // POINTS, (count, len(CONTOURS), POINTS)).copy()
    tube = np.full((count, 2, SECTIONS), TUBE_HZ)
    walls = np.full((count, 2, len(ARTICULATORS)), 2.0 * TUBE_HZ)
    return Widening(
        name=video.stem,
        video=str(video),
        frame_rate=FeatureConfig().frame_rate,
        names=("F1", "F2"),
        formants=np.where(np.arange(count)[:, None] == 1, np.nan, [[500.0, 1500.0]]),
        targets=np.full((count, 2), 500.0),
        gain=np.full((count, 2), 0.4),
        model=np.zeros((count, 2, SECTIONS)),
        tube=tube,
        tube_range=np.stack([tube - 1.0, tube + 1.0], axis=-1),
        bounding=Bounding(section, np.full(section.shape, SECTIONS / POINTS)),
        tube_walls=walls,
        tube_walls_range=np.stack([walls - 3.0, walls + 5.0], axis=-1),
        points=points,
        contours=contours,
        midline=tract.midline,
        source_frames=np.arange(count),
        pixel_mm=2.5,
        width_hz=120.0,
    )
