"""Videos to look at: maps in slow motion, maps over the moving anatomy with sound, regions hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from rtmri2speech.analysis.map_folder import MapSequence
from rtmri2speech.analysis.occlusion.fills import Fill, FillFactory, hide
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.movies import write_movie
from rtmri2speech.errors import ConfigError
from rtmri2speech.reporting.video.captions import Key, Strip
from rtmri2speech.reporting.video.map_layers import Layer, mix
from rtmri2speech.signal.frames import model_input

Pixels = NDArray[np.uint8]
OnFrames = Callable[[int], None]

# Pixels of width in which the line of frame and time finds room.
_READABLE = 160


@dataclass(frozen=True)
class Screen:
    """How a video is laid out.

    Attributes:
        width, height: of the picture, pixels, even.
        legend: whether colours, frame number and time stand below it.
        label: text below it.
    """

    width: int
    height: int
    legend: bool = False
    label: str = ""

    def strip(self, keys: Sequence[Key], note: str = "") -> Strip | None:
        """What stands below the picture, if anything does; keys and note belong to the legend.

        Raises:
            ConfigError: when the picture is too narrow for it.
        """
        if (self.legend or self.label) and self.width < _READABLE:
            raise ConfigError(
                f"A picture {self.width} pixels wide has no room for --legend or --label.",
                f"Make it {_READABLE} or wider: --resize 512 512",
            )
        if not self.legend:
            return Strip(self.width, (), [self.label], changing=False) if self.label else None
        return Strip(self.width, keys, [note, self.label])


def render_heatmap(
    path: Path,
    layer: Layer,
    rows: NDArray[np.int64],
    clip: Clip | None,
    screen: Screen,
    fps: Fraction,
    repeat: int,
    on_frames: OnFrames = lambda count: None,
) -> int:
    """Maps in slow motion, each shown ``repeat`` times at ``fps`` frames a second, over the anatomy or on black.

    Args:
        path: an ``.mp4`` file.
        layer: the maps.
        rows: which of them.
        clip: the video they were made of, from ``open_pictures``, or None for black.
        screen: the layout.
        fps: frames a second.
        repeat: times each map is shown.
        on_frames: called with the number of maps done.

    Returns:
        The number of frames written.

    Raises:
        ConfigError: when fps or repeat is impossible, or the clip has another length than the maps.
        UserError: when the file cannot be written.
    """
    if repeat < 1:
        raise ConfigError(f"--repeat {repeat}: every map must be shown once at least.", "Give 1 or more.")
    numbers = layer.maps.frames[rows]
    speed = fps / repeat / layer.maps.rate
    strip = screen.strip([layer.key() if clip is not None else layer.key(ground=0)], f"speed x {float(speed):.2g}")
    if clip is None:
        black = np.zeros((screen.height, screen.width), np.uint8)
        pictures: Iterator[Pixels] = (black for _ in numbers)
    else:
        _require_equal(layer.maps, clip)
        pictures = _chosen(clip_pictures(clip, screen), numbers)

    def frames() -> Iterator[Pixels]:
        for row, number, picture in zip(rows, numbers, pictures, strict=True):
            shown = _draw(picture, [layer], [int(row)])
            finished = _below(shown, strip, _clock(int(number), layer.maps.rate))
            on_frames(1)
            for _ in range(repeat):
                yield finished

    return write_movie(path, frames(), fps)


def render_overlay(
    path: Path,
    clip: Clip,
    layers: Sequence[Layer],
    screen: Screen,
    sound: Sound | None,
    on_frames: OnFrames = lambda count: None,
) -> int:
    """One or two sequences of maps over the moving anatomy, at its own speed and with sound.

    Args:
        path: an ``.mp4`` file.
        clip: the video, from ``open_pictures``.
        layers: maps of the whole clip.
        screen: the layout.
        sound: from ``sound_for``, or None for a silent video.
        on_frames: called with the number of frames done.

    Returns:
        The number of frames.

    Raises:
        ConfigError: when the maps are of another length than the clip.
        UserError: when the file cannot be written.
    """
    for layer in layers:
        _require_equal(layer.maps, clip)
        if len(layer.maps.frames) != clip.n_frames:
            raise ConfigError(
                f"{layer.maps.path}: maps of a segment, {len(layer.maps.frames)} of {clip.n_frames} frames.",
                "Give the sequence of the whole clip, or make a video of the segment: rtmri2speech render heatmap",
            )
    strip, rate = screen.strip([layer.key() for layer in layers]), layers[0].maps.rate

    def frames() -> Iterator[Pixels]:
        for number, picture in enumerate(clip_pictures(clip, screen)):
            shown = _draw(picture, layers, [number] * len(layers))
            yield _below(shown, strip, _clock(number, rate))
            on_frames(1)

    return write_movie(path, frames(), rate, sound)


def render_masked(
    path: Path,
    clip: Clip,
    rate: Fraction,
    regions: Regions,
    fill: Fill,
    alpha: float,
    screen: Screen,
    sound: Sound | None,
    on_frames: OnFrames = lambda count: None,
) -> int:
    """The video with regions hidden, for looking at.

    Args:
        path: an ``.mp4`` file.
        clip: the video, from ``open_pictures``, of the regions' size.
        rate: frames a second of the clip.
        regions: what is hidden, all at once.
        fill: what stands in their place.
        alpha: 0 hides, 1 leaves as is.
        screen: the layout.
        sound: from ``sound_for``, or None for a silent video.
        on_frames: called with the number of frames done; each is passed twice where the fill needs the mean picture.

    Returns:
        The number of frames.

    Raises:
        ConfigError: when alpha lies outside 0 to 1.
        UserError: when the file cannot be written.
    """
    if not 0.0 <= alpha <= 1.0:
        raise ConfigError(f"--alpha {alpha:g}: not from 0 to 1.", "0 hides the region, 1 leaves it as it is.")
    painter = FillFactory(_mean(clip))
    strip = screen.strip([], f"hidden: {', '.join(regions.names)} ({fill}, alpha {alpha:g})")

    def frames() -> Iterator[Pixels]:
        number = 0
        for block in clip.blocks():
            masks = np.stack([regions.at(number + index).any(axis=0) for index in range(len(block))])
            pictures, covered = model_input(torch.from_numpy(block)), torch.from_numpy(masks)
            hidden = hide(pictures, covered, painter.fill(fill, pictures, covered), alpha)
            for picture in (255.0 * hidden).round().byte().numpy():
                grey = _resized(picture, screen)
                yield _below(np.repeat(grey[..., None], 3, axis=2), strip, _clock(number, rate))
                number += 1
                on_frames(1)

    return write_movie(path, frames(), rate, sound)


def clip_pictures(clip: Clip, screen: Screen) -> Iterator[Pixels]:
    """The clip's frames as (H, W) of the screen."""
    for block in clip.blocks():
        for picture in block:
            yield _resized(picture, screen)


def _mean(clip: Clip) -> torch.Tensor:
    total = sum(block.sum(axis=0, dtype=np.float64) for block in clip.blocks())
    return torch.from_numpy(np.asarray(total) / (255.0 * clip.n_frames)).float()


def _draw(picture: Pixels, layers: Sequence[Layer], rows: Sequence[int]) -> Pixels:
    size = picture.shape[::-1]
    return mix(
        picture,
        [layer.rgba(_spread(layer.maps.values[row], size)) for layer, row in zip(layers, rows, strict=True)],
    )


def _spread(values: NDArray[np.floating], size: tuple[int, ...]) -> NDArray[np.float32]:
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((size[0], size[1]), Image.Resampling.BILINEAR))


def _resized(picture: Pixels, screen: Screen) -> Pixels:
    if picture.shape == (screen.height, screen.width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((screen.width, screen.height), Image.Resampling.BICUBIC))


def _below(picture: Pixels, strip: Strip | None, line: str) -> Pixels:
    return picture if strip is None else np.concatenate([picture, strip.with_line(line)])


def _clock(number: int, rate: Fraction) -> str:
    return f"frame {number}   {(number + 0.5) / float(rate):.3f} s"


def _chosen(pictures: Iterable[Pixels], numbers: NDArray[np.int64]) -> Iterator[Pixels]:
    """The pictures of increasing numbers."""
    wanted = set(numbers.tolist())
    return (picture for number, picture in enumerate(pictures) if number in wanted)


def _require_equal(maps: MapSequence, clip: Clip) -> None:
    if maps.n_frames != clip.n_frames:
        raise ConfigError(
            f"{maps.path}: maps of a clip of {maps.n_frames} frames, but {clip.scan.path} has {clip.n_frames}.",
            "Give the video that the maps were made of.",
        )
