"""What results have in common that say something of formants, frame by frame, next to the walls of the tract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.labeled_segments import Segment
from rtmri2speech.version import __version__
from rtmri2speech.vocal_tract.contours import CONTOURS

if TYPE_CHECKING:
    from rtmri2speech.data.media.clips import Clip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OfFormants:
    """T frames on the model's clock, and N formants.

    Attributes:
        name: of the recording.
        video: its path, as text.
        frame_rate: frames per second.
        names: of the formants.
        contours: (T, 6, P, 2), where walls are, x and y in pixels of the recording.
        source_frames: (T,), number of the recording's frame that belongs to each.
        pixel_mm: size of a pixel of the recording, mm.
        notes: what was noticed.
        segments: stretches of the clip to average over.
        clip: the video; None where it was read from a file.
    """

    name: str
    video: str
    frame_rate: Fraction
    names: tuple[str, ...]
    contours: Float64
    source_frames: Int64
    pixel_mm: float
    notes: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    clip: Clip | None = field(default=None)

    def __len__(self) -> int:
        return len(self.source_frames)

    def time(self, frame: int) -> float:
        """Center of a frame, seconds from the beginning of the first one."""
        return (frame + 0.5) / float(self.frame_rate)

    def number(self, formant: str | int) -> int:
        """Index of a formant, by its name, or F1 as 1.

        Raises:
            ConfigError: when there is no such formant.
        """
        name = f"F{formant}" if isinstance(formant, int) else formant
        if name not in self.names:
            raise ConfigError(f"`formant={formant}`: not among them.", f"Choose from {', '.join(self.names)}.")
        return self.names.index(name)

    def with_segments(self, segments: Sequence[Segment]) -> Self:
        """The same, to be averaged over these stretches as well."""
        return replace(self, segments=tuple(segments))


def entries_of(
    found: OfFormants, kind: str, schema: int, arrays: Sequence[str], optional: Sequence[str]
) -> dict[str, Any]:
    """What the file of a result holds: what all have in common, and arrays by name, float32.

    Args:
        found: the result.
        kind: of the file.
        schema: its version.
        arrays: attributes of the result.
        optional: such that may be None, and then are left out.
    """
    values = {name: getattr(found, name) for name in (*arrays, *optional)}
    return {
        "kind": kind,
        "schema": schema,
        "program": f"rtmri2speech {__version__}",
        "name": found.name,
        "video": found.video,
        "names": np.array(found.names),
        "contour_names": np.array(CONTOURS),
        "frame_rate": [found.frame_rate.numerator, found.frame_rate.denominator],
        "source_frames": found.source_frames,
        "pixel_mm": found.pixel_mm,
        "notes": np.array(found.notes, np.str_),
        **{name: np.asarray(value, np.float32) for name, value in values.items() if value is not None},
    }
