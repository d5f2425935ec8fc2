"""``rtmri2speech analyze regions``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rtmri2speech.cli.console import Many
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.cli.segmentation.automatic import kept_regions

if TYPE_CHECKING:
    from rtmri2speech.analysis.regions.region_sums import SummedMaps


def regions(
    maps: Annotated[Path, Parameter(name=["MAPS", "--maps"])],
    *,
    regions: str = "template",
    region: Annotated[list[str], Many, Parameter(name="--only")] | None = None,
) -> int:
    """Sum maps over lips, tongue, velum and larynx.

    Reads a folder of analyze gradcam and writes METHOD_regions.csv, METHOD_regions_time.csv, METHOD_regions.png
    and METHOD_regions.json, which describes the regions, into it.

    Parameters
    ----------
    maps
        The folder that analyze gradcam wrote.
    regions
        Where the articulators are: auto (recommended: found in the video by the segmenter that comes with the program,
        and kept as NAME_regions.npz in MAPS), template (ellipses that suit a head looking to the left roughly),
        labels of segment or a phantom's truth (.npz), polygons drawn for the speaker (.json), or USC-TIMIT's contours
        (.mat).
    region
        Names of the regions to use; all if none is given.
    """
    from rtmri2speech.analysis.map_folder.names import REGION_FIGURE
    from rtmri2speech.analysis.map_folder.read import read_methods
    from rtmri2speech.analysis.regions.region_sums import sum_regions, write_region_sums
    from rtmri2speech.drawing.style import save_drawing

    for index, one in enumerate(read_methods(maps)):
        (method,) = one.methods
        summed = sum_regions(one, kept_regions(regions, one.video, maps), region)
        print_notes(() if index else summed.regions.notes, one.name)
        table, *_ = write_region_sums(maps, summed)
        save_drawing(summed.show(f"{method}, regions of {Path(regions).name}"), maps / f"{method}{REGION_FIGURE}")
        _print_shares(summed)
        print(table)
    return 0


def _print_shares(summed: SummedMaps) -> None:
    for one, sums in summed:
        shares = sorted(zip(sums.share(), sums.names, strict=True), reverse=True)
        print(f"{one.method} {one.band.name}: " + ", ".join(f"{name} {share:.1%}" for share, name in shares))
