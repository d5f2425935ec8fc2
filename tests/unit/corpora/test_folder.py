from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.corpora.base import Corpus, Recording
from rtmri2speech.corpora.folder import FolderCorpus, unpaired_sounds
from rtmri2speech.corpora.names import safe_name
from rtmri2speech.errors import ConfigError, MediaError, UserError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def found(corpus: FolderCorpus) -> dict[str, Recording]:
    recordings = corpus.recordings()
    assert [item.id for item in recordings] == sorted(item.id for item in recordings)
    return {item.id: item for item in recordings}


def test_a_video_without_a_sound_file_uses_its_own_track(tmp_path: Path) -> None:
    touch(tmp_path / "b.mp4", tmp_path / "a.avi", tmp_path / "c.mkv", tmp_path / "d.mov", tmp_path / "notes.txt")
    recordings = found(FolderCorpus((tmp_path,)))
    assert list(recordings) == ["a", "b", "c", "d"]
    assert all(item.audio is None and item.textgrid is None for item in recordings.values())
    assert recordings["a"].sources == [tmp_path / "a.avi"]
    assert {item.speaker for item in recordings.values()} == {"speaker1"}


def test_sound_and_annotation_beside_the_video_are_found(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.mp4", "a.wav", "a.TextGrid", "b.mp4", "b.flac", "b.textgrid", "ab.wav")))
    recordings = found(FolderCorpus((tmp_path,)))
    assert recordings["a"].sources == [tmp_path / name for name in ("a.mp4", "a.wav", "a.TextGrid")]
    assert recordings["b"].sources == [tmp_path / name for name in ("b.mp4", "b.flac", "b.textgrid")]


def test_upper_case_endings_are_found(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("A.MP4", "A.WAV", "A.TEXTGRID", "b.Mov", "b.FLAC")))
    recordings = found(FolderCorpus((tmp_path,)))
    assert [path.name for path in recordings["A"].sources] == ["A.MP4", "A.WAV", "A.TEXTGRID"]
    assert [path.name for path in recordings["b"].sources] == ["b.Mov", "b.FLAC"]


def test_names_with_dots_spaces_and_every_script(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("take.1.mp4", "take.1.wav", "母音 あ.mp4", "母音 あ.wav", "ä b.avi")))
    recordings = found(FolderCorpus((tmp_path,)))
    assert set(recordings) == {"take.1", "母音_あ", "ä_b"}
    assert recordings["take.1"].audio == tmp_path / "take.1.wav"
    assert recordings["母音_あ"].audio == tmp_path / "母音 あ.wav"


@given(st.text(min_size=1, max_size=30))
def test_an_id_is_a_folder_name_on_every_system(name: str) -> None:
    safe = safe_name(name)
    assert (
        safe and not set(safe) & set('<>:"/\\|?*\n\t ') and not safe.endswith((".", " ")) and not safe.startswith(".")
    )


def test_subfolders_are_speakers(tmp_path: Path) -> None:
    touch(tmp_path / "F1" / "001.mp4", tmp_path / "M1" / "day2" / "001.mp4", tmp_path / "top.mp4")
    recordings = found(FolderCorpus((tmp_path,), speaker="me"))
    assert {key: item.speaker for key, item in recordings.items()} == {"F1_001": "F1", "M1_day2_001": "M1", "top": "me"}


def test_sounds_in_a_folder_of_their_own(tmp_path: Path) -> None:
    videos, sounds = tmp_path / "v", tmp_path / "s"
    touch(videos / "F1" / "a.mp4", videos / "F1" / "b.mp4", videos / "F1" / "b.wav", videos / "c.mp4", videos / "c.wav")
    touch(sounds / "F1" / "a.flac", sounds / "b.wav", sounds / "b.TextGrid")
    recordings = found(FolderCorpus((videos,), audio_dir=sounds))
    assert recordings["F1_a"].audio == sounds / "F1" / "a.flac"
    assert recordings["F1_b"].audio == sounds / "b.wav"  # asked for, so before the one beside it
    assert recordings["F1_b"].textgrid == sounds / "b.TextGrid"
    # Its own sound would be raw sound among denoised: the missing file is reported when it is read.
    assert recordings["c"].audio == sounds / "c.wav"
    with pytest.raises(MediaError, match="no such folder"):
        FolderCorpus((videos,), audio_dir=tmp_path / "no").recordings()


def test_files_and_folders_may_be_mixed(tmp_path: Path) -> None:
    touch(tmp_path / "one" / "a.mp4", tmp_path / "b.mp4", tmp_path / "b.wav")
    recordings = found(FolderCorpus((tmp_path / "one", tmp_path / "b.mp4"), sync_offset=0.25))
    assert list(recordings) == ["a", "b"] and recordings["b"].audio == tmp_path / "b.wav"
    assert {item.sync_offset for item in recordings.values()} == {0.25}


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / "._a.mp4", tmp_path / "a.mp4")
    (tmp_path / "folder.mp4").mkdir()
    assert list(found(FolderCorpus((tmp_path,)))) == ["a"]


def test_one_sound_for_one_video(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "other.wav", tmp_path / "b.mp4")
    corpus = FolderCorpus((tmp_path / "a.mp4",), audio=tmp_path / "other.wav")
    assert corpus.recordings()[0].audio == tmp_path / "other.wav"
    with pytest.raises(ConfigError, match="not with 2"):
        FolderCorpus((tmp_path,), audio=tmp_path / "other.wav").recordings()
    with pytest.raises(MediaError, match="no such file"):
        FolderCorpus((tmp_path / "a.mp4",), audio=tmp_path / "no.wav").recordings()


@pytest.mark.parametrize(
    "names", [("a.mp4", "A.mp4"), ("a.mp4", "a.avi"), ("x y.mp4", "x_y.mp4"), ("s/a.mp4", "s_a.mp4")]
)
def test_two_recordings_of_one_name_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    touch(*(tmp_path / name for name in names))
    if len(list(tmp_path.rglob("*.*"))) < 2:
        pytest.skip("this file system takes the two names for one")
    with pytest.raises(UserError, match="would both be called") as caught:
        FolderCorpus((tmp_path,)).recordings()
    assert all(Path(name).name in caught.value.problem for name in names)


def test_a_missing_folder_and_one_without_videos_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such file or folder"):
        FolderCorpus((tmp_path / "no",)).recordings()
    touch(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="No video found") as caught:
        FolderCorpus((tmp_path,)).recordings()
    assert str(tmp_path) in caught.value.problem and ".mp4" in caught.value.remedy


@pytest.mark.parametrize("offset", [math.nan, math.inf])
def test_an_offset_that_is_no_number_is_refused(tmp_path: Path, offset: float) -> None:
    touch(tmp_path / "a.mp4")
    with pytest.raises(ConfigError, match="`sync_offset"):
        FolderCorpus((tmp_path,), sync_offset=offset).recordings()


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
    ("text", "problem"),
    [
        ("video,audio\na.mp4,\n,b.wav\n", "line 3: names no video"),
        ("video;audio\na.mp4;\n", "line 2: names no video"),
        ("a.mp4,b.wav\na.mp4,b.wav\n", "line 2: names no video"),
        ("video,audio\na.mp4,\nno.mp4,\n", "no.mp4: no such file .*line 3"),
        ("video,audio\na.mp4,no.wav\n", "no.wav: no such file .*line 2"),
        ("video,sync_offset\na.mp4,early\n", "line 2: sync_offset 'early' is not a number"),
        ("video,sync_offset\na.mp4,nan\n", "line 2: sync_offset 'nan' is not a number"),
        ("video\na.mp4\na.mp4\n", "would both be called 'a'"),
        ("", "No video found"),
    ],
)
def test_a_faulty_table_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "b.wav")
    with pytest.raises(UserError, match=problem) as caught:
        table(tmp_path, text).recordings()
    assert caught.value.remedy


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        table(tmp_path, "video\n母.mp4\n", "shift_jis").recordings()
    with pytest.raises(ConfigError, match="cannot be read"):
        FolderCorpus(pairs=tmp_path / "no.csv").recordings()


def test_sounds_without_a_video_are_named(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.avi", "a.wav", "DSP_1.WAV", "b.flac", "c.txt")))
    assert [path.name for path in unpaired_sounds(tmp_path / "a.avi")] == ["DSP_1.WAV", "b.flac"]


def test_a_folder_is_a_corpus(tmp_path: Path) -> None:
    corpus: Corpus = FolderCorpus((tmp_path,))
    assert corpus.name == "folder" and corpus.licence


def test_one_sound_for_two_videos_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "v" / "A" / "001.mp4", tmp_path / "v" / "B" / "001.mp4", tmp_path / "s" / "001.wav")
    with pytest.raises(UserError, match=r"A.001\.mp4 and .*B.001\.mp4 would both take"):
        FolderCorpus((tmp_path / "v",), audio_dir=tmp_path / "s").recordings()


def test_several_folders_are_speakers(tmp_path: Path) -> None:
    touch(tmp_path / "F1" / "a.mp4", tmp_path / "M2" / "b.mp4")
    recordings = found(FolderCorpus((tmp_path / "F1", tmp_path / "M2")))
    assert {item.id: item.speaker for item in recordings.values()} == {"a": "F1", "b": "M2"}


def test_names_of_devices_become_names_of_folders(tmp_path: Path) -> None:
    touch(tmp_path / "NUL" / "x.mp4", tmp_path / "con.mp4")
    assert sorted(found(FolderCorpus((tmp_path,)))) == ["NUL_x", "_con"]
