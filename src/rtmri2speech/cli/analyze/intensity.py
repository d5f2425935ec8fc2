"""``rtmri2speech analyze intensity``."""

from __future__ import annotations

from typing import Annotated

from rtmri2speech.cli.analyze.options import Columns, Out, Video
from rtmri2speech.cli.console import Fps, Many
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.cli.segmentation.automatic import kept_regions


def intensity(
    video: Video,
    *,
    out: Out,
    regions: str = "template",
    region: Annotated[list[str], Many] | None = None,
    smooth: float = 0.2,
    columns: Columns = 2,
    fps: Fps = None,
) -> int:
    """Measure the brightness of regions over time, and its velocity.

    Writes NAME_intensity.csv and a figure as PDF, SVG and PNG, at the video's own frame rate. Intensity runs from 0 to
    1, the clip's 0.5th and 99.5th percentile.

    Parameters
    ----------
    video
        The video.
    regions
        Where to look: auto (recommended: found in the video by the segmenter that comes with the program,
        and kept as NAME_regions.npz in OUT), template (ellipses that suit a head looking to the left roughly),
        labels of segment or a phantom's truth (.npz), polygons drawn for the speaker (.json), or USC-TIMIT's contours
        (.mat).
    region
        Names of the regions; all if none is given.
    smooth
        Seconds of the window in which a parabola is fitted (Savitzky-Golay); five frames at least.
    """
    from rtmri2speech.analysis.kinematics.region_intensity import region_intensity
    from rtmri2speech.reporting.figures.kinematics import draw_intensity

    made = region_intensity(video, kept_regions(regions, video, out, fps), region, smooth, fps)
    print_notes(made.regions.notes)
    (path,) = made.save(out / video.stem)
    draw_intensity(out / f"{video.stem}_intensity", made, columns, video.name)
    print(f"{path}: {len(made.times)} frames, {', '.join(made.names)}; {made.smoothing}")
    return 0
