"""Letters of any script in figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from rtmri2speech.drawing import fonts
from rtmri2speech.drawing.fonts import drawable


def make_font(path: Path, family: str, letters: str) -> Path:
    """A font in which every letter is a box."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (500, 700), (500, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = [".notdef", *(f"uni{ord(letter):04X}" for letter in letters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): f"uni{ord(letter):04X}" for letter in letters})
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture
def without_japanese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Matplotlib's list as it was before a Japanese font came."""
    manager = font_manager.fontManager
    old = [entry for entry in manager.ttflist if entry.name not in fonts._CJK_FONTS]
    monkeypatch.setattr(manager, "ttflist", old)
    fonts._look_again.cache_clear()
    yield
    fonts._look_again.cache_clear()


@pytest.mark.usefixtures("without_japanese")
def test_a_font_that_matplotlibs_list_does_not_know_yet_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_font(tmp_path / "ipa.ttf", "IPAexGothic", "母音")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tmp_path / "broken.ttf"), str(path)])
    assert drawable("母音 a 円") == ("母音 a ?", ["DejaVu Sans", "IPAexGothic"])
    assert font_manager.findfont("IPAexGothic") == str(path)


@pytest.mark.usefixtures("without_japanese")
def test_the_disk_is_looked_through_once_and_only_when_a_letter_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: looked.append(1) or [])
    assert drawable("F1 (é)") == ("F1 (é)", ["DejaVu Sans"]) and not looked
    assert drawable("母") == drawable("音") == ("?", ["DejaVu Sans"]) and len(looked) == 1


@pytest.mark.usefixtures("without_japanese")
def test_a_font_that_is_gone_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_font(tmp_path / "ipa.ttf", "IPAexGothic", "母")
    font_manager.fontManager.addfont(str(path))
    path.unlink()
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    assert drawable("母") == ("?", ["DejaVu Sans"])
