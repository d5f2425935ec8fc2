from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.assets import __file__ as assets
from rtmri2speech.data.annotation.grid import GridError, Interval, Point, TextGrid, interval_tier, point_tier
from rtmri2speech.data.media.textgrid import (
    holds_intervals,
    interval_grid,
    label_lead,
    labels_of,
    read_textgrid,
    shift_textgrid,
    write_textgrid,
)
from rtmri2speech.errors import MediaError


def grid_of(*intervals: tuple[float, float, str], tier: str = "utterances", length: float = 10.0) -> TextGrid:
    points, other = point_tier("points", [(1.0, "x")]), interval_tier("other", [(0.0, length, "all")])
    return TextGrid(0.0, length, (points, other, interval_tier(tier, intervals)))


@given(st.floats(-3, 12), st.floats(0.05, 12))
def test_shifting_keeps_what_lies_inside(start: float, duration: float) -> None:
    intervals = [(0.5, 1.0, "a"), (1.0, 2.5, "b"), (7.0, 7.25, "c")]
    part = shift_textgrid(grid_of(*intervals), start, duration)
    assert part.names == ("points", "other", "utterances") and part.end == duration
    expected = [
        (max(low - start, 0.0), min(high - start, duration), label)
        for low, high, label in intervals
        if high > start and low < start + duration
    ]
    points, _, utterances = part.tiers
    assert list(utterances.entries) == [Interval(*one) for one in expected]
    assert list(points.entries) == ([Point(1.0 - start, "x")] if 0 <= 1.0 - start <= duration else [])


def test_an_annotation_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "母音.TextGrid"
    written = [(0.5, 1.0, "あ"), (1.5, 2.0, 'a "quoted" label'), (2.0, 2.5, "intervals [3]:"), (2.5, 3.0, " b\n")]
    write_textgrid(grid_of(*written), path)
    again = read_textgrid(path)
    assert [(one.start, one.end, one.label) for one in again.tiers[2].entries] == written  # type: ignore[union-attr]
    write_textgrid(shift_textgrid(again, 5.0, 1.0), path)
    assert read_textgrid(path).end == 1.0
    marks = TextGrid(0.0, 1.0, (point_tier("marks", [(0.4, 'say "x"')]), point_tier("marks", [(0.5, "")])))
    for _ in range(3):
        write_textgrid(marks, path)
        assert read_textgrid(path) == marks
    assert [label.text for label in labels_of(marks)] == ['say "x"']


def test_files_of_earlier_versions_come_out_byte_by_byte(tmp_path: Path) -> None:
    golden = Path(__file__).parents[3] / "golden" / "old_files"
    files = [*Path(assets).parent.rglob("*.TextGrid"), *golden.rglob("*.TextGrid")]
    assert len(files) >= 4
    for path in files:
        write_textgrid(read_textgrid(path), tmp_path / "again.TextGrid")
        assert (tmp_path / "again.TextGrid").read_text("utf-8") == path.read_text("utf-8"), path


def test_gaps_of_rounding_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    write_textgrid(interval_grid({"phones": [(1e-10, 0.4, "k"), (0.4 + 1e-10, 1.0 - 1e-10, "a")]}, 1.0), path)
    assert [(one.start, one.end) for one in read_textgrid(path).interval_tiers[0].entries] == [
        (0.0, 0.4 + 1e-10),
        (0.4 + 1e-10, 1.0),
    ]
    assert "size = 2 \n        intervals [1]" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "ends before"),
        (b"not a grid", "ends before the file type"),
        (b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "ends before the start"),
        (b'File type = "ooTextFile"\nObject class = "PitchTier"\n0 1 0', "Praat's PitchTier, not a TextGrid"),
        (b'"ooTextFile"\n"TextGrid"\n0 1 <exists> 1 "IntervalTier" "p" 0 1 1\n0\n0,5 "a"', "line 5: '0,5' is not a n"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "p" 0 1 1\n0 "a"', "line 2: 'a' stands where"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "p" 0 1 1\n0 1 "a', "line 2: the quote is not c"),
        (b'"ooTextFile" "TextGrid" 0 1e999 <exists> 0', "out of range"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1.5', "not a whole number"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "p" 0 1 1 0.6 0.5 "a"', "before it starts at 0.6"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "p" 0 1 2 0 .6 "a" .5 1 "i"', "'a' (0 to 0.6 s) and"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "Tier" "p" 0 1 2', "neither IntervalTier nor TextTier"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 99999999999999999999999', "ends before the class of tier 1"),
        (b"\xff\xfe\xfa\x00\x00", "characters"),
        (b"\x00" * 100, "TextGrid"),
        (b"ooBinaryFile\x08TextGrid\x00", "too early"),
        (b"ooBinaryFile\x05Sound", "Praat's Sound"),
        (b'{"start": 0, "end": 1, "tiers": 3}', "JSON"),
        (b'{"start": 0, "end"', "damaged JSON, line 1"),
    ],
)
def test_a_damaged_annotation_is_a_media_error(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="TextGrid") as caught:
        read_textgrid(path)
    assert caught.value.problem.startswith(f"{path}: ") and word in caught.value.problem
    assert "\n" not in caught.value.problem


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.TextGrid"):
        with pytest.raises(MediaError, match="TextGrid"):
            read_textgrid(path)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans(), st.binary(max_size=6))
def test_a_damaged_annotation_never_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, first: int, second: int, binary: bool, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.TextGrid"
    write_textgrid(grid_of((0.5, 1.0, "a"), (1.5, 2.0, "b")), path)
    content = path.read_bytes()
    if binary:
        content = b"ooBinaryFile\x08TextGrid" + bytes(16) + b"\x01\0\0\0\x01\x0cIntervalTier\0\x01p" + bytes(80)
    low, high = sorted((first % len(content), second % len(content)))
    path.write_bytes(content[:low] + noise + content[high:])
    try:
        assert read_textgrid(path).names is not None
    except MediaError as error:
        assert str(path) in error.problem


def test_json_of_earlier_versions(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    tiers = '{"p": {"type": "IntervalTier", "entries": [[0.1, 0.2, "a"]]}, "q": {"type": "TextTier", "entries": []}}'
    path.write_text(f'{{"start": 0, "end": 1, "tiers": {tiers}}}', encoding="utf-8")
    expected = TextGrid(0.0, 1.0, (interval_tier("p", [(0.1, 0.2, "a")]), point_tier("q", [])))
    assert read_textgrid(path) == expected
    tier = '{"class": "IntervalTier", "name": "p", "xmin": 0, "xmax": 1, "entries": [[0.1, 0.2, "a"]]}'
    path.write_text(f'{{"xmin": 0, "xmax": 1, "tiers": [{tier}]}}', encoding="utf-8")
    assert read_textgrid(path).tiers == expected.tiers[:1]


def test_tables_next_to_recordings_are_known_by_their_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for header, known in (
        ("label,start,end", True),
        ("time;force", False),
        ("", False),
        ("Start\tTier\tLabel\tEnd", True),
    ):
        path.write_text(f"{header}\n", encoding="utf-8")
        assert holds_intervals(path) is known
    assert not holds_intervals(tmp_path / "none.csv")


def test_tiers_of_intervals(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    write_textgrid(interval_grid({"phones": [(0.1, 0.2, "k"), (0.2, 0.4, "a")], "phrases": []}, 1.0), path)
    again = read_textgrid(path)
    assert again.names == ("phones", "phrases") and again.end == 1.0
    assert again.tier("phones").entries == (Interval(0.1, 0.2, "k"), Interval(0.2, 0.4, "a"))
    with pytest.raises(GridError, match="overlap"):
        interval_grid({"phones": [(0.1, 0.3, "k"), (0.2, 0.4, "a")]}, 1.0)


def test_labels_are_on_the_clock_of_the_sound() -> None:
    assert label_lead(0.5, 0.2) == pytest.approx(0.3)
    assert label_lead(0.0, 0.25) == -0.25
    assert label_lead(1.5, None) == 0
