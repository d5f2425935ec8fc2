from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.data.annotation.grid import Interval
from rtmri2speech.data.annotation.usc_trans import read_trans
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import MediaError

ROWS = """\
0.00,0.50,sil,,,
0.50,0.60,DH,THAT,That, that is.,1
0.60,0.80,AE,THAT,That, that is.,1

0.80,1.00,Z,IS,That, that is.,1
1.00,1.10,sp,,,
1.10,1.50,N,NO,No.,2
1.50,2.50,sil,,,
"""


def test_phones_words_and_sentences_with_half_a_pause() -> None:
    grid = read_trans(ROWS)
    phones, words, sentences = grid.interval_tiers
    assert grid.names == ("phones", "words", "sentences") and not grid.bounded and grid.end == 2.5
    assert phones.entries[1] == Interval(0.5, 0.6, "DH") and len(phones.entries) == 7
    assert words.entries == (Interval(0.5, 0.8, "THAT"), Interval(0.8, 1.0, "IS"), Interval(1.1, 1.5, "NO"))
    assert [one.label for one in sentences.entries] == ["That, that is.", "No."]
    assert [(one.start, one.end) for one in sentences.entries] == [
        pytest.approx((0.3, 1.05)),
        pytest.approx((1.05, 1.7)),
    ]


def test_words_may_stand_in_their_first_line_only() -> None:
    grid = read_trans("0,0.1,DH,THAT,,\n0.1,0.2,AE,,,\n0.2,0.3,DH,THAT,,\n0.3,0.4,AE,,,\n")
    assert grid.names == ("phones", "words")
    assert [(one.start, one.end) for one in grid.interval_tiers[1].entries] == [(0.0, 0.2), (0.2, 0.4)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "line 1"), ("start,end\n", "line 1: 'start,end'"), ("0,1,a\n2,1,b\n", "line 2: from 2 to 1 s")],
)
def test_what_is_no_transcript(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "a.trans"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MediaError, match=problem) as caught:
        read_textgrid(path)
    assert "not a transcript" in caught.value.problem and "start,end,phone" in caught.value.remedy
