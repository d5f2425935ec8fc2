"""Names of the files in a folder of maps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

KIND, SCHEMA = "maps", 2
"""Of the metadata. Schema 1, of version 0.1.0, has pixels without cells, and no kind in its first files."""

METADATA = "_metadata.json"
"""End of the name of a method's metadata."""

CELLS = "_cells.npz"
"""End of the name of a method's cells: an array (T, h, w), float32, for each band."""

SEQUENCE, SEGMENT_SEQUENCE = "_sequence.npy", "Segment_sequence.npy"
"""Ends of the names of maps as pixels: of a band, and of a segment."""

SEGMENTS, TARGETS = "segments.csv", "targets.csv"
"""Tables that all methods of a folder share."""

MEAN_ARRAY, MEAN_IMAGE = "mean_picture.npy", "mean_frame.png"
"""The mean frame next to maps as pixels, and next to cells alone."""

REGION_TABLE, REGION_COURSES, REGION_ORIGIN, REGION_FIGURE = (
    "_regions.csv",
    "_regions_time.csv",
    "_regions.json",
    "_regions.png",
)
"""Ends of the names of what ``analyze regions`` writes for a method."""


def regions_origin(metadata: Path, about: Mapping[str, Any]) -> Path:
    """Which regions the maps of some metadata were summed over."""
    return metadata.with_name(f"{about['method']}{REGION_ORIGIN}")


def courses_table(metadata: Path, about: Mapping[str, Any]) -> Path:
    """The time courses of the regions of the maps of some metadata."""
    return metadata.with_name(f"{about['method']}{REGION_COURSES}")
