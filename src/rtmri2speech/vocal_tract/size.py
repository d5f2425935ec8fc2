"""The size of a pixel where nobody states it, from how long vocal tracts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from rtmri2speech.arrays import Float32, Float64, Floating
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.segmentation import PixelSource

TRACT_MM = 157.5
"""Length of an adult's vocal tract: the middle of 140 to 175 mm, women's and men's."""

TRACT_PER_OUTLINE = 0.847
"""Length of the tract, as a share of that of its outer outline; of simulated heads, who differ by 2.7 %
(``benchmarks/confidence.py``)."""

EXPECTED_ERROR = 0.07
"""Standard deviation of the estimate, as a share: that adults differ by (6 to 7 %), and outlines (2.7 %)."""

IN_PART: Mapping[tuple[bool, bool], tuple[float, float]] = {
    (True, True): (TRACT_PER_OUTLINE, EXPECTED_ERROR),
    (True, False): (0.949, 0.08),
    (False, True): (1.337, 0.09),
    (False, False): (1.590, 0.10),
}
"""The same two by whether the larynx, and whether the lips are in view: without a larynx the pharyngeal wall does not
count, without lips the way to the upper lip does not. Simulated heads differ by 4.7, 6.5 and 7.5 % then."""

# What a scanner's pixel can measure, mm.
_PIXEL_MM = (0.2, 10.0)


def require_pixel_mm(value: float | None) -> None:
    """Refuse what is no size of a pixel; None is unknown.

    Raises:
        ConfigError: saying so.
    """
    if value is not None and not _PIXEL_MM[0] <= value <= _PIXEL_MM[1]:
        raise ConfigError(f"`pixel_mm={value:g}`: no pixel of an MRI scanner.", "Give millimeters, such as 2.4.")


def pixel_size(
    points: Floating, confidence: Float32, given: float | None, *, larynx: bool = True, lips: bool = True
) -> tuple[float | None, PixelSource]:
    """Size of a pixel, mm, and where it comes from: as given, else estimated from the frames that can be trusted.

    Args:
        points: (T, K, P, 2), contours in pixels.
        confidence: (T,), of the frames.
        given: mm; None to estimate it.
        larynx: whether it is in view.
        lips: whether they are.
    """
    if given is not None:
        return given, "given"
    # Lengths first: a copy of an hour's contours would be some 300 MB.
    lengths = outline_lengths(points, larynx=larynx, lips=lips)[confidence >= CONFIDENT]
    estimated = _size_of(lengths, larynx=larynx, lips=lips)
    return estimated, "unknown" if estimated is None else "estimated"


def size_notes(size: float | None, source: PixelSource, *, larynx: bool = True, lips: bool = True) -> Iterator[str]:
    """What to say of a pixel's size that nobody stated, by what is in view."""
    if source == "estimated":
        tract = "an adult's tract of average length"
        seen = tract if larynx and lips else f"the part of the tract that is in view, as if it were that of {tract}"
        yield (
            f"the size of a pixel is not known; {size:.2f} mm is estimated from {seen}, "
            f"right within some {100 * IN_PART[larynx, lips][1]:.0f} %. "
            "Give `pixel_mm` for millimeters that can be compared between speakers."
        )


def shape_notes(aspect: Fraction) -> Iterator[str]:
    """What to say of pixels that are not square, by their width over their height."""
    if aspect != 1:
        yield (
            f"pixels of this video are {aspect.numerator}:{aspect.denominator}, not square, and are taken for square: "
            f"lengths across and down differ by {abs(float(aspect) - 1.0):.0%}. Export the video with square pixels."
        )


def outline_lengths(points: Floating, *, larynx: bool = True, lips: bool = True) -> Float64:
    """Length of the tract's outer outline, of contours (T, K, P, 2), in their unit: (T,); NaN where one is missing.

    It is the pharyngeal wall, if the larynx is in view, then velum and palate, and if the lips are in view from there
    straight to the upper lip's foremost point.
    """
    wall, roof, lip = (points[:, CONTOURS.index(name)] for name in ("pharyngeal_wall", "palate_and_velum", "upper_lip"))
    lengths = _length(wall) + _length(roof) if larynx else _length(roof)
    return np.asarray(lengths + np.hypot(*(roof[:, -1] - lip[:, -1]).T) if lips else lengths, np.float64)


def estimate_pixel_mm(points: Floating, *, larynx: bool = True, lips: bool = True) -> float | None:
    """Size of a pixel, mm, for contours (T, K, P, 2) in pixels; None where the contours that are needed are missing.

    Right for adults within what :data:`IN_PART` says, too large for children.

    Args:
        points: contours.
        larynx: whether it is in view.
        lips: whether they are.
    """
    return _size_of(outline_lengths(points, larynx=larynx, lips=lips), larynx=larynx, lips=lips)


def _size_of(lengths: Float64, *, larynx: bool, lips: bool) -> float | None:
    lengths = lengths[np.isfinite(lengths) & (lengths > 0)]
    return float(TRACT_MM / (IN_PART[larynx, lips][0] * np.median(lengths))) if len(lengths) else None


def _length(lines: Floating) -> Floating:
    """Of each of some lines (T, P, 2)."""
    result: Floating = np.hypot(*np.moveaxis(np.diff(lines, axis=1), -1, 0)).sum(axis=1)
    return result
