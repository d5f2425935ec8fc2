"""A table that says which sound belongs to which video."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.errors import ConfigError, UserError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def found(corpus: FolderCorpus) -> dict[str, Recording]:
    return {item.id: item for item in corpus.recordings()}


def table(tmp_path: Path, text: str, encoding: str = "utf-8-sig") -> FolderCorpus:
    path = tmp_path / "pairs.csv"
    path.write_bytes(text.encode(encoding))
    return FolderCorpus(pairs=path, sync_offset=0.5)


def test_a_table_pairs_any_names(tmp_path: Path) -> None:
    touch(
        tmp_path / "v" / "scan1.avi",
        tmp_path / "v" / "scan1.TextGrid",
        tmp_path / "w" / "DSP 1.wav",
        tmp_path / "母.mp4",
    )
    corpus = table(
        tmp_path,
        "video,audio,id,speaker,sync_offset\r\n"
        f"v/scan1.avi,w/DSP 1.wav,first one,F1,-0.62\r\n{tmp_path / '母.mp4'},,,,\r\n",
    )
    recordings = found(corpus)
    assert recordings["first_one"] == Recording(
        "first_one",
        "F1",
        tmp_path / "v" / "scan1.avi",
        tmp_path / "w" / "DSP 1.wav",
        tmp_path / "v" / "scan1.TextGrid",
        -0.62,
    )
    assert recordings["母"] == Recording("母", "speaker1", tmp_path / "母.mp4", None, None, 0.5)


def test_a_table_of_videos_alone_and_offset_zero(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "b.mp4")
    recordings = found(table(tmp_path, "video\na.mp4\nb.mp4\n", "utf-8"))
    assert [item.sync_offset for item in recordings.values()] == [0.5, 0.5]
    assert found(table(tmp_path, "video,sync_offset\na.mp4,0\n"))["a"].sync_offset == 0.0


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("video,audio\na.mp4,\n,b.wav\n", "line 3, column video: names no video", "remove the line"),
        ("a.mp4,b.wav\na.mp4,b.wav\n", "line 1: the header is 'a.mp4,b.wav'", "'video,audio'"),
        ("audio,id\nb.wav,x\n", "line 1: there is no column 'video'", "'video,audio'"),
        ("video,audio\na.mp4,\nno.mp4,\n", "no.mp4: no such file .*line 3, column video", "start at the folder"),
        ("video,audio\na.mp4,no.wav\n", "no.wav: no such file .*line 2, column audio", "start at the folder"),
        ("video,sync_offset\na.mp4,early\n", "line 2, column sync_offset: 'early' is not a number", "seconds"),
        ("video,sync_offset\na.mp4,nan\n", "line 2, column sync_offset: 'nan' is not a number", "seconds"),
        ("video\na.mp4\na.mp4\n", "would both be called 'a'", "Rename"),
        ("", "table is empty", "'video,audio'"),
        ("video,sync-offset\na.mp4,0.5\n", "line 1: column 2 is called 'sync-offset'", "mean 'sync_offset'"),
        ("video;sync offset\na.mp4;0.5\n", "line 1: column 2 is called 'sync offset'", "mean 'sync_offset'"),
        ("video,offset\na.mp4,0.5\n", "line 1: column 2 is called 'offset'", "mean 'sync_offset'"),
        ("Video\tspeakers\na.mp4\tF1\n", "line 1: column 2 is called 'speakers'", "mean 'speaker'"),
        ("video,remarks\na.mp4,x\n", "line 1: column 2 is called 'remarks'", "Remove the column"),
        ("video,audio,audio\na.mp4,,b.wav\n", "line 1: there are two columns 'audio'", "Remove one"),
        ("video,sync_offset\na.mp4,0,5\n", "line 2: '5' stands in column 3", "quotation marks"),
        ('video,audio\n\n"a.mp4",\n\nno.mp4,\n', "line 5, column video", "Correct"),
    ],
)
def test_a_faulty_table_is_refused_with_its_line(tmp_path: Path, text: str, problem: str, remedy: str) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "b.wav")
    with pytest.raises(UserError, match=problem) as caught:
        table(tmp_path, text).recordings()
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_tables_of_spreadsheet_programs_are_read(tmp_path: Path, separator: str, encoding: str) -> None:
    touch(tmp_path / "母 1.mp4", tmp_path / "音 1.wav")
    offset = "0.25" if separator == "," else "0,25"
    rows = [["Video", "AUDIO ", "sync_offset", ""], ["母 1.mp4", " 音 1.wav", offset, ""], ["", "", "", ""]]
    text = "\r\n".join(separator.join(row) for row in rows) + "\r\n"
    (recording,) = table(tmp_path, text, encoding).recordings()
    assert (recording.video, recording.audio) == (tmp_path / "母 1.mp4", tmp_path / "音 1.wav")
    assert recording.sync_offset == 0.25
    (recording,) = table(tmp_path, f"sep={separator}\r\n{text}", encoding).recordings()
    assert recording.sync_offset == 0.25


def test_names_in_a_table_may_be_spelled_otherwise(tmp_path: Path) -> None:
    sound = tmp_path / "w" / unicodedata.normalize("NFD", "が.wav")
    touch(tmp_path / "A.mp4", sound)
    (recording,) = table(tmp_path, f"video,audio\na.MP4,w\\{unicodedata.normalize('NFC', sound.name)}\n").recordings()
    assert recording.audio is not None
    assert os.path.samefile(recording.video, tmp_path / "A.mp4") and os.path.samefile(recording.audio, sound)


def test_a_row_without_sound_takes_what_lies_next_to_the_video(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.mp4", "a.m4a", "b.mp4", "DSP.wav", "DSP.TextGrid")))
    recordings = found(table(tmp_path, "video,audio\na.mp4,\nb.mp4,DSP.wav\n"))
    assert recordings["a"].audio == tmp_path / "a.m4a" and recordings["a"].sound == "auto"
    assert recordings["b"].textgrid == tmp_path / "DSP.TextGrid" and recordings["b"].sound == "file"


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        FolderCorpus(pairs=tmp_path / "no.csv").recordings()
    with pytest.raises(ConfigError, match="cannot be read"):
        table(tmp_path, 'video,audio\n"' + "x" * 200_000 + "\n").recordings()
