"""Writing a folder of maps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.attribution.pixels import FRAMES_AT_ONCE
from rtmri2speech.analysis.attribution.segment_maps import differences_of, means_of
from rtmri2speech.analysis.attribution.targets import ADAPTIVE_HZ
from rtmri2speech.analysis.map_folder.arrays import write_array, write_blocks, write_gray, write_named
from rtmri2speech.analysis.map_folder.names import (
    CELLS,
    KIND,
    MEAN_ARRAY,
    MEAN_IMAGE,
    METADATA,
    SCHEMA,
    SEGMENT_SEQUENCE,
    SEGMENTS,
    SEQUENCE,
    TARGETS,
)
from rtmri2speech.analysis.map_folder.segments import frames_of, write_segments
from rtmri2speech.analysis.map_folder.stale import remove_stale
from rtmri2speech.arrays import Float32
from rtmri2speech.data.files import remove_file
from rtmri2speech.data.provenance import write_about
from rtmri2speech.data.tables import Value, write_table

_WHAT = "signed gradient x activation at the frame itself, not rescaled; scale: largest pixel in the clip."


def write_maps(maps: Maps, folder: Path, pixels: bool = True) -> list[Path]:
    """Write maps; what an earlier run of the same methods has left, and what was made from it, is removed first.

    For each method the cells, ``<method>_cells.npz``, and metadata; for each band, with ``pixels``,
    ``<method>_<band>_sequence.npy`` and its mean, ``_average.npy``; the targets and the mean frame. Arrays are signed
    and in the target's unit, so that sums over parts of the frame mean something.

    Args:
        maps: what to write.
        folder: where.
        pixels: whether maps are written as pixels, too, and their means.

    Returns:
        The files.

    Raises:
        UserError: when a file cannot be written.
    """
    # Of maps that were read from this very folder, whose files go now.
    cells = {method: {one.band.name: one.cells for one in maps if one.method == method} for method in maps.methods}
    remove_stale(folder, maps.methods, _clip(maps))
    files: list[Path] = []
    if pixels:
        for one in maps:
            files.append(write_blocks(folder / f"{one.stem}{SEQUENCE}", one.pixels.shape, _blocks(one)))
        files += [write_array(folder / f"{one.stem}_average.npy", one.mean()) for one in maps]
    files.append(_write_mean_frame(maps, folder, pixels))
    files.append(_write_targets(maps, folder / TARGETS))
    for method in maps.methods:
        files.append(write_named(folder / f"{method}{CELLS}", cells[method]))
        files.append(
            write_about(folder / f"{method}{METADATA}", KIND, SCHEMA, _metadata(maps.of_method(method), pixels))
        )
    if maps.segments:
        files.append(write_segments(maps.segments, folder / SEGMENTS))
        if pixels:
            files += [path for one in maps for path in _write_segment_maps(maps, one, folder)]
    return files


def _blocks(one: BandMaps) -> Iterator[Float32]:
    return (one.to_pixels(slice(first, first + FRAMES_AT_ONCE)) for first in range(0, len(one), FRAMES_AT_ONCE))


def _write_mean_frame(maps: Maps, folder: Path, pixels: bool) -> Path:
    # One of the two: that of an earlier run may be of another clip.
    if pixels:
        remove_file(folder / MEAN_IMAGE)
        return write_array(folder / MEAN_ARRAY, maps.mean_frame)
    remove_file(folder / MEAN_ARRAY)
    return write_gray(folder / MEAN_IMAGE, maps.mean_frame)


def _write_targets(maps: Maps, path: Path) -> Path:
    """The targets frame by frame; times are those of the frames' centers."""
    columns = {f"{one.band.name} ({one.unit})": one.values for one in maps}
    rows: Iterator[list[Value]] = (
        [frame, f"{maps.time(frame):.4f}", *(f"{values[frame]:.6g}" for values in columns.values())]
        for frame in range(maps.n_frames)
    )
    return write_table(path, ["frame", "time_s", *columns], rows)


def _write_segment_maps(maps: Maps, one: BandMaps, folder: Path) -> Iterator[Path]:
    """Maps of all frames of a segment, mean and spread over its tokens, and differences between segments."""
    means = means_of(one, maps.segments)
    for segment, mean in zip(maps.segments, means, strict=True):
        frames = frames_of(segment)
        blocks = (one.to_pixels(frames[at : at + FRAMES_AT_ONCE]) for at in range(0, len(frames), FRAMES_AT_ONCE))
        name = f"{one.stem}_{segment.file_name}{SEGMENT_SEQUENCE}"
        yield write_blocks(folder / name, (len(frames), maps.size, maps.size), blocks)
        yield write_array(folder / f"{mean.stem}.npy", mean.values)
        if mean.spread is not None:
            yield write_array(folder / f"{mean.stem.removesuffix('mean')}spread.npy", mean.spread)
    for difference in differences_of(one, maps.segments, means):
        yield write_array(folder / f"{difference.stem}.npy", difference.values)


def _clip(maps: Maps) -> dict[str, Any]:
    """What tells clips apart."""
    return {"video": maps.video, "n_frames": maps.n_frames, "frame_rate": str(maps.frame_rate)}


def _metadata(maps: Maps, pixels: bool) -> dict[str, Any]:
    """Of the maps of one method."""
    one, source = maps.entries[0], maps.source
    bands = [
        {
            "name": each.band.name,
            "low_hz": each.band.low,
            "high_hz": each.band.high,
            "mel_bins": list(each.band.bins),
            "mel_centres_hz": [round(center, 1) for center in each.band.centers],
            **({"sequence": f"{each.stem}{SEQUENCE}", "average": f"{each.stem}_average.npy"} if pixels else {}),
            "scale": each.scale,
            "target_mean": None if np.isnan(each.values).any() else float(each.values.mean()),
        }
        for each in maps
    ]
    return {
        **maps.about,
        **_clip(maps),
        "pixels": maps.size,
        "source": {"width": source.width, "height": source.height, "frames": list(source.frames)},
        "method": one.method,
        "stride_pixels": one.stride,
        "target": one.target,
        "target_unit": one.unit,
        "adaptive_half_width_hz": ADAPTIVE_HZ if one.target == "adaptive" else None,
        "map": _WHAT,
        "cells": f"{one.method}{CELLS}",
        "bands": bands,
    }
