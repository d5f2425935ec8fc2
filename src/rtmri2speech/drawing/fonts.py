"""Fonts for whatever script a file name is written in."""

from __future__ import annotations

from matplotlib import font_manager

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


def drawable(text: str) -> tuple[str, list[str]]:
    """The text with a question mark for every letter that no font here can draw, and the fonts to draw it with."""
    files = {entry.name: entry.fname for entry in font_manager.fontManager.ttflist}
    fonts = [_FONT] if text.isascii() else [_FONT, *(name for name in _CJK_FONTS if name in files)]
    known = set().union(*(font_manager.get_font(files[name]).get_charmap() for name in fonts))
    return "".join(letter if ord(letter) in known else "?" for letter in text), fonts
