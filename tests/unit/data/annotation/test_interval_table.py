from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.data.annotation.grid import Interval
from rtmri2speech.data.media.textgrid import annotation_notes, holds_intervals, read_textgrid
from rtmri2speech.errors import MediaError

EXPECTED = (Interval(0.5, 0.9, "a"), Interval(0.9, 1.25, "あ"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("label,start,end\na,0.5,0.9\nあ,0.9,1.25\n", "utf-8"),
        ("label;start;end\r\na;0,5;0,9\r\nあ;0,9;1,25\r\n", "utf-8-sig"),
        ("Start\tEnd\tLabel\tNote\n0.9\t1.25\tあ\t\n\n0.5\t0.9\ta\tfirst\n", "utf-16"),
        ('tmin,text,tmax\n0.5,"a",0.9\n0.9,"あ",1.25\n1.25,,2\n', "cp932"),
    ],
)
def test_a_table_is_a_tier(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    grid = read_textgrid(path)
    assert grid.names == ("phones",) and grid.tiers[0].entries == EXPECTED and not grid.bounded


def test_a_table_of_several_tiers(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("tier\tlabel\tstart\tend\nwords\taka\t0\t1\nphones\ta\t-0.1\t0.4\n", encoding="utf-8")
    grid = read_textgrid(path)
    assert grid.names == ("words", "phones") and (grid.start, grid.end) == (-0.1, 1.0)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "header"),
        ("a,0.5,0.9\n", "line 1: the header is 'a,0.5,0.9'; it must name label, start, end"),
        ("label,start,end\na,0.5,0.9\ni,x,1\n", "line 3: start 'x' is not a number"),
        ("label,start,end\na,0.5,nan\n", "line 2: end 'nan'"),
        ("label,start,end\na,0.5\n", "line 2: has 2 column(s)"),
        ("label,start,end\na,0.9,0.5\n", "line 2: ends at 0.5 s"),
        ("label,start,end\na,0.5,0.9\ni,0.6,1\n", "overlap"),
    ],
)
def test_a_faulty_table_names_the_line(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MediaError, match="not a table of intervals") as caught:
        read_textgrid(path)
    assert str(path) in caught.value.problem and word in caught.value.problem
    assert "label,start,end" in caught.value.remedy


OTHER = "Buchstabe;Nr.;Timestamp start;Timestamp ende\nA;1;0,5;0,9\nA;2;0,9;1,25\nO;1;2;2,5\n"


def test_a_header_of_other_words_is_understood_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(OTHER, encoding="utf-8-sig")
    grid = read_textgrid(path)
    assert grid.tiers[0].entries == (Interval(0.5, 0.9, "A"), Interval(0.9, 1.25, "A"), Interval(2.0, 2.5, "O"))
    (note,) = annotation_notes(path, 3.0)
    assert "'Buchstabe', 'Timestamp start' and 'Timestamp ende' were taken for them" in note
    # Only where it is named: whatever lies next to a video is no annotation.
    assert not holds_intervals(path)


@pytest.mark.parametrize(
    "text",
    [
        "vowel,F1,F2\na,700,1200\ni,300,2200\nu,320,900\n",  # start after the end of the last
        "sound,speaker,from,to\na,x,0,1\ni,x,1,2\nu,x,2,3\n",  # two columns of words
        "sound,from,mid,to\na,0,0.5,1\ni,1,1.5,2\nu,2,2.5,3\n",  # three pairs
        "sound,from,to\na,0,1\ni,1,2\n",  # too short to be certain
        "sound,from,to\na,0,1\ni,1,2\nu,2,x\n",  # a number is missing
        "a,0,1\ni,1,2\nu,2,3\no,3,4\n",  # no header
    ],
)
def test_what_is_not_certain_is_not_guessed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MediaError, match="it must name label, start, end"):
        read_textgrid(path)
