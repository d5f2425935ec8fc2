"""What is to be said of a measured tract: what is missing and why, and how far its numbers can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rtmri2speech.arrays import Floating
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.vocal_tract.clock import time_notes
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.geometry import TractGeometry
from rtmri2speech.vocal_tract.measurement.sources import FrameSource
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.passage import turn_note
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.segmentation import confidence_notes, doubt_note
from rtmri2speech.vocal_tract.segmenter import Box
from rtmri2speech.vocal_tract.size import shape_notes, size_notes

LENGTHS_CM = (7.0, 21.0)
"""Between a newborn's tract and a tall man's with lips and larynx as far apart as they go."""

# An end of the tract that lies so near to the edge of the frame, in shares of the tract's length, may lie beyond it.
_EDGE = 0.07
# Median confidence of a recording of which a part is out of view; of noise, and of what is no head, it is 0.
_IN_PART = 0.02
# Contours without which there is no head.
_CORE = ("tongue", "palate_and_velum")


def is_lost(source: FrameSource) -> bool:
    """Whether a recording, once all of it was looked at, shows no vocal tract, so that nothing is to be measured.

    One of which a part is out of view has a low confidence, too, but shows tongue and palate.
    """
    if source.turn:
        return True
    doubtful = bool(len(source.confidence)) and bool(np.mean(source.confidence < CONFIDENT) > 0.5)
    there = _there(source.points)
    in_part = all(there[name] for name in _CORE) and not all(there.values())
    return doubtful and not (in_part and float(np.median(source.confidence)) >= _IN_PART)


def blanked(geometry: TractGeometry) -> TractGeometry:
    """A geometry in which nothing is known."""
    arrays = ("midline", "distance", "distance_range", "area", "area_range", "length")
    return replace(
        geometry,
        **{name: np.full_like(getattr(geometry, name), np.nan) for name in arrays},
        closed=np.zeros_like(geometry.closed),
        measures={name: np.full_like(values, np.nan) for name, values in geometry.measures.items()},
        notes=(),
    )


def notes_of(tract: Tract, scan: VideoScan, source: FrameSource, lost: bool) -> Iterator[str]:
    """Notes of a tract, a line each, with those of its geometry.

    Args:
        tract: what was measured, with the notes of its geometry.
        scan: of the video.
        source: what it was measured in.
        lost: whether there is no vocal tract.
    """
    yield from source.notes
    if source.turn:
        yield turn_note(source.turn, "Nothing is measured.")
    elif lost:
        yield from confidence_notes(tract.confidence, advice="Nothing is measured.")
    elif (tract.confidence < CONFIDENT).any():
        yield doubt_note(tract.confidence, "measures")
    if lost:
        return
    yield from _of_size(tract)
    yield from shape_notes(scan.pixel_aspect)
    yield from time_notes(scan)
    yield from tract.notes
    yield from _missing(tract)
    yield from _at_edge(tract, source.inside)
    yield from _of_length(tract.length)


def _of_size(tract: Tract) -> Iterator[str]:
    yield from size_notes(tract.pixel_mm, tract.pixel_source)
    if tract.pixel_source in ("regions", "phantom"):
        whose = "the file of labels" if tract.pixel_source == "regions" else "the description of the phantom"
        yield f"a pixel is {tract.pixel_mm:.2f} mm, as {whose} says."
    if tract.pixel_source == "unknown":
        yield (
            "the size of a pixel is not known, and no frame shows enough of the tract to estimate it: nothing is given "
            "in millimeters. Give `pixel_mm`."
        )


def _missing(tract: Tract) -> Iterator[str]:
    """Measures that no frame has, and what is not in view."""
    names = [name for name, values in tract.measures.items() if not np.isfinite(values).any()]
    if not names or tract.pixel_source == "unknown":
        return
    hidden = [name.replace("_", " ") for name, there in _there(tract.contours.points).items() if not there]
    why = f"not in view, or not recognized: {', '.join(hidden)}" if hidden else "an end of the tract is out of view"
    yield f"not measured in any frame: {', '.join(names)} ({why})."


def _at_edge(tract: Tract, inside: Box) -> Iterator[str]:
    """Ends of the tract that the frame may cut off; the midline goes on to its edge then, and is too short."""
    known = tract.midline[np.isfinite(tract.midline).all(axis=(1, 2))]
    if not len(known):
        return
    rows, columns = inside
    line = np.median(known, axis=0)
    least = _EDGE * float(np.hypot(*np.diff(line, axis=0).T).sum())
    for name, (x, y) in (("larynx", line[0]), ("lips", line[-1])):
        if min(x - columns.start, y - rows.start, columns.stop - x, rows.stop - y) < least:
            yield (
                f"the tract ends at the edge of the frame: the {name} may be out of view, and length, areas and "
                "formants those of a part of the tract. Give the video as it was before it was cropped."
            )


def _of_length(length: Floating) -> Iterator[str]:
    found = length[np.isfinite(length)]
    if not len(found):
        return
    middle = float(np.median(found))
    if not LENGTHS_CM[0] <= middle <= LENGTHS_CM[1]:
        yield (
            f"a tract of {middle:.1f} cm is nobody's: the slice lies off the middle, or a pixel has another size. "
            "Check `pixel_mm`."
        )


def _there(points: Floating) -> dict[str, bool]:
    """Of every contour whether more than half of the frames have it."""
    found = np.isfinite(points).all(axis=(2, 3)).mean(axis=0) > 0.5 if len(points) else np.zeros(len(CONTOURS))
    return dict(zip(CONTOURS, map(bool, found), strict=True))
