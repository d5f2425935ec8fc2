"""``rtmri2speech report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.console import Many, progress
from rtmri2speech.cli.flags import print_notes


def report(
    folder: Annotated[Path, Parameter(name=["FOLDER", "--folder"])],
    *,
    out: Annotated[Path, Parameter(name=["--out", "--output"])] = Path("page.html"),
    title: str = "",
    video: Annotated[list[Path], Many] | None = None,
    textgrid: Annotated[list[Path], Many] | None = None,
    regions: Annotated[list[str], Many] | None = None,
) -> int:
    """Make one HTML file to look at, listen to and send around.

    Shows every clip of the folder: frames with maps and regions, spectrogram with formants and F0, labels, original,
    synthesized and masked sound on one clock, vowels, measures, and where all of it came from. It needs no network and
    opens from disk.

    Parameters
    ----------
    folder
        Where synthesize, analyze and evaluate wrote to, such as the demo's folder; subfolders count.
    out
        The .html file to write.
    title
        Heading of the page; the folder's name if not given.
    video
        Videos that are neither in the folder nor where they were when the maps were made.
    textgrid
        TextGrids that have another name than the video, or are not next to it.
    regions
        Regions to outline: auto (recommended: found in each video by the segmenter that comes with the program, and
        kept as NAME_regions.npz next to its maps), template, or a file of the video's name: labels of segment or a
        phantom's truth (.npz), polygons (.json), or USC-TIMIT's contours (.mat). Those of analyze regions are found, or
        else labels next to the results, or a truth next to the video.
    """
    from rtmri2speech.reporting.page.build import report as make_report

    with progress(f"Making {out.name}", "clips") as bar:
        made = make_report(
            folder,
            out,
            title=title,
            video=video or (),
            textgrid=textgrid or (),
            regions=regions or (),
            progress=bar,
        )
    print_notes(made.notes)
    print(f"{out}: {made.clips} clip(s), {made.size / 1e6:.1f} MB")
    return 0
