"""Figures of a journal's size, and what they show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from rtmri2speech.drawing import style as module
from rtmri2speech.drawing.style import Columns, line_looks, publication, set_heading
from rtmri2speech.phonetics.vowels.space import VowelToken
from rtmri2speech.reporting.figures.phonetics import draw_vowels


@pytest.mark.parametrize(("columns", "millimetres"), [(1, 85.0), (2, 174.0)])
def test_three_files_of_the_columns_width(tmp_path: Path, columns: Columns, millimetres: float) -> None:
    for name in ("one", "two")[:columns]:
        with publication(tmp_path / name, columns, 50.0) as figure:
            figure.add_subplot().set_title("F1 (Hz)")
    pdf, svg = (tmp_path / "one.pdf").read_bytes(), (tmp_path / "one.svg").read_text(encoding="utf-8")
    box = re.search(rb"MediaBox \[ 0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box is not None
    assert [float(side) / 72 * 25.4 for side in box.groups()] == pytest.approx([millimetres, 50.0], abs=0.1)
    assert b"FontFile2" in pdf and b"Type3" not in pdf, "letters are embedded as TrueType"
    width = re.search(r'width="([\d.]+)pt"', svg)
    assert width is not None and float(width[1]) / 72 * 25.4 == pytest.approx(millimetres, abs=0.1)
    assert "font-family" not in svg
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.size[0] == pytest.approx(millimetres / 25.4 * 300, abs=2)
    if columns == 2:
        for kind in ("pdf", "svg", "png"):
            assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 3 * columns


@pytest.mark.parametrize(("columns", "text"), [(1, "W" * 30), (2, "subject_W_" * 40), (1, "$x$ 発話.mp4")])
def test_a_heading_stays_on_the_page(tmp_path: Path, columns: Columns, text: str) -> None:
    with publication(tmp_path / "x", columns, 30.0) as figure:
        set_heading(figure, text)
    with Image.open(tmp_path / "x.png") as picture:
        dark = np.flatnonzero((np.asarray(picture.convert("L")) < 128).any(axis=0))
        assert len(dark) and dark[0] > 0 and dark[-1] < picture.size[0] - 1


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    made: list[Figure] = []

    def keep(*args: object, **options: object) -> Figure:
        made.append(Figure(*args, **options))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(module, "Drawing", keep)
    return made


@pytest.mark.parametrize("scale", ["hz", "bark"])
def test_the_vowel_space_is_drawn_as_phoneticians_do(tmp_path: Path, drawn: list[Figure], scale: str) -> None:
    rng = np.random.default_rng(0)
    places = {"i": (300, 2200), "a": (750, 1300), "ɯ": (350, 1300), "$o": (500, 900)}
    tokens = [
        VowelToken("x", label, 0, 1, f1 + rng.normal(0, 20), f2 + rng.normal(0, 60))
        for label, (f1, f2) in places.items()
        for _ in range(2 if label == "$o" else 8)
    ]
    files = draw_vowels(tmp_path / "vowels", tokens, scale, 0.95, 1, "title")  # type: ignore[arg-type]
    assert all(path.stat().st_size > 1000 for path in files)
    (axes,) = drawn[0].axes
    assert axes.xaxis_inverted() and axes.yaxis_inverted()
    at = {text.get_text(): axes.transData.transform(text.get_position()) for text in axes.texts}
    assert at["i"][0] < at["ɯ"][0] < at["$o"][0] and at["a"][1] < at["$o"][1] < at["i"][1]
    # Points of four vowels; an ellipse of three, for two tokens have none.
    assert len(axes.lines) == 4 + 3
    if scale == "hz":
        assert axes.get_ylabel() == "F1 (Hz)" and max(axes.get_ylim()) > 750
    else:
        assert axes.get_xlabel() == "F2 (Bark)" and max(axes.get_xlim()) < 16


def test_no_two_regions_look_alike() -> None:
    looks = line_looks(14)
    assert len(set(looks)) == 14 and not any(color == "#000000" for color, _ in looks)
    assert line_looks(3) == looks[:3]
