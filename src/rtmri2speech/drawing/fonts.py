"""Fonts for whatever script a file name is written in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from matplotlib import font_manager

# Matplotlib brings its own Latin font only; file names may be Japanese, Chinese or Korean.
_FONT = "DejaVu Sans"
_CJK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "IPAGothic",
    "TakaoPGothic",
    "Yu Gothic",
    "MS Gothic",
    "Meiryo",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Arial Unicode MS",
)


def drawable(text: str) -> tuple[str, list[str]]:
    """The text with a question mark for every letter that no font here can draw, and the fonts to draw it with."""
    fonts = [_FONT] if text.isascii() else _fonts()
    known = _letters(fonts)
    if any(ord(letter) not in known for letter in text) and _look_again():
        fonts = _fonts()
        known = _letters(fonts)
    return "".join(letter if ord(letter) in known else "?" for letter in text), fonts


def _fonts() -> list[str]:
    there = {entry.name for entry in font_manager.fontManager.ttflist if Path(entry.fname).is_file()}
    return [_FONT, *(name for name in _CJK_FONTS if name in there)]


def _letters(fonts: Sequence[str]) -> set[int]:
    files = {entry.name: entry.fname for entry in font_manager.fontManager.ttflist if Path(entry.fname).is_file()}
    return set().union(*(font_manager.get_font(files[name]).get_charmap() for name in fonts))


@lru_cache(maxsize=1)
def _look_again() -> bool:
    """Add fonts that were installed after Matplotlib made its list, which it keeps for years; whether there are any."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    before = len(font_manager.fontManager.ttflist)
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            font_manager.fontManager.addfont(path)
        except Exception:  # a damaged font, of which the reader raises many kinds, is none that could be used
            continue
    return len(font_manager.fontManager.ttflist) > before
