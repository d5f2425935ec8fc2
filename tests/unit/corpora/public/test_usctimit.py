from __future__ import annotations

from pathlib import Path

import pytest

from fake_corpora import SENTENCES, talk, usctimit, wav
from rtmri2speech.corpora.public.usctimit import UscTimit
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import MediaError
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig

SMALL = PrepareOptions(frames=FrameConfig(size=16))


def test_files_are_cut_at_their_sentences_with_their_text(tmp_path: Path) -> None:
    roots = usctimit(tmp_path)
    prepare(UscTimit(tuple(roots)), tmp_path / "set", SMALL, workers=1, split="test")
    rows = [row for row in Dataset(tmp_path / "set").utterances if row.id.startswith("usctimit_mri_f1_001_005")]
    assert [row.text for row in rows] == SENTENCES and [row.id[-4:] for row in rows] == [f"-00{n}" for n in range(1, 6)]
    # With half of the pauses of 0.1 s, and all of the silence at the start.
    starts = [0.0, *(0.05 + 0.55 * index for index in range(1, 5))]
    assert [row.source_start for row in rows] == pytest.approx(starts, abs=0.02)
    assert rows[1].seconds == pytest.approx(0.55, abs=0.04)
    prepare(UscTimit(tuple(roots)), tmp_path / "whole", SMALL, workers=1, split="test", cut={"mode": "whole"})
    whole = Dataset(tmp_path / "whole").utterances
    assert [row.text for row in whole] == [" ".join(SENTENCES), " ".join(SENTENCES), ""]


def test_what_is_missing_is_said_by_speaker(tmp_path: Path) -> None:
    listing = UscTimit(tuple(usctimit(tmp_path))).listing()
    assert [one.problem for one in listing.remarks] == [
        "1 video(s) *_withaudio passed over, which show the same as others",
        "F1: 450 of 460 sentences have no video here: 11-460",
        "M1: 455 of 460 sentences have no video here: 6-460",
        "M1: 1 video(s) without a transcript: usctimit_mri_m1_001_005",
    ]
    assert [one.video.suffix for one in listing.recordings] == [".avi"] * 3


def test_videos_with_sound_take_the_place_of_silent_ones(tmp_path: Path) -> None:
    (root,) = usctimit(tmp_path)
    (root / "MRI/Data/M1/avi/usctimit_mri_m1_001_005.avi").unlink()
    last = UscTimit((root,)).recordings()[-1]
    assert last.video.name == "usctimit_mri_m1_001_005_withaudio.mp4" and last.id == "usctimit_mri_m1_001_005"


def test_the_list_of_sentences_has_the_text(tmp_path: Path) -> None:
    (root,) = usctimit(tmp_path)
    listed = root / "list_of_sentences.txt"
    listed.write_text("\n".join(f"{number}: Text {number}." for number in range(1, 461)), encoding="utf-8")
    assert UscTimit((root,)).recordings()[-1].text == "Text 1. Text 2. Text 3. Text 4. Text 5."
    listed.write_text("no list", encoding="utf-8")
    with pytest.raises(MediaError, match="not a list of sentences"):
        UscTimit((root,)).recordings()


def test_of_cut_copies_no_sentence_is_guessed(tmp_path: Path) -> None:
    name = "usctimit_mri_m3_016_020_dn_0"
    clip = talk(1, talk(1, 50, 16).frame_rate, 16)
    wav(tmp_path / f"{name}.wav", clip)
    (tmp_path / f"{name}.mp4").touch()
    (tmp_path / "list_of_sentences.txt").write_text("16 Sixteen.\n17 Seventeen.\n", encoding="utf-8")
    (one,) = UscTimit((tmp_path,)).recordings()
    assert (one.speaker, one.text, one.id) == ("M3", None, name)
    (tmp_path / f"{name}.txt").write_text("What was\nsaid.", encoding="utf-8")
    assert UscTimit((tmp_path,)).recordings()[0].text == "What was said."
