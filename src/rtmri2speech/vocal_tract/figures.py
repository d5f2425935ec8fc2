"""Labels and contours over frames: figures, and the video to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from matplotlib.patches import Patch
from PIL import Image, ImageDraw, ImageFont

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.data.labels import Label
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.drawing.style import Drawing, new_drawing, set_title
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.vocal_tract.segmentation import Segmentation

COLORS: dict[Label, tuple[int, int, int]] = {
    Label.AIRWAY: (86, 180, 233),
    Label.UPPER_LIP: (230, 159, 0),
    Label.LOWER_LIP: (213, 94, 0),
    Label.TONGUE_TIP: (240, 228, 66),
    Label.TONGUE_BODY: (0, 158, 115),
    Label.TONGUE_ROOT: (0, 114, 178),
    Label.HARD_PALATE: (204, 121, 167),
    Label.VELUM: (255, 105, 180),
    Label.PHARYNGEAL_WALL: (150, 110, 60),
    Label.EPIGLOTTIS: (255, 255, 255),
    Label.LARYNX: (170, 68, 170),
    Label.JAW: (60, 60, 220),
}
"""Color of each label: those of Okabe and Ito, which people with color blindness tell apart, and a few more."""

VIDEO_SUFFIX = "_segment.mp4"
_OPACITY = 0.45
# Side of the video's frames, pixels, about.
_SIDE = 512
# Of the legend: its width, and the height of a line and of letters, pixels.
_LEGEND, _LINE, _LETTERS = 150, 24, 13
_WARNING = (255, 60, 60)


def tinted(labels: UInt8, gray: UInt8 | None) -> UInt8:
    """Labels (H, W) as colors over a gray frame (H, W), or over black: (H, W, 3)."""
    base = np.zeros((*labels.shape, 3)) if gray is None else np.repeat(gray[..., None].astype(np.float64), 3, axis=2)
    table = np.zeros((len(Label), 3))
    for label, color in COLORS.items():
        table[label] = color
    share = np.where(labels == Label.BACKGROUND, 0.0, 1.0 if gray is None else _OPACITY)[..., None]
    return np.asarray(np.rint(base * (1.0 - share) + table[labels] * share), dtype=np.uint8)


def _title(label: Label) -> str:
    return label.name.lower().replace("_", " ")


def labels_figure(labels: UInt8, contours: Mapping[str, Float64], gray: UInt8 | None, title: str) -> Drawing:
    """Labels (H, W) and contours (P, 2) of a frame, over ``gray`` (H, W) where that is given."""
    figure = new_drawing(6.4, 4.9)
    axes = figure.add_subplot()
    height, width = labels.shape
    axes.imshow(tinted(labels, gray), extent=(0, width, height, 0), interpolation="nearest")
    for points in contours.values():
        # White on black is seen on every color, and on gray.
        axes.plot(*points.T, color="black", linewidth=2.0)
        axes.plot(*points.T, color="white", linewidth=0.8)
    axes.set_axis_off()
    there = [
        Patch(facecolor="#{:02x}{:02x}{:02x}".format(*color), edgecolor="gray", linewidth=0.5, label=_title(label))
        for label, color in COLORS.items()
        if label in labels
    ]
    if there:
        figure.legend(handles=there, loc="outside right center", frameon=False)
    set_title(axes, title)
    return figure


def write_overlay(segmentation: Segmentation, video: Path | VideoScan, folder: Path) -> Path:
    """Write ``<name>_segment.mp4``: labels over the frames, contours as lines, and the labels' names.

    Frames that are not to be trusted have a red border.

    Args:
        segmentation: what to show.
        video: what it is of; a scan is not decoded again.
        folder: where to write.

    Raises:
        UserError: when it cannot be written.
    """
    path = folder / f"{segmentation.name}{VIDEO_SUFFIX}"
    scan = video if isinstance(video, VideoScan) else scan_video(video)
    write_video(path, _overlays(segmentation, scan), segmentation.frame_rate, crf=18)
    return path


def _overlays(segmentation: Segmentation, scan: VideoScan) -> Iterator[UInt8]:
    _, height, width = segmentation.labels.shape
    factor = max(round(_SIDE / max(height, width)), 1)
    legend = _legend(height * factor)
    low, high = FrameConfig(mode="robust").limits(scan.histogram) or (0.0, 1.0)
    for number, gray in enumerate(scan.read()):
        if number == len(segmentation.labels):
            return
        shown = np.clip((gray.astype(np.float64) - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
        image = Image.fromarray(tinted(segmentation.labels[number], shown))
        image = image.resize((width * factor, height * factor), Image.Resampling.BILINEAR)
        draw = ImageDraw.Draw(image)
        for points in segmentation.contours.frame(number).values():
            draw.line([(x, y) for x, y in (points * factor - 0.5).tolist()], fill=(255, 255, 255), width=1)
        if segmentation.doubtful[number]:
            draw.rectangle((0, 0, image.width - 1, image.height - 1), outline=_WARNING, width=4)
        frame = np.concatenate([np.asarray(image), legend], axis=1)
        # Codecs need even sides.
        yield frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]


def _legend(height: int) -> UInt8:
    """Names of the labels in their colors, (height, W, 3), to stand next to a frame; as many as there is room for."""
    font = ImageFont.load_default(_LETTERS)
    step = min(_LINE, height // len(COLORS))
    image = Image.new("RGB", (_LEGEND, height))
    draw = ImageDraw.Draw(image)
    for number, (label, color) in enumerate(COLORS.items()):
        top = number * step + (height - step * len(COLORS)) // 2
        draw.rectangle((10, top + 4, 10 + _LETTERS, top + 4 + min(_LETTERS, step - 6)), fill=color)
        draw.text((18 + _LETTERS, top + 2), _title(label), font=font, fill=(230, 230, 230))
    return np.asarray(image)
