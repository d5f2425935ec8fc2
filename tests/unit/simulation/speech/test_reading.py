"""Scripts from texts."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.speech.reading import read_lines, script_of
from rtmri2speech.simulation.speech.script import phones_of


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff# a comment\r\nかき\r\n\r\n さ、し \r\n".encode())
    assert read_lines(path) == [((("k", "a"), ("k", "i")),), ((("s", "a"),), (("sh", "i"),))]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "holds no text"),
        (b"# nothing\n", "holds no text"),
        ("か\nか\u3099\n※\n".encode(), "line 3"),
        ("か".encode("cp932"), "not UTF-8"),
        (("か" * 401).encode(), "line 1: 401 morae"),
    ],
)
def test_what_cannot_be_said_is_named(tmp_path: Path, content: bytes, named: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(Exception, match=named) as raised:
        read_lines(path)
    assert str(path) in str(raised.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.txt: cannot be read"):
        read_lines(tmp_path / "none.txt")


def test_a_script_has_the_phones_without_gaps(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("しんぶん がっこう、ちゃ", encoding="utf-8")
    (text,) = read_lines(path)
    script = script_of(text, 1, np.random.default_rng(0))
    phones = phones_of(script)
    assert " ".join(label for _, _, label in phones if label) == "sh i N b u N g a q k o: ch a"
    assert all(before[1] == after[0] for before, after in pairwise(phones))
    assert phones[0][0] == 0.0 and phones[-1][1] == script.duration
    assert script.text == "shi-N-bu-N ga-q-ko: cha" and script.split == "validation"
    seconds = {label: end - start for start, end, label in phones}
    assert seconds["o:"] > 1.4 * seconds["u"]
    # The affricate is one phone of two gestures; the nasal closes where the next consonant does.
    assert [one.gesture for one in script.segments if one.label in ("ch", "N")] == ["m", "ng", "t", "s"]
    again = script_of(text, 1, np.random.default_rng(0))
    assert again == script
