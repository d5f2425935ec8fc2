"""What is to be said of a measured tract: what is missing and why, and how far its numbers can be trusted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rtmri2speech.arrays import Floating
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.vocal_tract.clock import time_notes
from rtmri2speech.vocal_tract.measurement.sources import FrameSource
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.measurement.view import View, contours_there
from rtmri2speech.vocal_tract.passage import turn_note
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.segmentation import confidence_notes, doubt_note
from rtmri2speech.vocal_tract.size import shape_notes, size_notes

LENGTHS_CM = (7.0, 21.0)
"""Between a newborn's tract and a tall man's with lips and larynx as far apart as they go."""


def notes_of(tract: Tract, scan: VideoScan, source: FrameSource, view: View | None) -> Iterator[str]:
    """Notes of a tract, a line each, with those of its geometry.

    Args:
        tract: what was measured, with the notes of its geometry.
        scan: of the video.
        source: what it was measured in.
        view: what of a vocal tract is in view; None where there is none.
    """
    yield from source.notes
    if source.turn:
        yield turn_note(source.turn, "Nothing is measured.")
    elif view is None:
        yield from confidence_notes(tract.confidence, advice="Nothing is measured.")
    elif (tract.confidence < CONFIDENT).any():
        yield doubt_note(tract.confidence, "measures")
    if view is None:
        return
    yield from _of_size(tract, view)
    yield from shape_notes(scan.pixel_aspect)
    yield from time_notes(scan)
    yield from tract.notes
    yield from _at_edge(view)
    yield from _missing(tract, view)
    yield from _of_length(tract.length)


def _of_size(tract: Tract, view: View) -> Iterator[str]:
    yield from size_notes(tract.pixel_mm, tract.pixel_source, larynx=view.larynx, lips=view.lips)
    if tract.pixel_source in ("regions", "phantom"):
        whose = "the file of labels" if tract.pixel_source == "regions" else "the description of the phantom"
        yield f"a pixel is {tract.pixel_mm:.2f} mm, as {whose} says."
    if tract.pixel_source == "unknown":
        yield (
            "the size of a pixel is not known, and no frame shows enough of the tract to estimate it: nothing is given "
            "in millimeters. Give `pixel_mm`."
        )


def _missing(tract: Tract, view: View) -> Iterator[str]:
    """Measures that no frame has, and what is not in view."""
    names = [name for name, values in tract.measures.items() if not np.isfinite(values).any()]
    if not names or tract.pixel_source == "unknown":
        return
    gone = [name.replace("_", " ") for name, there in contours_there(tract.contours.points).items() if not there]
    hidden = [*gone, *(name for name in view.hidden if not any(name.removesuffix("s") in one for one in gone))]
    why = f"not in view, or not recognized: {', '.join(hidden)}" if hidden else "an end of the tract is out of view"
    yield f"not measured in any frame: {', '.join(names)} ({why})."


def _at_edge(view: View) -> Iterator[str]:
    """Ends of the tract that are out of view, or may be: the midline goes on to the frame's edge then."""
    remedy = "Give the video as it was before it was cropped."
    if view.hidden:
        verb = "are" if "lips" in view.hidden else "is"
        yield (
            f"the {' and the '.join(view.hidden)} {verb} out of view, or not recognized: sections, areas, length and "
            f"formants are missing. Distances between the articulators that are there are given. {remedy}"
        )
        return
    for name in view.near_edge:
        yield (
            f"the tract ends near the edge of the frame: the {name} may be out of view, and length, areas and "
            f"formants those of a part of the tract. {remedy}"
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
