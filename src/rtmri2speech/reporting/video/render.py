"""Videos from files: maps in slow motion, maps over a recording with its sound, a recording with regions hidden."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from rtmri2speech.analysis.arguments import several
from rtmri2speech.analysis.map_folder.sequence import MapSequence, read_sequence
from rtmri2speech.analysis.occlusion.fills import Fill
from rtmri2speech.analysis.regions.masks import read_regions, source_of
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.movies import check_movie
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.drawing.overlay import Display, MapStyle
from rtmri2speech.errors import ConfigError
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.reporting.video.compose import (
    VideoLayout,
    require_share,
    write_heatmap,
    write_masked,
    write_overlay,
)
from rtmri2speech.reporting.video.map_layers import TINTS, ColorOverlay
from rtmri2speech.reporting.video.sources import sound_for, video_size
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import NATIVE, FrameRate, clock_rate, features_at
from rtmri2speech.signal.frame_rate import frame_rate as exact
from rtmri2speech.signal.frames import FrameConfig


@dataclass(frozen=True)
class RenderedVideo:
    """A video that was written; a notebook shows and plays it.

    Attributes:
        path: the ``.mp4`` file.
        frames: how many it has.
        rate: frames per second.
        sound: whether it has a sound track.
        notes: remarks: which frames show regions that are not to be trusted.
    """

    path: Path
    frames: int
    rate: Fraction
    sound: bool
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return float(self.frames / self.rate)

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.path.read_bytes()).decode("ascii")
        return f'<video controls loop src="data:video/mp4;base64,{data}"></video>'


def render_heatmap(
    sequence: str | Path,
    out: str | Path,
    *,
    video: str | Path | None = None,
    start_frame: int | None = None,
    end_frame: int | None = None,
    fps: FrameRate = 5,
    repeat: int = 4,
    alpha: float = 0.7,
    gain: float = 1.0,
    display: Display | None = None,
    resize: tuple[int, int] | None = None,
    legend: bool = False,
    label: str = "",
    video_fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> RenderedVideo:
    """A slow-motion video of maps, in one color scale from the first frame to the last.

    Args:
        sequence: ``<method>_<band>_sequence.npy`` of ``analyze gradcam``, or that of a segment.
        out: the ``.mp4`` file to write.
        video: what the maps were made from, to show them over; None for black.
        start_frame, end_frame: first and last frame of the video, counted from 0, both shown; None for all. A file
            that was cut by hand from the maps of the video begins with ``start_frame``.
        fps: frames per second of the new video.
        repeat: how often each map is shown.
        alpha: opacity of the largest value over the video, 0 to 1.
        gain: full color at the largest value of the clip divided by this.
        display: the positive part, or both signs; by the method where it is None.
        resize: width and height of a frame; None for those of the source, enlarged to 512 pixels.
        legend: write the color scale, frame number and time below the frame.
        label: text to write below the frame.
        video_fps: true frame rate of ``video``, where the file's is wrong.
        progress: counts maps.

    Raises:
        UserError: when a file cannot be read or written, or an option is impossible.
    """
    out, speed, rate = Path(out), exact(fps), exact(video_fps, name="video_fps")
    require_share(alpha)
    maps = read_sequence(Path(sequence))
    scan = None if video is None else scan_video(Path(video), rate)
    height, width = maps.values.shape[1:] if scan is None else (scan.height, scan.width)
    layout = _layout(out, width, height, resize, legend, label)
    clip = None if scan is None else open_gray_clip(scan, maps.rate, max(layout.width, layout.height))
    maps = maps if clip is None else maps.placed(clip.n_frames, start_frame)
    rows = maps.rows(start_frame, end_frame)
    shown = display or ("signed" if maps.method == "hirescam" else "classical")
    overlay = ColorOverlay(maps, _style(maps, shown, 1.0 if clip is None else alpha, gain))
    progress.expect(len(rows))
    count = write_heatmap(out, overlay, rows, clip, layout, speed, repeat, progress=progress)
    return RenderedVideo(out, count, speed, sound=False)


def render_overlay(
    video: str | Path,
    heatmaps: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    audio: str | Path | None = None,
    silent: bool = False,
    alpha: float = 0.7,
    gain: float = 1.0,
    resize: tuple[int, int] | None = None,
    legend: bool = False,
    label: str = "",
    fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> RenderedVideo:
    """One or two maps over a video, with sound: the positive part of each in one color, purple where both are large.

    Args:
        video: what the maps were made from.
        heatmaps: one or two sequences of ``analyze gradcam``.
        out: the ``.mp4`` file to write.
        audio: sound that starts with the first frame; None for the video's own.
        silent: write no sound.
        alpha: opacity of the largest value, 0 to 1.
        gain, resize, legend, label: as in :func:`render_heatmap`.
        fps: true frame rate, where the video file's is wrong.
        progress: counts frames.

    Raises:
        UserError: when a file cannot be read or written, or an option is impossible.
    """
    out, rate = Path(out), exact(fps)
    require_share(alpha)
    paths = [heatmaps] if isinstance(heatmaps, str | Path) else heatmaps
    if not 0 < len(paths) <= len(TINTS):
        raise ConfigError(f"{len(paths)} maps: there are colors for one or two.", "Name one or two of `heatmaps`.")
    sequences = [read_sequence(Path(path)) for path in paths]
    scan = scan_video(Path(video), rate)
    layout = _layout(out, scan.width, scan.height, resize, legend, label)
    clip = open_gray_clip(scan, sequences[0].rate, max(layout.width, layout.height))
    sound = None if silent else sound_for(clip, None if audio is None else Path(audio))
    styles = [_style(maps, "classical", alpha, gain) for maps in sequences]
    overlays = [ColorOverlay(*one) for one in zip(sequences, styles, TINTS, strict=False)]
    progress.expect(clip.n_frames)
    count = write_overlay(out, clip, overlays, layout, sound, progress=progress)
    return RenderedVideo(out, count, sequences[0].rate, sound is not None)


def render_masked(
    video: str | Path,
    region: str | Sequence[str],
    out: str | Path,
    *,
    regions: str | Path = "template",
    alpha: float = 0.0,
    fill: Fill = "darken",
    audio: str | Path | None = None,
    silent: bool = False,
    resize: tuple[int, int] | None = None,
    legend: bool = False,
    label: str = "",
    fps: FrameRate | None = None,
    frame_rate: FrameRate | None = None,
    progress: Progress = SILENT,
) -> RenderedVideo:
    """A video with regions hidden, for viewing; what hiding does to speech is measured by ``analyze masking``.

    Args:
        video: the video.
        region: names of the regions to hide, all at once.
        out: the ``.mp4`` file to write.
        regions: ``auto``, ``template``, or a file of regions (``.json``, ``.npz``, ``.mat``).
        alpha: how much of a region stays visible, 0 to 1.
        fill: what replaces it.
        audio, silent, resize, legend, label, fps: as in :func:`render_overlay`.
        frame_rate: of the new video: ``native`` for the recording's own, or frames per second; None for the reference
            configuration's. It is the clock of a dataset, and so of a model, that was prepared with the same value.
        progress: counts frames.

    Raises:
        UserError: when a file cannot be read or written, or an option is impossible.
    """
    out, rate, wanted = Path(out), exact(fps), clock_rate(frame_rate)
    require_share(alpha)
    scan = scan_video(Path(video), rate)
    clock = _clock(scan, wanted)
    layout = _layout(out, scan.width, scan.height, resize, legend, label)
    clip = open_gray_clip(scan, clock, FrameConfig().size)
    hidden = read_regions(str(regions), source_of(clip)).only(several(region))
    sound = None if silent else sound_for(clip, None if audio is None else Path(audio))
    progress.expect(clip.n_frames)
    count = write_masked(out, clip, clock, hidden, fill, alpha, layout, sound, progress=progress)
    return RenderedVideo(out, count, clock, sound is not None, hidden.notes)


def _clock(scan: VideoScan, wanted: Fraction | Literal["native"] | None) -> Fraction:
    """Frames per second that a dataset of a video would have."""
    base = FeatureConfig()
    rate = scan.rate if wanted == NATIVE else wanted
    return (base if rate is None else features_at(rate, base)).frame_rate


def _layout(
    out: Path, width: int, height: int, resize: tuple[int, int] | None, legend: bool, label: str
) -> VideoLayout:
    """The layout of a video that can be written."""
    layout = VideoLayout(*video_size(width, height, resize), legend, label)
    check_movie(out, layout.width, layout.height)
    return layout


def _style(maps: MapSequence, display: Display, alpha: float, gain: float) -> MapStyle:
    if not 0.0 < gain < float("inf"):
        raise ConfigError(f"`gain={gain:g}`: not a factor.", "Give a number above 0: `gain=3`")
    return MapStyle(display, maps.scale / gain, maps.unit, "", alpha)
