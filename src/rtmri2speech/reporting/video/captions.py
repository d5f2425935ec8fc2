"""Caption strips below the frames of a video: what the colors mean, which frame it is, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from rtmri2speech.arrays import UInt8
from rtmri2speech.drawing.fonts import drawable

_GROUND, _INK = (16, 16, 16), (240, 240, 240)
# Font heights per frame width, and the smallest font that can be read, pixels.
_FONTS_PER_WIDTH, _SMALLEST_FONT = 36, 12
_LINE, _MARGIN = 1.45, 0.5  # font heights
_BAR = 5.0  # font heights


@dataclass(frozen=True)
class ColorBar:
    """A color scale and its meaning, one line of a legend.

    Attributes:
        colors: (L, 3), RGB, from the lowest value to the highest.
        text: what the scale shows.
    """

    colors: UInt8
    text: str


class CaptionStrip:
    """A strip as wide as the frame: fixed lines, and below them one that may change from frame to frame.

    Args:
        width: pixels.
        bars: one line each, or more where the text is long.
        labels: texts below them; each starts a new line.
        changing: whether there is a last line for :meth:`with_line`.
    """

    def __init__(self, width: int, bars: Sequence[ColorBar], labels: Sequence[str] = (), changing: bool = True) -> None:
        self._size = max(_SMALLEST_FONT, round(width / _FONTS_PER_WIDTH))
        self._margin = round(_MARGIN * self._size)
        bar_width = min(round(_BAR * self._size), width // 5)
        lines: list[tuple[ColorBar | None, str]] = []
        for bar in bars:
            texts = self._wrap(bar.text, width - bar_width - 3 * self._margin)
            lines += [(bar, texts[0]), *((None, text) for text in texts[1:])]
        indent = 2 * self._margin + bar_width if bars else self._margin
        lines += [(None, text) for label in labels for text in self._wrap(label, width - indent - self._margin) if text]
        self._step = round(_LINE * self._size)
        self._last = self._margin + len(lines) * self._step
        height = self._last + changing * self._step + self._margin
        # H.264 needs an even height.
        self._image = Image.new("RGB", (width, height + height % 2), _GROUND)
        draw = ImageDraw.Draw(self._image)
        for index, (shown, text) in enumerate(lines):
            top = self._margin + index * self._step
            if shown is not None:
                self._image.paste(_gradient(shown, bar_width, self._size), (self._margin, top + 1))
            self._write(draw, indent, top, text)

    @property
    def height(self) -> int:
        """Pixels; even."""
        return self._image.height

    def with_line(self, text: str) -> UInt8:
        """The strip (h, W, 3) with this text as its last line."""
        image = self._image.copy()
        self._write(ImageDraw.Draw(image), self._margin, self._last, text)
        return np.asarray(image)

    def _write(self, draw: ImageDraw.ImageDraw, x: int, y: int, text: str) -> None:
        shown, font = _font_for(text, self._size)
        draw.text((x, y), shown, fill=_INK, font=font)

    def _wrap(self, text: str, width: int) -> list[str]:
        """The text in lines that fit the width; a word that is longer is broken."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self._measure(longer) > width:
                lines.append(word)
            else:
                lines[-1] = longer
            while self._measure(lines[-1]) > width and len(lines[-1]) > 1:
                whole = lines[-1]
                fitting = next(n for n in range(len(whole) - 1, 0, -1) if n == 1 or self._measure(whole[:n]) <= width)
                lines[-1:] = [whole[:fitting], whole[fitting:]]
        return lines

    def _measure(self, text: str) -> float:
        shown, font = _font_for(text, self._size)
        return font.getlength(shown)


def _gradient(bar: ColorBar, width: int, height: int) -> Image.Image:
    places = np.linspace(0, len(bar.colors) - 1, width).round().astype(int)
    return Image.fromarray(np.repeat(bar.colors[places][None], height, axis=0))


def _font_for(text: str, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """The text and the first font that has all of its letters; where none has, question marks for those it lacks."""
    # Digits, which change from frame to frame, come all or none.
    name, lacking = _font_of(frozenset(text.translate(_DIGITS)))
    return "".join("?" if letter in lacking else letter for letter in text), _font(name, size)


_DIGITS = str.maketrans("123456789", "000000000")


@lru_cache(maxsize=256)
def _font_of(letters: frozenset[str]) -> tuple[str, frozenset[str]]:
    """The first font that has these letters, and those that it or any font lacks: looking at fonts takes long."""
    asked = "".join(sorted(letters))
    shown, names = drawable(asked)
    needed = {ord(letter) for letter in shown}
    name = next((one for one in names if needed <= _letters_of(one)), names[0])
    there = _letters_of(name)
    pairs = zip(asked, shown, strict=True)
    return name, frozenset(letter for letter, one in pairs if one != letter or ord(one) not in there)


@lru_cache(maxsize=32)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_manager.findfont(name), size)


@lru_cache(maxsize=32)
def _letters_of(name: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(font_manager.findfont(name)).get_charmap())
