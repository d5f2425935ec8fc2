"""``rtmri2speech analyze kymograph``."""

from __future__ import annotations

from rtmri2speech.cli.analyze.options import Columns, Out, Video
from rtmri2speech.cli.console import Fps


def kymograph(
    video: Video,
    *,
    line: tuple[float, float, float, float],
    out: Out,
    width: int = 1,
    columns: Columns = 2,
    fps: Fps = None,
) -> int:
    """Show the gray values along a line through the frame over time.

    Writes NAME_kymograph.csv and .npy (frames x positions, 0 to 1) and a figure as PDF, SVG and PNG. Every frame of the
    video is used, at the video's own rate.

    Parameters
    ----------
    video
        The video.
    line
        x0 y0 x1 y1 in pixels of the video, from its upper left corner: across the lips, or from palate to tongue.
    width
        Average over so many parallel lines, a pixel apart.
    """
    from rtmri2speech.analysis.kinematics.kymograph import kymograph as cut
    from rtmri2speech.reporting.figures.kinematics import draw_kymograph

    made = cut(video, line, width, fps)
    files = made.save(out / video.stem)
    draw_kymograph(out / f"{video.stem}_kymograph", made, columns, video.name)
    frames, positions = made.values.shape
    print(f"{files[0]}: {frames} frames x {positions} positions")
    return 0
