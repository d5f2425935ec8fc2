"""Figures, drawn without a display."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing
from rtmri2speech.signal.features import FeatureConfig

_TICKS_HZ = (100, 300, 500, 900, 1500, 2500, 4000, 5500, 8000)

# Matplotlib brings its own Latin font only; file names may be Japanese, Chinese or Korean.
_FONT = "DejaVu Sans"
_CJK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "Yu Gothic",
    "MS Gothic",
    "Meiryo",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Arial Unicode MS",
)


def draw_mel(path: Path, mel_db: NDArray[np.float32], features: FeatureConfig, title: str) -> None:
    """Draw a mel spectrogram, shape (T, M) in dB, as PNG: time in seconds, frequency in Hz.

    Raises:
        UserError: when the file cannot be written.
    """
    seconds = float(len(mel_db) / features.frame_rate)
    figure = Figure(figsize=(min(max(6.0, 1.2 * seconds), 24.0), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    # Speech lies within some 60 dB of its peak; a fixed span keeps pictures of different clips comparable.
    top = float(np.max(mel_db))
    image = axes.imshow(
        mel_db.T,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        vmin=top - 70.0,
        vmax=top,
        extent=(0.0, seconds, -0.5, features.n_mels - 0.5),
    )
    centres = features.mel_centres()
    ticks = [hz for hz in _TICKS_HZ if centres[0] <= hz <= centres[-1]]
    axes.set_yticks(np.interp(ticks, centres, np.arange(features.n_mels)), [str(hz) for hz in ticks])
    axes.set_xlabel("time (s)")
    axes.set_ylabel("frequency (Hz)")
    # Dollar signs in file names would start a formula.
    shown, fonts = drawable(title)
    axes.set_title(shown, fontsize="medium", fontfamily=fonts, parse_math=False)
    figure.colorbar(image, ax=axes, label="power (dB)", pad=0.01)
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)


def drawable(text: str) -> tuple[str, list[str]]:
    """The text with a question mark for every letter that no font here can draw, and the fonts to draw it with."""
    files = {entry.name: entry.fname for entry in font_manager.fontManager.ttflist}
    fonts = [_FONT] if text.isascii() else [_FONT, *(name for name in _CJK_FONTS if name in files)]
    known = set().union(*(font_manager.get_font(files[name]).get_charmap() for name in fonts))
    return "".join(letter if ord(letter) in known else "?" for letter in text), fonts
