"""A widening as a video: walls over the moving anatomy, colored by what moving them does to each formant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from rtmri2speech.analysis.widening.figures import per_cm, scale_of
from rtmri2speech.analysis.widening.files import SUFFIX
from rtmri2speech.analysis.widening.result import Widening
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.movies import write_movie
from rtmri2speech.drawing.overlay import SIGNED
from rtmri2speech.errors import ConfigError
from rtmri2speech.reporting.video.captions import CaptionStrip, ColorBar

# Height of the frames, pixels, and width of the lines.
_HEIGHT, _LINE = 400, 5


def write_widening_video(widening: Widening, folder: Path, sound: Sound | None = None) -> Path:
    """Write ``<name>_widening.mp4``: a panel per formant, at the recording's own speed and with sound.

    Args:
        widening: with its clip.
        folder: where to write.
        sound: of the recording, from its first frame on.

    Raises:
        ConfigError: when the clip is not at hand.
        UserError: when the file cannot be written.
    """
    if widening.clip is None:
        raise ConfigError(f"{widening.name}: its video is not at hand.", "Run analyze widening on the video again.")
    path = folder / f"{widening.name}{SUFFIX}.mp4"
    write_movie(path, _frames(widening), widening.frame_rate, sound)
    return path


def _frames(widening: Widening) -> Iterator[UInt8]:
    assert widening.clip is not None
    scan = widening.clip.scan
    width = 2 * round(_HEIGHT * scan.width / scan.height / 2)
    zoom = np.array([width / scan.width, _HEIGHT / scan.height])
    values = [per_cm(widening, number) for number in range(len(widening.names))]
    scales = [scale_of(one) for one in values]
    strips = [_strip(width, name, scale) for name, scale in zip(widening.names, scales, strict=True)]
    for frame, gray in enumerate(chain.from_iterable(widening.clip.blocks())):
        shown = Image.fromarray(gray).resize((width, _HEIGHT), Image.Resampling.BILINEAR).convert("RGB")
        panels = []
        for number, (each, scale) in enumerate(zip(values, scales, strict=True)):
            image = shown.copy()
            _draw(ImageDraw.Draw(image), widening.contours[frame] * zoom, each[frame] / scale)
            hertz = widening.formants[frame, number]
            found = f"{hertz:.0f} Hz" if np.isfinite(hertz) else "not found"
            line = f"{widening.names[number]} {found}   {widening.time(frame):.2f} s"
            panels.append(np.concatenate([np.asarray(image), strips[number].with_line(line)]))
        yield np.concatenate(panels, axis=1)


def _strip(width: int, name: str, scale: float) -> CaptionStrip:
    colors = np.rint(255.0 * np.asarray(SIGNED(np.linspace(0.0, 1.0, 64)))[:, :3]).astype(np.uint8)
    return CaptionStrip(width, [ColorBar(colors, f"{name}: -{scale:.3g} to {scale:.3g} Hz/mm per cm of wall")])


def _draw(draw: ImageDraw.ImageDraw, contours: Float64, values: Float64) -> None:
    """Contours (6, P, 2) in pixels of the image, colored by values (6, P) from -1 to 1."""
    for line, row in zip(contours, values, strict=True):
        middle = 0.5 * (row[:-1] + row[1:])
        known = np.flatnonzero(np.isfinite(middle))
        if not (np.isfinite(line).all() and len(known)):
            continue
        places = [(float(x), float(y)) for x, y in line - 0.5]
        draw.line(places, fill=(0, 0, 0), width=_LINE + 2)
        colors = np.rint(255.0 * np.asarray(SIGNED(np.clip(0.5 * (middle[known] + 1.0), 0.0, 1.0)))[:, :3]).astype(int)
        for index, color in zip(known.tolist(), colors.tolist(), strict=True):
            draw.line(places[index : index + 2], fill=tuple(color), width=_LINE)
