"""Figures of an evaluation of contours: found and traced ones over the frames of each recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.arrays import UInt8
from rtmri2speech.corpora.names import next_to
from rtmri2speech.data.endings import VIDEO_SUFFIXES
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.drawing.style import save_drawing
from rtmri2speech.errors import MediaError
from rtmri2speech.evaluation.segmentation.figures import draw_contours, shown_frames
from rtmri2speech.evaluation.segmentation.results import ComparedRecording, SegmentationEvaluation


def draw_overlays(out: Path, evaluation: SegmentationEvaluation, videos: Path | None = None) -> list[Path]:
    """Write ``NAME_contours.png`` for each recording.

    Args:
        out: folder to write to.
        evaluation: what was compared.
        videos: folder of the recordings' videos; by default they are looked for next to the truth. Without its video,
            a recording's contours are drawn on an empty background.

    Raises:
        UserError: when a file cannot be written, or a video cannot be read.
    """
    paths = []
    for one in evaluation.recordings:
        shown = shown_frames(one)
        video = _video_of(one, videos)
        frames = {} if video is None else _frames_of(video, shown)
        paths.append(save_drawing(draw_contours(one, frames, shown), out / f"{one.name}_contours.png"))
    return paths


def _video_of(one: ComparedRecording, videos: Path | None) -> Path | None:
    folder = videos if videos is not None else one.truth.source.parent
    found = next_to(folder / one.name, VIDEO_SUFFIXES)
    if found is None and videos is not None:
        raise MediaError(f"{videos}: holds no video called {one.name}.", "Give the folder of the recordings.")
    return found


def _frames_of(video: Path, shown: Sequence[int]) -> dict[int, UInt8]:
    last = max(shown)
    frames: dict[int, UInt8] = {}
    for number, frame in enumerate(scan_video(video).read()):
        if number in shown:
            # Of deeper formats the upper 8 bits are enough to look at.
            frames[number] = frame.astype("uint8") if frame.dtype == "uint8" else (frame >> 8).astype("uint8")
        if number >= last:
            break
    return frames
