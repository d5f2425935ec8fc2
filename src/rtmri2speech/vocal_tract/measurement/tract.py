"""The vocal tract of a recording as it was measured: geometry in millimeters, and what sounds from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.arrays import Bool, Float32, Float64
from rtmri2speech.data.tables import Row, finite_or_none
from rtmri2speech.vocal_tract.contours import Contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.segmentation import PixelSource

if TYPE_CHECKING:
    from rtmri2speech.data.media.gray import GrayFrame
    from rtmri2speech.drawing.style import Drawing

FORMANTS = 4
"""Formants that are computed."""

COLUMNS = (
    *("frame", "time_s", "tract_cm", *MEASURES),
    *(f"F{number}_hz" for number in range(1, FORMANTS + 1)),
    "confidence",
)
"""Of the table with a row per frame; these names stay."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Tract:
    """The vocal tract in T frames; its 40 sections run from glottis to lips and have equal length in a frame.

    What could not be measured is NaN.

    Attributes:
        name: of the recording.
        frame_rate: frames per second.
        pixel_mm: size of a pixel of the recording, mm; NaN where it is unknown.
        pixel_source: where ``pixel_mm`` comes from.
        midline: (T, 41, 2), ends of the sections, x and y in pixels of the recording, from the frame's corner.
        distance: (T, 40), mm, of the walls across the midline; 0 where closed.
        distance_range: (T, 40, 2), mm, bounds of its 90 % interval.
        area: (T, 40), cm2; 0 where closed.
        area_range: (T, 40, 2), cm2, bounds of its 90 % interval.
        length: (T,), cm, from glottis to lips.
        closed: (T, 40), where walls touch.
        measures: (T,) each, by the names of :data:`~rtmri2speech.vocal_tract.geometry.constrictions.MEASURES`.
        formants: (T, 4), F1 to F4 of the tube, Hz.
        formant_range: (T, 4, 2), Hz, bounds of their 90 % intervals.
        bandwidths: (T, 4), Hz.
        sensitivity: (T, 4, 40), S: dF_n / F_n = sum_k S_n(k) dA_k / A_k.
        confidence: (T,) float32, of the labels, 0 to 1.
        contours: of every frame.
        notes: what was noticed, and what to do about it, a line each.
        area_model: name of the model that areas come from.
        video_sha256: hash of the video's content; empty where it is unknown.
        model_sha256: hash of the segmenter's weights; empty where it is unknown.
        label_lead: seconds from time 0 of an annotation of the recording, which is that of its sound, to the first
            frame.
        label_seconds: length of what is annotated: the sound, or else the frames; NaN where it is unknown.
    """

    name: str
    frame_rate: Fraction
    pixel_mm: float
    pixel_source: PixelSource
    midline: Float64
    distance: Float64
    distance_range: Float64
    area: Float64
    area_range: Float64
    length: Float64
    closed: Bool
    measures: Mapping[str, Float64]
    formants: Float64
    formant_range: Float64
    bandwidths: Float64
    sensitivity: Float64
    confidence: Float32
    contours: Contours
    notes: tuple[str, ...] = field(default=())
    area_model: str = "people"
    video_sha256: str = ""
    model_sha256: str = ""
    label_lead: float = 0.0
    label_seconds: float = float("nan")

    @property
    def times(self) -> Float64:
        """Middles of the frames, (T,), seconds."""
        return np.asarray((np.arange(len(self.length)) + 0.5) / float(self.frame_rate))

    @property
    def section_cm(self) -> Float64:
        """Length of a section in each frame, (T,), cm."""
        return self.length / SECTIONS

    def rows(self) -> list[Row]:
        """A row per frame, with the columns of :data:`COLUMNS`; None where nothing could be measured."""
        columns = [self.length, *(self.measures[name] for name in MEASURES), *self.formants.T, self.confidence]
        return [
            dict(zip(COLUMNS, (number, time, *map(finite_or_none, values)), strict=True))
            for number, (time, *values) in enumerate(zip(self.times.tolist(), *columns, strict=True))
        ]

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``<name>_tract.npz``, which :func:`~rtmri2speech.read_tract` reads, and ``<name>_tract.csv``.

        Raises:
            UserError: when they cannot be written.
        """
        from rtmri2speech.vocal_tract.measurement.file import FILE_SUFFIX, write_tract
        from rtmri2speech.vocal_tract.measurement.table import TABLE_SUFFIX, write_tract_table

        root = Path(folder)
        return [
            write_tract(root / f"{self.name}{FILE_SUFFIX}", self),
            write_tract_table(root / f"{self.name}{TABLE_SUFFIX}", self),
        ]

    def show(self, frame: int, gray: GrayFrame | None = None) -> Drawing:
        """A frame's contours, midline, sections, areas and formants; over ``gray`` (H, W), the frame, where given.

        Raises:
            IndexError: when there is no such frame.
        """
        from rtmri2speech.vocal_tract.measurement.figures import tract_figure

        return tract_figure(self, frame, gray)

    def __repr__(self) -> str:
        found = np.isfinite(self.length)
        size = f"{np.median(self.length[found]):.1f} cm" if found.any() else "no whole tract"
        pixels = f"pixels of {self.pixel_mm:.2f} mm" if np.isfinite(self.pixel_mm) else "pixels of unknown size"
        return f"Tract of {self.name}: {len(self.length)} frames, {size}, {pixels}"
