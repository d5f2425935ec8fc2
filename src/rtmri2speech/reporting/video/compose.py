"""Frame by frame into a video: maps in slow motion, maps over the moving anatomy with sound, hidden regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from rtmri2speech.analysis.map_folder.sequence import MapSequence
from rtmri2speech.analysis.occlusion.fills import Fill, FillFactory, hide
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.arrays import Float32, Floating, Int64, UInt8
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.movies import write_movie
from rtmri2speech.errors import ConfigError
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.reporting.video.captions import CaptionStrip, ColorBar
from rtmri2speech.reporting.video.map_layers import ColorOverlay, blend
from rtmri2speech.signal.frames import model_input

# The smallest width, in pixels, at which the line with frame and time fits.
_READABLE = 160


@dataclass(frozen=True)
class VideoLayout:
    """Size and caption of a video.

    Attributes:
        width, height: of a frame, pixels, even.
        legend: whether color bars, frame number and time are written below it.
        label: text below it.
    """

    width: int
    height: int
    legend: bool = False
    label: str = ""

    def caption(self, bars: Sequence[ColorBar], note: str = "") -> CaptionStrip | None:
        """What is written below a frame, if anything is; bars and note belong to the legend.

        Raises:
            ConfigError: when the frame is too narrow for it.
        """
        if (self.legend or self.label) and self.width < _READABLE:
            raise ConfigError(
                f"A video {self.width} pixels wide has no room for `legend` or `label`.",
                f"Make it {_READABLE} or wider: `resize=(512, 512)`",
            )
        if not self.legend:
            return CaptionStrip(self.width, (), [self.label], changing=False) if self.label else None
        return CaptionStrip(self.width, bars, [note, self.label])


def write_heatmap(
    path: Path,
    overlay: ColorOverlay,
    rows: Int64,
    clip: Clip | None,
    layout: VideoLayout,
    fps: Fraction,
    repeat: int,
    *,
    progress: Progress = SILENT,
) -> int:
    """Maps in slow motion, each shown ``repeat`` times at ``fps`` frames per second, over the anatomy or on black.

    Args:
        path: an ``.mp4`` file.
        overlay: the maps.
        rows: which of them.
        clip: the video they were made from, from ``open_gray_clip``, or None for black.
        layout: size and caption.
        fps: frames per second.
        repeat: times each map is shown.
        progress: counts maps.

    Returns:
        The number of frames written.

    Raises:
        ConfigError: when fps or repeat is impossible, or the clip has another length than the maps.
        UserError: when the file cannot be written.
    """
    if repeat < 1:
        raise ConfigError(f"`repeat={repeat}`: every map must be shown once at least.", "Give 1 or more.")
    numbers = overlay.maps.frames[rows]
    speed = fps / repeat / overlay.maps.rate
    bar = overlay.color_bar() if clip is not None else overlay.color_bar(ground=0)
    caption = layout.caption([bar], f"speed x {float(speed):.2g}")
    if clip is None:
        black = np.zeros((layout.height, layout.width), np.uint8)
        backgrounds: Iterator[UInt8] = (black for _ in numbers)
    else:
        _require_equal(overlay.maps, clip)
        backgrounds = _chosen(_frames_of(clip, layout), numbers)

    def frames() -> Iterator[UInt8]:
        for row, number, background in zip(rows, numbers, backgrounds, strict=True):
            shown = _with_maps(background, [overlay], [int(row)])
            finished = _with_caption(shown, caption, _clock(int(number), overlay.maps.rate))
            progress.advance(1)
            for _ in range(repeat):
                yield finished

    return write_movie(path, frames(), fps)


def write_overlay(
    path: Path,
    clip: Clip,
    overlays: Sequence[ColorOverlay],
    layout: VideoLayout,
    sound: Sound | None,
    *,
    progress: Progress = SILENT,
) -> int:
    """One or two sequences of maps over the moving anatomy, at its own speed and with sound.

    Args:
        path: an ``.mp4`` file.
        clip: the video, from ``open_gray_clip``.
        overlays: maps of the whole clip.
        layout: size and caption.
        sound: from ``sound_for``, or None for a silent video.
        progress: counts frames.

    Returns:
        The number of frames.

    Raises:
        ConfigError: when the maps are of another length than the clip.
        UserError: when the file cannot be written.
    """
    for overlay in overlays:
        _require_equal(overlay.maps, clip)
        if len(overlay.maps.frames) != clip.n_frames:
            raise ConfigError(
                f"{overlay.maps.path}: maps of a segment, {len(overlay.maps.frames)} of {clip.n_frames} frames.",
                "Give the sequence of the whole clip, or make a video of the segment: rtmri2speech render heatmap",
            )
    caption, rate = layout.caption([overlay.color_bar() for overlay in overlays]), overlays[0].maps.rate

    def frames() -> Iterator[UInt8]:
        for number, background in enumerate(_frames_of(clip, layout)):
            shown = _with_maps(background, overlays, [number] * len(overlays))
            yield _with_caption(shown, caption, _clock(number, rate))
            progress.advance(1)

    return write_movie(path, frames(), rate, sound)


def write_masked(
    path: Path,
    clip: Clip,
    rate: Fraction,
    regions: Regions,
    fill: Fill,
    alpha: float,
    layout: VideoLayout,
    sound: Sound | None,
    *,
    progress: Progress = SILENT,
) -> int:
    """The video with regions hidden, for viewing.

    Args:
        path: an ``.mp4`` file.
        clip: the video, from ``open_gray_clip``, of the regions' size.
        rate: frames per second of the clip.
        regions: what is hidden, all at once.
        fill: what replaces them.
        alpha: 0 hides, 1 leaves as is.
        layout: size and caption.
        sound: from ``sound_for``, or None for a silent video.
        progress: counts frames.

    Returns:
        The number of frames.

    Raises:
        ConfigError: when alpha lies outside 0 to 1.
        UserError: when the file cannot be written.
    """
    require_share(alpha)
    painter = FillFactory(_mean(clip))
    caption = layout.caption([], f"hidden: {', '.join(regions.names)} ({fill}, alpha {alpha:g})")

    def frames() -> Iterator[UInt8]:
        number = 0
        for block in clip.blocks():
            masks = np.stack([regions.at(number + index).any(axis=0) for index in range(len(block))])
            images, covered = model_input(torch.from_numpy(block)), torch.from_numpy(masks)
            hidden = hide(images, covered, painter.fill(fill, images, covered), alpha)
            for image in (255.0 * hidden).round().byte().numpy():
                gray = _resized(image, layout)
                yield _with_caption(np.repeat(gray[..., None], 3, axis=2), caption, _clock(number, rate))
                number += 1
                progress.advance(1)

    return write_movie(path, frames(), rate, sound)


def require_share(alpha: float) -> None:
    """Refuse an opacity outside 0 to 1.

    Raises:
        ConfigError: then.
    """
    if not 0.0 <= alpha <= 1.0:
        raise ConfigError(f"`alpha={alpha:g}`: not from 0 to 1.", "Give a share: `alpha=0.7`")


def _frames_of(clip: Clip, layout: VideoLayout) -> Iterator[UInt8]:
    """The clip's frames in the size (H, W) of the layout."""
    for block in clip.blocks():
        for frame in block:
            yield _resized(frame, layout)


def _mean(clip: Clip) -> torch.Tensor:
    total = sum(block.sum(axis=0, dtype=np.float64) for block in clip.blocks())
    return torch.from_numpy(np.asarray(total) / (255.0 * clip.n_frames)).float()


def _with_maps(frame: UInt8, overlays: Sequence[ColorOverlay], rows: Sequence[int]) -> UInt8:
    size = frame.shape[::-1]
    return blend(
        frame,
        [overlay.rgba(_enlarged(overlay.maps.values[row], size)) for overlay, row in zip(overlays, rows, strict=True)],
    )


def _enlarged(values: Floating, size: tuple[int, ...]) -> Float32:
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((size[0], size[1]), Image.Resampling.BILINEAR))


def _resized(frame: UInt8, layout: VideoLayout) -> UInt8:
    if frame.shape == (layout.height, layout.width):
        return frame
    return np.asarray(Image.fromarray(frame).resize((layout.width, layout.height), Image.Resampling.BICUBIC))


def _with_caption(frame: UInt8, caption: CaptionStrip | None, line: str) -> UInt8:
    return frame if caption is None else np.concatenate([frame, caption.with_line(line)])


def _clock(number: int, rate: Fraction) -> str:
    return f"frame {number}   {(number + 0.5) / float(rate):.3f} s"


def _chosen(frames: Iterable[UInt8], numbers: Int64) -> Iterator[UInt8]:
    """The frames of increasing numbers."""
    wanted = set(numbers.tolist())
    return (frame for number, frame in enumerate(frames) if number in wanted)


def _require_equal(maps: MapSequence, clip: Clip) -> None:
    if maps.n_frames != clip.n_frames:
        raise ConfigError(
            f"{maps.path}: maps of a clip of {maps.n_frames} frames, but {clip.scan.path} has {clip.n_frames}.",
            "Give the video that the maps were made from."
            if maps.method or maps.n_frames > clip.n_frames
            else "Give the video that the maps were made from. If they were cut from its maps by hand: render heatmap, "
            "with the frame of the video that the first one is of as `start_frame`.",
        )
