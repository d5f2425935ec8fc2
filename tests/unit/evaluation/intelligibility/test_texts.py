"""Where texts come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import MediaError
from rtmri2speech.evaluation.intelligibility.texts import Truth, key_of, read_table, truth_next_to


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "one\tThe cat, twice\nspeaker/two.wav\tsat\n"),
        ("metadata.csv", "one|raw 2|The cat, twice\ntwo|sat|sat\n"),
        ("a.csv", 'file,text\none,"The cat, twice"\ntwo,sat\n'),
        ("b.csv", "\ufefffile;text\none;The cat, twice\ntwo;sat\n"),
        ("text", "one The cat, twice\ntwo sat\n"),
        ("transcription", "<s> The cat, twice </s> (one)\n<s> sat </s> (two)\n"),
    ],
)
def test_tables_of_several_kinds(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert read_table(path) == {"one": "The cat, twice", "two": "sat"}


def test_a_table_without_texts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content in ("", "one\ntwo\n"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(MediaError, match="no line has a name and a text"):
            read_table(path)


def test_names_are_compared_without_folder_ending_and_case() -> None:
    assert key_of("S1\\Clip_01.WAV") == key_of("clip_01") == key_of("s1/clip_01.flac")
    assert key_of("take.1") == "take.1"


def test_words_next_to_the_sound_and_phones_of_the_textgrid(tmp_path: Path) -> None:
    tiers = {"Words": [(0.0, 0.5, "the"), (0.5, 0.9, "sil")], "phones": [(0.0, 0.2, "DH"), (0.2, 0.5, "AH0")]}
    write_textgrid(interval_grid(tiers, 1.0), tmp_path / "a.TextGrid")
    assert truth_next_to(tmp_path / "a") == Truth("the", ("DH", "AH"))
    (tmp_path / "a.txt").write_text("The\n cat.\n", encoding="utf-8")
    assert truth_next_to(tmp_path / "a") == Truth("The cat.", ("DH", "AH"))
    assert truth_next_to(tmp_path / "b") is None
