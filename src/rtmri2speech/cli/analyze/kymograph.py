"""``rtmri2speech analyze kymograph``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rtmri2speech.cli.analyze.options import Columns, Out, Video
from rtmri2speech.cli.console import Fps, Many
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.cli.segmentation.automatic import AUTO, kept_regions
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.analysis.kinematics.kymograph import Line

Place = Literal["lips", "tongue_tip", "tongue_body", "velum", "pharynx"]


def kymograph(
    video: Video,
    *,
    line: tuple[float, float, float, float] | None = None,
    across: Annotated[list[Place], Many] | None = None,
    out: Out,
    width: int = 1,
    columns: Columns = 2,
    fps: Fps = None,
) -> int:
    """Show the gray values along a line through the frame over time.

    Give --across for lines that are found, or --line for your own. Writes NAME_kymograph.csv and .npy (frames x
    positions, 0 to 1) and a figure as PDF, SVG and PNG; with --across one each, such as NAME_lips_kymograph.csv. Every
    frame of the video is used, at the video's own rate.

    Parameters
    ----------
    video
        The video.
    line
        x0 y0 x1 y1 in pixels of the video, from its upper left corner: across the lips, or from palate to tongue.
    across
        Where to cut (recommended), perpendicular to the airway: from lip to lip, from the palate to tongue_tip or
        tongue_body, through the velum, from the wall of the pharynx to the root of the tongue. The segmenter that comes
        with the program finds the place, and its labels are kept as NAME_regions.npz in OUT.
    width
        Average over so many parallel lines, a pixel apart.
    """
    from rtmri2speech.analysis.kinematics.kymograph import Line
    from rtmri2speech.analysis.kinematics.kymograph import kymograph as cut
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.reporting.figures.kinematics import draw_kymograph

    if (line is None) == (across is None):
        raise ConfigError("One of `line` and `across` is needed.", "Give `across`, or four numbers after `line`.")
    lines = {video.stem: Line(*line)} if line else _found(video, across or [], out, fps)
    scan = scan_video(video, fps)
    for name, where in lines.items():
        made = cut(scan, where, width)
        files = made.save(out / name)
        draw_kymograph(out / f"{name}_kymograph", made, columns, video.name)
        frames, positions = made.values.shape
        print(f"{files[0]}: {frames} frames x {positions} positions")
    return 0


def _found(video: Path, across: list[Place], out: Path, fps: str | None) -> dict[str, Line]:
    """Lines by the stem of what is written."""
    from rtmri2speech.analysis.kinematics.tract_lines import tract_line
    from rtmri2speech.vocal_tract.segmentation import confidence_notes, read_labels

    labels = read_labels(Path(kept_regions(AUTO, video, out, fps)))
    print_notes(confidence_notes(labels.confidence), video.name)
    return {f"{video.stem}_{name}": tract_line(name, labels) for name in across}
