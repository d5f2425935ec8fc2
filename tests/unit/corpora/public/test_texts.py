from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.corpora.public.texts import one_line_text, text_between
from rtmri2speech.data.media.textgrid import interval_grid

GRID = interval_grid(
    {
        "words": [(0.0, 0.4, "sil"), (0.4, 1.0, "one"), (1.0, 1.6, "two"), (2.0, 2.5, "three")],
        "Sentences": [(0.3, 1.7, "One, two."), (1.9, 2.6, "Three.")],
    },
    3.0,
)
TIERS = ("sentences", "words")


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (0.0, 3.0, "One, two. Three."),
        (0.3, 1.7, "One, two."),
        (1.8, 3.0, "Three."),
        (0.0, 1.05, "one"),  # part of a sentence: its words
        (0.6, 1.2, "one"),  # two thirds of a word, and a third of the next
        (0.0, 0.3, None),
    ],
)
def test_what_is_said_between_two_times(start: float, end: float, text: str | None) -> None:
    assert text_between(GRID, TIERS, start, end) == text


def test_no_tier_no_text(tmp_path: Path) -> None:
    assert text_between(None, TIERS, 0, 1) is None and text_between(GRID, ("notes",), 0, 3) is None
    assert one_line_text([]) is None
    (tmp_path / "a.txt").write_bytes("﻿ある\n日 ".encode())
    assert one_line_text([tmp_path / "a.txt"]) == "ある 日"
