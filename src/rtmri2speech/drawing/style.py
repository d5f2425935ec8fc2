"""Figures that need no display: for a quick look (PNG), for notebooks, and as journals want them (PDF, SVG, PNG)."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from rtmri2speech.data.files import replacing
from rtmri2speech.drawing.fonts import drawable

Columns = Literal[1, 2]
"""One column of a page, or its whole width."""

WIDTH_MM: dict[Columns, float] = {1: 85.0, 2: 174.0}
"""Millimeters."""

KINDS = ("pdf", "svg", "png")
"""Endings of the files of a figure for publication."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
"""Seven colors of Okabe and Ito (2008), distinct with every kind of color blindness, and a brown."""

# Without black, which cannot be seen on the anatomy. Line styles tell more regions apart than there are colors.
_ON_ANATOMY = tuple(color for color in PALETTE if color != "#000000")
_STROKES = ("solid", "dashed", "dotted")

_MM_PER_INCH = 25.4
_LOOK_DPI = 110
_PNG_DPI = 300
# Letters of the heading's size, the broad ones of a file name.
_LETTERS_PER_MM = 0.5
_STYLE: dict[Any, Any] = {
    # TrueType in PDF: letters stay letters; the default, Type 3, is refused by many journals.
    "pdf.fonttype": 42,
    # Outlines in SVG: looks the same where the font is missing.
    "svg.fonttype": "path",
    # Ids that do not change from run to run.
    "svg.hashsalt": "rtmri2speech",
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "axes.linewidth": 0.6,
    "lines.linewidth": 0.9,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


class Drawing(Figure):
    """A figure that a notebook shows as it is, without pyplot."""

    def html(self, alt: str, width: str = "auto") -> str:
        """The figure as an ``img`` element that holds its own data.

        Args:
            alt: what it shows.
            width: as in CSS.
        """
        data = base64.b64encode(self._repr_png_()).decode("ascii")
        return f'<img alt="{escape(alt)}" style="width: {width}" src="data:image/png;base64,{data}">'

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=_LOOK_DPI)
        return file.getvalue()


def new_drawing(width: float, height: float) -> Drawing:
    """An empty figure, width and height in inches, whose parts keep clear of each other."""
    figure = Drawing(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def line_looks(count: int) -> list[tuple[str, str]]:
    """Color and line style of each of so many lines, over anatomy or in a plot: no two of up to 21 are alike."""
    colors = len(_ON_ANATOMY)
    return [(_ON_ANATOMY[number % colors], _STROKES[number // colors % len(_STROKES)]) for number in range(count)]


def save_drawing(figure: Figure, path: Path, colors: int | None = None) -> Path:
    """Write a figure as PNG in one step and return ``path``.

    Args:
        figure: what to write.
        path: where.
        colors: for a small file, how many colors it may have, up to 256; None for all.

    Raises:
        UserError: when it cannot be written.
    """
    with replacing(path) as file:
        if colors is None:
            figure.savefig(file, format="png", dpi=_LOOK_DPI)
        else:
            full = io.BytesIO()
            figure.savefig(full, format="png", dpi=_LOOK_DPI)
            Image.open(full).convert("RGB").quantize(colors).save(file, "PNG", optimize=True)
    return path


def set_title(axes: Axes, title: str) -> None:
    """Put a title of one or more lines, in whatever script, above axes."""
    lines = [drawable(line) for line in title.split("\n")]
    fonts = list(dict.fromkeys(font for _, used in lines for font in used))
    # Dollar signs in file names would start a formula.
    axes.set_title("\n".join(line for line, _ in lines), fontsize="medium", fontfamily=fonts, parse_math=False)


@contextmanager
def publication(stem: Path, columns: Columns, height_mm: float, kinds: Sequence[str] = KINDS) -> Iterator[Figure]:
    """A figure to draw on; at the end it is written as ``<stem>.pdf``, ``.svg`` and ``.png``.

    Args:
        stem: path without a suffix.
        columns: how wide.
        height_mm: millimeters.
        kinds: endings of the files, some of :data:`KINDS`.

    Raises:
        UserError: when a file cannot be written.
    """
    size = WIDTH_MM[columns] / _MM_PER_INCH, height_mm / _MM_PER_INCH
    with matplotlib.rc_context(_STYLE):
        figure = new_drawing(*size)
        yield figure
        for path in figure_files(stem, kinds):
            kind = path.suffix[1:]
            # Without the time of day, so that equal figures are equal files.
            undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
            with replacing(path) as file:
                figure.savefig(file, format=kind, dpi=_PNG_DPI, metadata=undated)


def set_heading(figure: Figure, text: str) -> None:
    """Put a line above the whole figure, in whatever script; the middle of what is too long is left out."""
    most = round(figure.get_figwidth() * _MM_PER_INCH * _LETTERS_PER_MM)
    half = (most - 1) // 2
    shown, fonts = drawable(text if len(text) <= most else f"{text[:half]}…{text[-half:]}")
    figure.suptitle(shown, fontsize=8.0, fontfamily=fonts).set_parse_math(False)


def figure_files(stem: Path, kinds: Sequence[str] = KINDS) -> list[Path]:
    """What :func:`publication` writes."""
    return [stem.with_name(f"{stem.name}.{kind}") for kind in kinds]
