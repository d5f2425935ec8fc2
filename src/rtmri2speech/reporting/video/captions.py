"""Strips of text below the pictures of a video: what the colours mean, which frame it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rtmri2speech.drawing.fonts import drawable

Pixels = NDArray[np.uint8]

_GROUND, _INK = (16, 16, 16), (240, 240, 240)
# Font heights a width of the picture, and the least that can be read, pixels.
_FONTS_A_WIDTH, _LEAST_FONT = 36, 12
_LINE, _MARGIN = 1.45, 0.5  # font heights
_BAR = 5.0  # font heights


@dataclass(frozen=True)
class Key:
    """What a colour means.

    Attributes:
        colours: (L, 3), RGB, from the lowest value to the highest.
        text: what it stands for.
    """

    colours: Pixels
    text: str


class Strip:
    """A strip as wide as the picture: lines that stay, and below them one that may change from frame to frame.

    Args:
        width: pixels.
        keys: a line each, or more where the text is long.
        labels: texts below them; each begins a line.
        changing: whether there is a last line for :meth:`with_line`.
    """

    def __init__(self, width: int, keys: Sequence[Key], labels: Sequence[str] = (), changing: bool = True) -> None:
        self._size = max(_LEAST_FONT, round(width / _FONTS_A_WIDTH))
        self._margin = round(_MARGIN * self._size)
        bar = min(round(_BAR * self._size), width // 5)
        lines: list[tuple[Key | None, str]] = []
        for key in keys:
            texts = self._wrap(key.text, width - bar - 3 * self._margin)
            lines += [(key, texts[0]), *((None, text) for text in texts[1:])]
        indent = 2 * self._margin + bar if keys else self._margin
        lines += [(None, text) for label in labels for text in self._wrap(label, width - indent - self._margin) if text]
        self._step = round(_LINE * self._size)
        self._last = self._margin + len(lines) * self._step
        height = self._last + changing * self._step + self._margin
        # H.264 needs an even height.
        self._image = Image.new("RGB", (width, height + height % 2), _GROUND)
        draw = ImageDraw.Draw(self._image)
        for index, (colours, text) in enumerate(lines):
            top = self._margin + index * self._step
            if colours is not None:
                self._image.paste(_gradient(colours, bar, self._size), (self._margin, top + 1))
            self._write(draw, indent, top, text)

    @property
    def height(self) -> int:
        """Pixels; even."""
        return self._image.height

    def with_line(self, text: str) -> Pixels:
        """The strip (h, W, 3) with a last line of plain letters."""
        image = self._image.copy()
        self._write(ImageDraw.Draw(image), self._margin, self._last, text)
        return np.asarray(image)

    def _write(self, draw: ImageDraw.ImageDraw, x: int, y: int, text: str) -> None:
        shown, font = _font_for(text, self._size)
        draw.text((x, y), shown, fill=_INK, font=font)

    def _wrap(self, text: str, width: int) -> list[str]:
        """Lines that fit; a word that does not is broken."""
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


def _gradient(key: Key, width: int, height: int) -> Image.Image:
    places = np.linspace(0, len(key.colours) - 1, width).round().astype(int)
    return Image.fromarray(np.repeat(key.colours[places][None], height, axis=0))


def _font_for(text: str, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """The text, and one font that has all of its letters, or as many as the first font there is."""
    shown, names = drawable(text)
    letters = {ord(letter) for letter in shown}
    name = next((one for one in names if letters <= _letters_of(one)), names[0])
    return "".join(letter if ord(letter) in _letters_of(name) else "?" for letter in shown), _font(name, size)


@lru_cache(maxsize=32)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_manager.findfont(name), size)


@lru_cache(maxsize=32)
def _letters_of(name: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(font_manager.findfont(name)).get_charmap())
