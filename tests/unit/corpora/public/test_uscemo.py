from __future__ import annotations

from pathlib import Path

import pytest

from fake_corpora import uscemo
from rtmri2speech.corpora.public.uscemo import UscEmo


@pytest.mark.parametrize(
    ("path", "speaker", "identity"),
    [
        ("F03/avi/ang_1.avi", "F3", "F3_ang_1"),
        ("data/spk_m2/sad.mp4", "M2", "M2_sad"),
        ("f1_neu_02.avi", "F1", "f1_neu_02"),
        ("male5/x_withaudio.avi", "M5", "M5_x"),
        ("calibration.avi", None, None),
    ],
)
def test_the_speaker_is_a_folder_or_stands_in_the_name(path: str, speaker: str | None, identity: str | None) -> None:
    named = UscEmo(()).named(Path("root", path), Path("root"))
    assert (speaker, identity) == (None, None) if named is None else (named.speaker, named.id) == (speaker, identity)


def test_speakers_and_emotions_are_counted(tmp_path: Path) -> None:
    listing = UscEmo(tuple(uscemo(tmp_path))).listing()
    assert [one.problem for one in listing.remarks] == [
        "2 of 10 speakers are here: F1, M2",
        "emotions by the names of files: 4 neutral, 3 anger, 3 sadness",
    ]
    assert all(one.audio is not None and one.audio.parent.name == "wav" for one in listing.recordings)
