"""How much of a map lies in which region: share, signed sum and time course."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.attribution.pixels import PixelsOfCells
from rtmri2speech.analysis.map_folder.names import REGION_COURSES, REGION_ORIGIN, REGION_TABLE
from rtmri2speech.analysis.map_folder.segments import frames_of
from rtmri2speech.analysis.regions.masks import Regions, origin_of_regions, read_regions
from rtmri2speech.analysis.regions.polygons import REST
from rtmri2speech.arrays import Float32, Float64, Int64
from rtmri2speech.data.provenance import write_about
from rtmri2speech.data.tables import Value, write_table

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

_SCHEMA = 1


@dataclass(frozen=True)
class RegionSums:
    """Sums over the pixels of each region in each frame; the last region is the rest.

    Attributes:
        names: R names.
        signed: (T, R), sums of the map, in the target's unit.
        absolute: (T, R), sums of its absolute value.
        area: (T, R), shares of the frame's pixels.
        total: (T,), sum of the absolute value over the frame.
    """

    names: tuple[str, ...]
    signed: Float64
    absolute: Float64
    area: Float64
    total: Float64

    def share(self, frames: Int64 | slice = slice(None)) -> Float64:
        """Part of all attribution in some frames, positive or negative, that lies in each region: (R,)."""
        whole = self.total[frames].sum()
        return np.asarray(self.absolute[frames].sum(axis=0) / (whole if whole > 0 else 1.0))


@dataclass(frozen=True)
class SummedMaps:
    """Maps and their sums over regions.

    Attributes:
        maps: of one method or several.
        regions: those that were used.
        name: what they were read from: ``auto``, ``template`` or a file; None for regions made in memory.
        sums: for each of the maps' entries, in their order.
    """

    maps: Maps
    regions: Regions
    name: str | None
    sums: tuple[RegionSums, ...]

    def __iter__(self) -> Iterator[tuple[BandMaps, RegionSums]]:
        return zip(self.maps.entries, self.sums, strict=True)

    def show(self, title: str = "") -> Drawing:
        """Outlines of the regions on the mean frame, and signed sums over time, a row of axes per method and band.

        Args:
            title: heading; the video's name if it is empty.
        """
        from rtmri2speech.analysis.regions.figures import region_figure

        return region_figure(self, title or self.maps.name)

    def rows(self) -> list[dict[str, Value]]:
        """A row per method, band, segment and region; the whole clip is the segment ``all``.

        ``share`` of the attribution's absolute value; ``area_share`` of the frame; ``density``, one divided by the
        other, 1 for a map that is the same everywhere; ``signed_sum``, mean over the frames of the sum over the region.
        """
        found: list[dict[str, Value]] = []
        segments = {segment.name: frames_of(segment) for segment in self.maps.segments}
        for maps, one in self:
            for segment, frames in {"all": np.arange(len(one.total)), **segments}.items():
                shares, area = one.share(frames), one.area[frames].mean(axis=0)
                signed = one.signed[frames].mean(axis=0)
                for index, name in enumerate(one.names):
                    density = shares[index] / area[index] if area[index] > 0 else 0.0
                    row: dict[str, Value] = {"method": maps.method, "band": maps.band.name, "segment": segment}
                    row |= {"region": name, "share": float(shares[index]), "area_share": float(area[index])}
                    row |= {"density": float(density), "signed_sum": float(signed[index]), "unit": maps.unit}
                    found.append(row)
        return found

    def courses(self) -> Iterator[dict[str, Value]]:
        """A row per method, band, frame and region."""
        for maps, one in self:
            for frame in range(len(one.total)):
                shares = one.share(slice(frame, frame + 1))
                for index, name in enumerate(one.names):
                    row: dict[str, Value] = {"method": maps.method, "band": maps.band.name, "frame": frame}
                    row |= {"time_s": self.maps.time(frame), "region": name, "share": float(shares[index])}
                    yield row | {"signed_sum": float(one.signed[frame, index]), "unit": maps.unit}


def sum_regions(
    maps: Maps, regions: str | Path | Regions = "template", region: str | Sequence[str] | None = None
) -> SummedMaps:
    """Sum maps over regions.

    Args:
        maps: from :func:`rtmri2speech.analysis.attribution.compute.gradcam`, or of a folder.
        regions: ``auto``, ``template`` or a file as :func:`rtmri2speech.analysis.regions.masks.read_regions` takes
            it, or regions.
        region: names of the regions to use; all where None.

    Raises:
        ConfigError: when a file or region is not there or does not fit the clip.
    """
    name = None if isinstance(regions, Regions) else str(regions)
    found = regions if isinstance(regions, Regions) else read_regions(str(regions), maps.source)
    found = found if region is None else found.only((region,) if isinstance(region, str) else region)
    return SummedMaps(maps, found, name, tuple(sum_over_regions(one.pixels, found) for one in maps))


def sum_over_regions(sequence: Float32 | PixelsOfCells, regions: Regions) -> RegionSums:
    """Sum maps (T, S, S) over regions, a frame at a time."""
    signed, absolute, area, total = [], [], [], []
    for frame in range(len(sequence)):
        values = np.asarray(sequence[frame], np.float64).ravel()
        masks = regions.at(frame)
        flat = np.concatenate([masks, ~masks.any(axis=0, keepdims=True)]).reshape(len(masks) + 1, -1).astype(np.float64)
        signed.append(flat @ values)
        absolute.append(flat @ np.abs(values))
        area.append(flat.mean(axis=1))
        total.append(np.abs(values).sum())
    return RegionSums((*regions.names, REST), np.stack(signed), np.stack(absolute), np.stack(area), np.array(total))


def write_region_sums(folder: Path, summed: SummedMaps) -> list[Path]:
    """Write, for maps of one method, ``<method>_regions.csv``, ``_regions_time.csv`` and ``_regions.json``.

    The columns are those of :meth:`SummedMaps.rows` and :meth:`SummedMaps.courses`; the JSON file says which regions
    the tables are of.

    Raises:
        UserError: when a file cannot be written.
    """
    method, unit = summed.maps.entries[0].method, summed.maps.entries[0].unit
    numbers = ("share", "area_share", "density", "signed_sum")
    table = [[row["band"], row["segment"], row["region"], *(row[name] for name in numbers)] for row in summed.rows()]
    courses = (
        [row["band"], row["frame"], f"{row['time_s']:.4f}", row["region"], row["share"], row["signed_sum"]]
        for row in summed.courses()
    )
    signed = f"signed_sum ({unit})"
    columns = ["band", "segment", "region", "share", "area_share", "density", signed]
    return [
        write_table(folder / f"{method}{REGION_TABLE}", columns, table, digits=6),
        write_table(
            folder / f"{method}{REGION_COURSES}",
            ["band", "frame", "time_s", "region", "share", signed],
            courses,
            digits=6,
        ),
        write_used_regions(folder, method, summed.name, summed.regions),
    ]


def write_used_regions(folder: Path, method: str, name: str | None, regions: Regions) -> Path:
    """Write ``<method>_regions.json``: which regions the tables next to it are of.

    Args:
        folder: of the maps.
        method: whose tables.
        name: what the regions were read from; None for regions made in memory.
        regions: those that were used.

    Raises:
        UserError: when it cannot be written.
    """
    about = {"method": method, **origin_of_regions(name, regions)}
    return write_about(folder / f"{method}{REGION_ORIGIN}", "regions", _SCHEMA, about)
