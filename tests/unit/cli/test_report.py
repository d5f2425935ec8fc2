"""``report``: one page of a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from page_folder import Made, make_folder

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_folder(tmp_path_factory.mktemp("page"), seconds=0.6)


def test_a_folder_becomes_a_page(run: Run, made: Made, tmp_path: Path) -> None:
    out = tmp_path / "new" / "page.html"
    result = run("report", made.folder, "--out", out, "--title", "Mine")
    assert result.code == 0 and f"{out}: 1 clip(s), " in result.out and result.err == ""
    text = out.read_text(encoding="utf-8")
    assert "<title>Mine</title>" in text and '"name": "clip"' in text


def test_what_is_missing_is_said(run: Run, made: Made, tmp_path: Path) -> None:
    for path in (made.folder / "masking").glob("masking.json"):
        path.rename(path.with_suffix(".off"))
    try:
        result = run("report", made.folder, "--out", tmp_path / "page.html")
    finally:
        (made.folder / "masking" / "masking.off").rename(made.folder / "masking" / "masking.json")
    assert result.code == 0 and "note: clip: no outlines of regions" in result.err and "--regions" in result.err


def test_mistakes_are_told_before_anything_slow(run: Run, made: Made, tmp_path: Path) -> None:
    assert "pages are HTML files" in run("report", made.folder, "--out", tmp_path / "page.pdf").problem
    assert "no such folder" in run("report", tmp_path / "nowhere", "--out", tmp_path / "page.html").problem
    blocked = tmp_path / "file"
    blocked.touch()
    assert "cannot be written" in run("report", made.folder, "--out", blocked / "page.html").problem
    words = ["--regions", tmp_path / "shapes.txt", "--out", tmp_path / "page.html"]
    assert "neither 'auto' nor 'template' nor" in run("report", made.folder, *words).problem
