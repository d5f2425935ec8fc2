from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from praatio import textgrid as praat
from praatio.data_classes.textgrid import Textgrid

from rtmri2speech.data.media.textgrid import interval_grid, label_lead, read_textgrid, shift_textgrid, write_textgrid
from rtmri2speech.errors import MediaError


def grid_of(*intervals: tuple[float, float, str], tier: str = "utterances", length: float = 10.0) -> Textgrid:
    grid = Textgrid(0, length)
    grid.addTier(praat.PointTier("points", [(1.0, "x")], 0, length))
    grid.addTier(praat.IntervalTier("other", [(0.0, length, "all")], 0, length))
    grid.addTier(praat.IntervalTier(tier, list(intervals), 0, length))
    return grid


@given(st.floats(-3, 12), st.floats(0.05, 12))
def test_shifting_keeps_what_lies_inside(start: float, duration: float) -> None:
    intervals = [(0.5, 1.0, "a"), (1.0, 2.5, "b"), (7.0, 7.25, "c")]
    part = shift_textgrid(grid_of(*intervals), start, duration)
    assert part.tierNames == ("points", "other", "utterances") and part.maxTimestamp == duration
    expected = [
        (max(low - start, 0.0), min(high - start, duration), label)
        for low, high, label in intervals
        if high > start and low < start + duration
    ]
    found = [tuple(entry) for entry in part.getTier("utterances").entries]
    assert [label for *_, label in found] == [label for *_, label in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[:2] == pytest.approx(other[:2])
    points = [entry.time for entry in part.getTier("points").entries]
    assert points == ([pytest.approx(1.0 - start)] if 0 <= 1.0 - start <= duration else [])


def test_an_annotation_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "母音.TextGrid"
    write_textgrid(grid_of((0.5, 1.0, "あ"), (1.5, 2.0, 'a "quoted" label')), path)
    again = read_textgrid(path)
    assert [tuple(entry) for entry in again.getTier("utterances").entries] == [
        (0.5, 1.0, "あ"),
        (1.5, 2.0, 'a "quoted" label'),
    ]
    empty = shift_textgrid(again, 5.0, 1.0)
    write_textgrid(empty, path)
    assert read_textgrid(path).maxTimestamp == 1.0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a grid",
        b'File type = "ooTextFile"\nObject class = "TextGrid"\n',
        b"\xff\xfe\xfa\x00",
        b"\x00" * 100,
    ],
)
def test_a_damaged_annotation_is_a_media_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="TextGrid") as caught:
        read_textgrid(path)
    assert str(path) in caught.value.problem


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_cut_annotation_never_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, first: int, second: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.TextGrid"
    write_textgrid(grid_of((0.5, 1.0, "a"), (1.5, 2.0, "b")), path)
    content = path.read_bytes()
    low, high = sorted((first % len(content), second % len(content)))
    path.write_bytes(content[:low] + content[high:])
    try:
        assert read_textgrid(path).tierNames is not None
    except MediaError as error:
        assert str(path) in error.problem


def test_tiers_of_intervals(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    write_textgrid(interval_grid({"phones": [(0.1, 0.2, "k"), (0.2, 0.4, "a")], "phrases": []}, 1.0), path)
    again = read_textgrid(path)
    assert again.tierNames == ("phones", "phrases") and again.maxTimestamp == 1.0
    assert [tuple(entry) for entry in again.getTier("phones").entries] == [(0.1, 0.2, "k"), (0.2, 0.4, "a")]


def test_labels_are_on_the_clock_of_the_sound() -> None:
    assert label_lead(0.5, 0.2) == pytest.approx(0.3)
    assert label_lead(0.0, 0.25) == -0.25
    assert label_lead(1.5, None) == 0
