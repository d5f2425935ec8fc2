from __future__ import annotations

from pathlib import Path

import pytest

from fake_corpora import usclss
from rtmri2speech.corpora.public.usclss import UscLss
from rtmri2speech.errors import MediaError


def test_sentences_with_denoised_sound_and_the_split_of_the_lists(tmp_path: Path) -> None:
    listing = UscLss(tuple(usclss(tmp_path))).listing()
    recordings = listing.recordings
    assert [one.split for one in recordings] == ["train", "train", "validation", "test"]
    assert {one.audio.parent.name for one in recordings if one.audio is not None} == {"audio_dsp"}
    assert recordings[1].text == "Sentence number 1."  # type: ignore[union-attr]
    assert [one.problem for one in listing.remarks] == [
        "1 video(s) passed over that show the same as others: 1 whole session(s), and copies",
        "4 of 684 sentences are here",
    ]


def test_sessions_alone_are_taken_whole(tmp_path: Path) -> None:
    (root,) = usclss(tmp_path)
    (one,) = UscLss((root / "avi",)).recordings()
    assert one.id == "usc_s1_1" and one.split is None and one.speaker == "usc_s1"


def test_lists_that_name_other_videos(tmp_path: Path) -> None:
    (root,) = usclss(tmp_path)
    (root / "val.txt").write_text("usc_s1_9_9\n", encoding="utf-8")
    listing = UscLss((root,)).listing()
    said = [one.problem for one in listing.remarks]
    assert "1 recording(s) that it lists are not there: usc_s1_9_9" in said
    assert "1 recording(s) left out that no list of its split names: usc_s1_1_2" in said
    assert len(listing.recordings) == 3
    for name in ("train", "test"):
        (root / f"{name}.txt").unlink()
    with pytest.raises(MediaError, match="name none of the videos"):
        UscLss((root,)).recordings()


def test_what_is_said_is_unknown_without_transcripts(tmp_path: Path) -> None:
    (root,) = usclss(tmp_path)
    for path in (root / "transcripts").iterdir():
        path.unlink()
    assert any("4 recording(s) without transcript" in one.problem for one in UscLss((root,)).listing().remarks)
