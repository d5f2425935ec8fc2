from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.corpora.base import Corpus, Recording, SoundRecording
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.search import files_below
from rtmri2speech.corpora.sounds import SoundFolderCorpus, SoundOf
from rtmri2speech.data.dataset.layout import RECEIPTS
from rtmri2speech.data.endings import SOUND_SUFFIXES
from rtmri2speech.errors import MediaError, UserError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_sound_files_of_every_kind_are_found(tmp_path: Path) -> None:
    touch(*(tmp_path / f"r{index}{suffix}" for index, suffix in enumerate(SOUND_SUFFIXES)))
    touch(tmp_path / "LOUD.WAV", tmp_path / "notes.txt", tmp_path / "film.mp4", tmp_path / "._r0.wav")
    recordings = SoundFolderCorpus((tmp_path,)).recordings()
    assert [item.id for item in recordings] == sorted(["LOUD", *(f"r{n}" for n in range(len(SOUND_SUFFIXES)))])
    assert all(item.speaker == "speaker1" and item.split is None for item in recordings)
    assert all(item.sources == [item.audio] and item.file == item.audio for item in recordings)


def test_subfolders_are_speakers_and_annotations_lie_beside(tmp_path: Path) -> None:
    touch(tmp_path / "F1" / "day2" / "a b.mp3", tmp_path / "F1" / "day2" / "a b.TextGrid", tmp_path / "top.flac")
    one, two = SoundFolderCorpus((tmp_path,), speaker="me").recordings()
    assert (one.id, one.speaker, one.textgrid) == ("F1_day2_a_b", "F1", tmp_path / "F1" / "day2" / "a b.TextGrid")
    assert (two.id, two.speaker, two.textgrid) == ("top", "me", None)
    assert one.sources == [one.audio, one.textgrid]


def test_several_folders_are_speakers_and_single_files_are_not(tmp_path: Path) -> None:
    touch(tmp_path / "F1" / "a.wav", tmp_path / "M2" / "b.wav", tmp_path / "c.ogg")
    recordings = SoundFolderCorpus((tmp_path / "F1", tmp_path / "M2", tmp_path / "c.ogg")).recordings()
    assert {item.id: item.speaker for item in recordings} == {"a": "F1", "b": "M2", "c": "speaker1"}


def test_a_single_file_may_have_any_ending(tmp_path: Path) -> None:
    touch(tmp_path / "film.mp4")
    (only,) = SoundFolderCorpus((tmp_path / "film.mp4",)).recordings()
    assert only == SoundRecording("film", "speaker1", tmp_path / "film.mp4")


def test_two_sounds_of_one_name_are_refused(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav", tmp_path / "a.mp3")
    with pytest.raises(UserError, match=r"a\.mp3 and .*a\.wav would both be called 'a'"):
        SoundFolderCorpus((tmp_path,)).recordings()


def test_no_sound_and_no_folder_are_refused(tmp_path: Path) -> None:
    touch(tmp_path / "film.mp4")
    with pytest.raises(MediaError, match="No sound file found") as caught:
        SoundFolderCorpus((tmp_path,)).recordings()
    assert ".wav" in caught.value.remedy and "`sound_only" in caught.value.remedy
    with pytest.raises(MediaError, match="no such file or folder"):
        SoundFolderCorpus((tmp_path / "no",)).recordings()


def test_the_copies_in_a_dataset_are_no_recordings(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav", tmp_path / "set" / RECEIPTS / "a.json", tmp_path / "set" / "samples" / "a" / "audio.wav")
    assert files_below(tmp_path, (".wav",)) == [tmp_path / "a.wav"]
    assert len(SoundFolderCorpus((tmp_path,)).recordings()) == 1


def test_the_sound_of_videos_keeps_names_speakers_and_splits(tmp_path: Path) -> None:
    class Videos:
        name, licence, citation = "videos", "CC0", "them"

        def recordings(self) -> list[Recording]:
            both = Recording("a", "F1", Path("a.mp4"), Path("a.wav"), Path("a.TextGrid"), 0.5, "test")
            return [both, Recording("b", "M1", Path("b.mp4"))]

    corpus: Corpus = SoundOf(Videos())
    assert (corpus.name, corpus.licence, corpus.citation) == ("videos", "CC0", "them")
    assert corpus.recordings() == [
        SoundRecording("a", "F1", Path("a.wav"), Path("a.TextGrid"), "test"),
        SoundRecording("b", "M1", Path("b.mp4")),
    ]
    assert SoundOf(corpus).recordings() == corpus.recordings()


def test_where_videos_are_looked_for_sounds_are_mentioned(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a.ogg")
    with pytest.raises(MediaError, match="No video found") as caught:
        FolderCorpus((tmp_path / "in",)).recordings()
    assert "a.ogg" in caught.value.remedy and "`sound_only" in caught.value.remedy
    with pytest.raises(MediaError, match="is a sound file, not a video") as caught:
        FolderCorpus((tmp_path / "in" / "a.ogg",)).recordings()
    assert "`sound_only" in caught.value.remedy
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="No video found") as caught:
        FolderCorpus((tmp_path / "empty",)).recordings()
    assert "`sound_only" not in caught.value.remedy
