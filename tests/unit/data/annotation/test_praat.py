"""Files of Praat's TextGrids: what Praat writes is read as Praat reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rtmri2speech.data.annotation.grid import Interval, IntervalTier, Point, TextGrid, interval_tier, point_tier
from rtmri2speech.data.media.textgrid import read_textgrid, write_textgrid

parselmouth = pytest.importorskip("parselmouth")

LABELS = [
    "a",
    "",
    "intervals [3] of",
    'say "x"',
    "あ",
    "ɯ",
    "é",
    "𝄞",
    'item [1]:\n xmin = 3 "',
    "!",
    "<exists>",
    "0,5",
    " a ",
]
Shape = tuple[float, float, list[Any]]


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Start, end, and tiers: times of boundaries or points, and labels."""
    start = draw(st.sampled_from([0.0, -0.3, 100.0, 1.4210854715202004e-14, -1e-7]))
    end = start + draw(st.floats(0.1, 50.0))
    tiers = []
    for _ in range(draw(st.integers(1, 4))):
        inner = draw(st.lists(st.floats(0.001, 0.999), max_size=5, unique_by=lambda value: round(value, 3)))
        times = [start + share * (end - start) for share in sorted(inner)]
        intervals = draw(st.booleans())
        count = len(times) + 1 if intervals else len(times)
        labels = draw(st.lists(st.sampled_from(LABELS), min_size=count, max_size=count))
        tiers.append((intervals, draw(st.sampled_from(["phones", "words", "音素", 'a "b"'])), times, labels))
    return start, end, tiers


def in_praat(shape: Shape) -> Any:
    """The TextGrid as Praat makes it."""
    call = parselmouth.praat.call
    start, end, tiers = shape
    points = " ".join(f"t{number}" for number, one in enumerate(tiers) if not one[0])
    grid = call("Create TextGrid", start, end, " ".join(f"t{number}" for number in range(len(tiers))), points)
    for number, (intervals, name, times, labels) in enumerate(tiers, start=1):
        call(grid, "Set tier name", number, name)
        if intervals:
            for time in times:
                call(grid, "Insert boundary", number, time)
            for index, label in enumerate(labels, start=1):
                call(grid, "Set interval text", number, index, label)
        else:
            for time, label in zip(times, labels, strict=True):
                call(grid, "Insert point", number, time, label)
    return grid


def from_praat(grid: Any) -> TextGrid:
    """What Praat says that it holds."""
    call = parselmouth.praat.call
    tiers: list[Any] = []
    for tier in range(1, call(grid, "Get number of tiers") + 1):
        name = call(grid, "Get tier name", tier)
        if call(grid, "Is interval tier", tier):
            numbers = range(1, call(grid, "Get number of intervals", tier) + 1)
            asked = ("Get start time of interval", "Get end time of interval", "Get label of interval")
            entries = [tuple(call(grid, what, tier, index) for what in asked) for index in numbers]
            tiers.append(interval_tier(name, entries))
        else:
            numbers = range(1, call(grid, "Get number of points", tier) + 1)
            asked = ("Get time of point", "Get label of point")
            tiers.append(
                point_tier(name, [tuple(call(grid, what, tier, index) for what in asked) for index in numbers])
            )
    return TextGrid(call(grid, "Get start time"), call(grid, "Get end time"), tuple(tiers))


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(shape=shapes())
@pytest.mark.parametrize("format_", ["text", "short text", "binary", "chronological text"])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_what_praat_writes_is_read_as_praat_reads_it(tmp_path: Path, format_: str, encoding: str, shape: Shape) -> None:
    parselmouth.praat.run(f"Text writing preferences: {encoding!r}".replace("'", '"'))
    grid, path = in_praat(shape), tmp_path / "a.TextGrid"
    try:
        parselmouth.praat.call(grid, f"Save as {format_} file", str(path))
        expected, found = from_praat(parselmouth.read(str(path))), read_textgrid(path)
        assert found.encoding is None
        if format_ == "chronological text":
            assert found.tiers == expected.tiers
        else:
            assert found == expected
    finally:
        parselmouth.praat.run('Text writing preferences: "try ASCII, then UTF-16"')


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(shape=shapes())
@example(shape=(1.4210854715202004e-14, 2.000000000000014, [(True, "phones", [], ["a"])]))
def test_praat_reads_what_is_written(tmp_path: Path, shape: Shape) -> None:
    start, end, tiers = shape
    made: list[Any] = []
    for intervals, name, times, labels in tiers:
        edges = [start, *times, end]
        if intervals:
            made.append(interval_tier(name, zip(edges[:-1], edges[1:], labels, strict=True)))
        else:
            made.append(point_tier(name, zip(times, labels, strict=True)))
    write_textgrid(TextGrid(start, end, tuple(made)), tmp_path / "a.TextGrid")
    ours, praats = read_textgrid(tmp_path / "a.TextGrid"), from_praat(parselmouth.read(str(tmp_path / "a.TextGrid")))
    assert ours.tiers == praats.tiers == tuple(made)


HEAD = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = 2 \ntiers? <exists> \n'
BODY = """size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 2
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 0.9
            text = "a"
        intervals [3]:
            xmin = 0.9
            xmax = 2
            text = "intervals [3]"
"""
EXPECTED = (IntervalTier("phones", (Interval(0.5, 0.9, "a"), Interval(0.9, 2.0, "intervals [3]"))),)


@pytest.mark.parametrize(
    ("change", "praat_too"),
    [
        (("", ""), True),
        (("item []:\n", ""), True),
        (("    item [1]:\n", ""), True),
        (("            xmin = 0\n", "            xmin = 1.4210854715202004e-14\n"), True),
        (("        intervals [2]:\n", "! a comment\n"), True),
        (("\n", "\r\n"), True),
        (("\n", "\r"), True),
        (("xmax = 2\n", "xmax = 2.7\n"), True),
        # Other programs' spellings that Praat itself refuses.
        ((" = ", "="), False),
        (('class = "', 'class="'), False),
        (("item [1]:", "item [ 1 ] :"), False),
    ],
)
def test_other_spellings(tmp_path: Path, change: tuple[str, str], praat_too: bool) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes((HEAD + BODY).replace(*change).encode())
    found = read_textgrid(path)
    if change[1] == "xmax = 2.7\n":
        assert found.end == 2.0 and found.tiers[0].entries[0] == EXPECTED[0].entries[0]
    else:
        assert found.tiers == EXPECTED
    if praat_too:
        assert from_praat(parselmouth.read(str(path))).tiers == found.tiers


@pytest.mark.parametrize(
    ("label", "encoding", "said"),
    [
        ("あア", "utf-8-sig", None),
        ("あア", "utf-16", None),
        ("あア", "utf-16-le", "UTF-16"),
        ("あア", "utf-16-be", "UTF-16"),
        ("あア母音", "cp932", "Shift-JIS"),
        ("été ü", "latin-1", "Latin-1"),
        ("été", "mac-roman", "Mac Roman"),
    ],
)
def test_characters_of_any_program(tmp_path: Path, label: str, encoding: str, said: str | None) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes((HEAD + BODY).replace('"a"', f'"{label}"').encode(encoding))
    grid = read_textgrid(path)
    assert grid.tiers[0].entries[0] == Interval(0.5, 0.9, label) and grid.encoding == said


def test_intervals_of_no_length_and_overlaps_of_rounding(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    tier = 'size = 1 "IntervalTier" "p" 0 2 4 0.5 0.9000001 "a" 0.9 0.9 "x" 0.9 1.3 "i" 1.3 2 ""'
    path.write_text(HEAD + tier, encoding="utf-8")
    found = read_textgrid(path).tiers[0].entries
    assert found == (Interval(0.5, 0.9, "a"), Interval(0.9, 0.9, "x"), Interval(0.9, 1.3, "i"))
    write_textgrid(read_textgrid(path), path)
    again = parselmouth.read(str(path))
    assert parselmouth.praat.call(again, "Get number of intervals", 1) == 5
    assert parselmouth.praat.call(again, "Get label of interval", 1, 4) == "i"
    kept = read_textgrid(path).tiers[0].entries
    assert [one.label for one in kept] == ["a", "x", "i"]
    for one, other in zip(kept, found, strict=True):
        assert (one.start, one.end) == pytest.approx((other.start, other.end), abs=2e-6)
    write_textgrid(TextGrid(0.0, 1.0, (interval_tier("p", [(0, 1, "a"), (1, 1, "x")]),)), path)
    assert [one.label for one in read_textgrid(path).tiers[0].entries] == ["a", "x"]
    assert read_textgrid(path).tiers[0].entries[1].end == 1.0 == read_textgrid(path).end


def test_a_file_without_tiers_and_points_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(HEAD.replace("exists", "absent"), encoding="utf-8")
    assert read_textgrid(path) == TextGrid(0.0, 2.0, ())
    path.write_text(HEAD + '1 "TextTier" "m" 0 2 2 1.5 "b" 0.5 ""', encoding="utf-8")
    assert read_textgrid(path).tiers[0].entries == (Point(0.5, ""), Point(1.5, "b"))
