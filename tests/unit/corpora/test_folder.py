from __future__ import annotations

import math
import os
import unicodedata
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


SPELLINGS = [
    ("a.mp4", "a.Wav"),
    ("b.mp4", "B.wav"),
    ("c.mp4", "C.FLAC"),
    ("d.mp4", "d.m4a"),
    ("e.mp4", "e.WAVE"),
    ("f.avi", "f.mp3"),
    ("g.avi", "g.sph"),
    ("h.mov", "h.w64"),
    ("i.mov", "i.aiff"),
    ("j.mov", "j.opus"),
    ("がぎ.mp4", unicodedata.normalize("NFD", "がぎ.wav")),
    (unicodedata.normalize("NFD", "é.mp4"), "É.wav"),
    ("take.1.mp4", "Take.1.ogg"),
]


@pytest.mark.parametrize(("video", "sound"), SPELLINGS)
def test_the_sound_is_found_however_its_name_is_spelled(tmp_path: Path, video: str, sound: str) -> None:
    touch(tmp_path / video, tmp_path / sound, tmp_path / "z.mp4")
    recordings = found(FolderCorpus((tmp_path,)))
    assert len(recordings) == 2 and recordings.pop("z").audio is None
    (recording,) = recordings.values()
    assert recording.audio == tmp_path / sound and recording.sound == "auto" and not recording.remarks
    (track,) = FolderCorpus((tmp_path / video,), sound="track").recordings()
    assert track.audio is None


def test_the_name_that_is_the_same_letter_by_letter_comes_first(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.mp4", "A.wav", "a.m4a", "a.flac")))
    assert found(FolderCorpus((tmp_path,)))["a"].audio == tmp_path / "a.flac"


def test_a_link_to_a_sound_that_is_missing_is_taken_for_the_sound(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "b.mp4")
    link(tmp_path / "a.wav", tmp_path / "nowhere")
    link(tmp_path / "c.mp4", tmp_path / "nowhere")
    listing = FolderCorpus((tmp_path,)).listing()
    assert [item.id for item in listing.recordings] == ["a", "b", "c"]  # the video that is missing is an error later
    first = listing.recordings[0]
    assert isinstance(first, Recording) and first.audio == tmp_path / "a.wav" and not listing.remarks


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("links are not allowed here")


@pytest.mark.parametrize(
    ("video", "sound", "near"),
    [
        ("take_01", "take1", True),
        ("001", "001_denoised", True),
        ("001_video", "001_audio", True),
        ("sentence3", "sentense3", True),
        ("a", "a_16k", True),
        ("take1", "take2", False),
        ("001", "DSP_OUT", False),
        ("yamada", "suzuki", False),
    ],
)
def test_names_that_are_nearly_the_same_are_said(tmp_path: Path, video: str, sound: str, near: bool) -> None:
    touch(tmp_path / f"{video}.mp4", tmp_path / f"{sound}.wav")
    (recording,) = FolderCorpus((tmp_path,)).recordings()
    assert recording.audio is None and bool(recording.remarks) == near
    if near:
        (remark,) = recording.remarks
        assert remark.severity == "warning" and f"{sound}.wav has nearly its name" in remark.problem
        assert f"name it {video}.wav" in remark.remedy and "`sound='track'`" in remark.remedy
    (asked,) = FolderCorpus((tmp_path,), sound="track").recordings()
    assert not asked.remarks


def test_a_sound_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "b.mp4", tmp_path / "b.ogg")
    recordings = found(FolderCorpus((tmp_path,), sound="file"))
    assert recordings["a"].audio == tmp_path / "a.wav" and recordings["b"].audio == tmp_path / "b.ogg"
    with pytest.raises(ConfigError, match="`audio` and `sound='track'` exclude each other"):
        FolderCorpus((tmp_path / "a.mp4",), audio=tmp_path / "b.ogg", sound="track").recordings()


def test_an_annotation_may_be_named_after_the_sound(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("scan7.mp4", "DSP.wav", "DSP.TextGrid")))
    (recording,) = FolderCorpus((tmp_path / "scan7.mp4",), audio=tmp_path / "DSP.wav").recordings()
    assert recording.textgrid == tmp_path / "DSP.TextGrid"
    touch(tmp_path / "scan7.TextGrid")
    (recording,) = FolderCorpus((tmp_path / "scan7.mp4",), audio=tmp_path / "DSP.wav").recordings()
    assert recording.textgrid == tmp_path / "scan7.TextGrid"
    assert [(item.file.name, item.problem) for item in recording.remarks] == [
        ("DSP.TextGrid", "not used, because scan7.TextGrid is there too")
    ]


def said(corpus: FolderCorpus) -> list[str]:
    return [remark.problem for remark in corpus.listing().remarks]


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    touch(videos / "suzuki" / "1.mp4", tmp_path / "elsewhere" / "yamada" / "day2" / "1.mp4")
    link(videos / "yamada", tmp_path / "elsewhere" / "yamada")
    corpus = FolderCorpus((videos,))
    assert {item.id: item.speaker for item in corpus.recordings()} == {
        "suzuki_1": "suzuki",
        "yamada_day2_1": "yamada",
    }
    assert not said(corpus)
    link(videos / "again", videos / "suzuki")
    link(videos / "yamada" / "loop", videos)
    link(videos / "up", tmp_path)
    link(videos / "yamada" / "day2" / "mine", tmp_path / "elsewhere" / "yamada")
    assert [item.id for item in corpus.recordings()] == ["suzuki_1", "yamada_day2_1"]
    (problem,) = said(corpus)
    assert problem.startswith("4 link(s) passed over that lead to a folder that is read already")


def test_every_ending_of_videos_is_taken(tmp_path: Path) -> None:
    endings = ["m4v", "mpg", "mpeg", "ts", "mts", "m2ts", "webm", "wmv", "3gp", "flv", "mxf", "ogv", "gif"]
    endings += ["mp4", "mov", "avi", "mkv"]
    touch(*(tmp_path / f"{name}.{name.upper() if number % 2 else name}" for number, name in enumerate(endings)))
    corpus = FolderCorpus((tmp_path,))
    assert sorted(found(corpus)) == sorted(endings) and not said(corpus)


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.mp4", "a.wav", "a.TextGrid", "._a.mp4", "Thumbs.db")))
    assert not said(FolderCorpus((tmp_path,)))
    touch(*(tmp_path / name for name in ("a.gif", "x.wav", ".b.mp4", "1.png", "2.png", "notes", "c.braw")))
    touch(tmp_path / "dataset" / ".receipts" / "x.json")
    link(tmp_path / "old", tmp_path / "nowhere")
    assert found(FolderCorpus((tmp_path,)))["a"].video == tmp_path / "a.mp4"
    assert said(FolderCorpus((tmp_path,))) == [
        "1 video(s) passed over that have the name of another with a more usual ending: a.gif",
        "1 sound file(s) passed over that belong to no video: x.wav",
        "4 file(s) passed over: 2 .png, 1 .braw, 1 without ending",
        "1 hidden file(s) passed over: .b.mp4",
        "1 link(s) passed over that lead to nothing: old",
        "1 folder(s) of datasets passed over: dataset",
    ]
    assert not said(FolderCorpus((tmp_path / "a.mp4",)))


def test_names_that_no_folder_can_have_become_ids(tmp_path: Path) -> None:
    long = "あ" * 78  # 234 bytes
    touch(tmp_path / f"{long}.mp4", tmp_path / f"{long[:-1]}い.mp4")
    if os.name != "nt":
        (tmp_path / os.fsdecode(b"\x83e\x83X.mp4")).write_bytes(b"")
    names = list(found(FolderCorpus((tmp_path,))))
    assert len(set(names)) == (2 if os.name == "nt" else 3)
    assert all(len(name.encode()) <= 200 for name in names) and ("_x83e_x83X" in names or os.name == "nt")
