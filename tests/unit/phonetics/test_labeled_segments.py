"""Stretches of a clip: spelling, frames, labels, and what cannot be meant."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.data.annotation.grid import TextGrid, interval_tier
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.phonetics.labeled_segments import (
    Segment,
    Token,
    labeled_segments,
    parse_segment,
    parse_segments,
    require_distinct,
)

RATE = Fraction(25)
VIDEO = Path("clip.mp4")


def parse(text: str, n_frames: int = 50) -> Segment:
    return parse_segment(text, n_frames, RATE, VIDEO)


def test_frames_whose_centre_lies_inside() -> None:
    # Frame i has its centre at 40 i + 20 ms.
    (token,) = parse("0.8-1.2").tokens
    assert (token.first, token.stop) == (20, 30)
    (token,) = parse("a:0.821-1.221").tokens
    assert (token.first, token.stop) == (21, 31)
    assert parse("a:0.8-1.2").name == "a" and parse("0.8-1.2").file_name == "0.8-1.2"


@given(st.floats(0, 1.9), st.floats(0.05, 1.0), st.floats(0.05, 1.0))
def test_neighbouring_stretches_share_no_frame_and_lose_none(start: float, first: float, second: float) -> None:
    ends = [round(start, 3), round(start + first, 3), round(start + first + second, 3)]
    (one,), (two,), (both,) = (
        parse(f"{low:.3f}-{high:.3f}", 100).tokens for low, high in (ends[:2], ends[1:], ends[::2])
    )
    assert one.stop == two.first and len(one) + len(two) == len(both)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0.8", "not understood"),
        ("1.2-0.8", "before it starts"),
        ("1.5-2.5", "clip.mp4 ends at 2.000 s"),
        ("0.021-0.03", "no frame"),
    ],
)
def test_stretches_that_cannot_be(text: str, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert word in caught.value.problem and text in caught.value.problem


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    phones = [(0.0, 0.4, "a"), (0.4, 0.5, "k"), (0.5, 1.0, "a"), (1.0, 1.01, "i"), (1.2, 1.6, "i"), (1.71, 1.715, "t")]
    path = tmp_path / "clip.TextGrid"
    write_textgrid(interval_grid({"phones": phones, "words": [(0.0, 1.0, "aka")]}, 2.0), path)
    return path


def test_all_tokens_of_a_label(grid: Path) -> None:
    a, i = labeled_segments(grid, "phones", ["a", "i", "a"], 50, RATE)
    assert [(t.first, t.stop) for t in a.tokens] == [(0, 10), (12, 25)] and a.skipped == 0
    assert [(t.first, t.stop) for t in i.tokens] == [(30, 40)] and i.skipped == 1


def test_a_missing_tier_or_label_names_those_there_are(grid: Path) -> None:
    with pytest.raises(ConfigError, match=r"no interval tier 'vowels'") as caught:
        labeled_segments(grid, "vowels", ["a"], 50, RATE)
    assert "'phones', 'words'" in caught.value.remedy and str(grid) in caught.value.problem
    with pytest.raises(ConfigError, match="no label 'u'") as caught:
        labeled_segments(grid, "phones", ["u"], 50, RATE)
    assert "'a', 'i', 'k', 't'" in caught.value.remedy
    with pytest.raises(ConfigError, match="none of the 1 interval"):
        labeled_segments(grid, "phones", ["t"], 50, RATE)
    with pytest.raises(MediaError):
        labeled_segments(grid.with_name("other.TextGrid"), "phones", ["a"], 50, RATE)


@pytest.mark.parametrize("name", ["a", "あ", "a:", "../x", "N\u0303", "a b"])
def test_file_names_hold_nothing_harmful(name: str) -> None:
    shown = Segment(name, (Token(0, 1, 0, 1),)).file_name
    assert not set(shown) & set('/\\:*?"<>| ') and shown not in ("", ".", "..")


def test_files_that_would_overwrite_each_other() -> None:
    token = (Token(0, 1, 0, 1),)
    require_distinct([Segment("a", token), Segment("i", token)])
    with pytest.raises(ConfigError, match="'a' and 'A'"):
        require_distinct([Segment("a", token), Segment("A", token)])


def test_segments_of_several_tokens() -> None:
    one = parse("a:0.8-1.2,0.2-0.4").name
    tokens = parse("a:0.8-1.2,0.2-0.4").tokens
    assert one == "a" and [(token.first, token.stop) for token in tokens] == [(5, 10), (20, 30)]
    assert parse("0.2-0.4,0.8-1.2").file_name == "0.2-0.4+0.8-1.2"
    a, b = parse_segments(["a:0.8-1.2", "b:0.8-1.2", "a:0.2-0.4"], 50, RATE, VIDEO)
    assert (a.tokens, b.tokens) == (tokens, tokens[1:])
    for texts in (["a:0.2-0.8,0.6-1.0"], ["a:0.2-0.8", "a:0.6-1.0"]):
        with pytest.raises(ConfigError, match=r"0.2-0.8 and 0.6-1 overlap"):
            parse_segments(texts, 50, RATE, VIDEO)


def test_labels_of_another_sound_and_tiers_of_one_name(tmp_path: Path, grid: Path) -> None:
    with pytest.raises(MediaError, match="not an annotation of this sound"):
        labeled_segments(grid, "phones", ["a"], 25, RATE, 0.0, 1.0)
    table = tmp_path / "a.csv"
    table.write_text("label;start;end\na;0,5;1\n", encoding="utf-8")
    (a,) = labeled_segments(table, "phones", ["a"], 50, RATE, 0.1, 2.0)
    assert (a.tokens[0].start, a.tokens[0].end) == (0.4, 0.9)
    one, two = interval_tier("phones", [(0, 1, "a")]), interval_tier("phones", [(1, 2, "a")])
    write_textgrid(TextGrid(0.0, 2.0, (one, two)), grid)
    with pytest.raises(ConfigError, match="has 2 interval tiers 'phones'") as caught:
        labeled_segments(grid, "phones", ["a"], 50, RATE)
    assert "'#1', '#2'" in caught.value.remedy
    (a,) = labeled_segments(grid, "#2", ["a"], 50, RATE)
    assert a.tokens[0].start == 1.0
