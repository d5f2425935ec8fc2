"""The sound that belongs to a video, and the clock of its labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.sound_of_recording import MissingSound, find_sound, lead_of_labels, sound_of
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.clips import open_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.preparation.align import offsets
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

RATE = Fraction(625, 23)
SOUND_RATE = 20000


def test_sounds_that_may_be_meant_are_named_with_their_lengths(
    folder: Path, talk: tuple[NDArray[np.uint8], NDArray[np.float32]]
) -> None:
    (folder / "a.wav").rename(folder / "DSP_OUT.wav")
    soundfile.write(folder / "MAIN.wav", np.concatenate([talk[1]] * 3), SOUND_RATE)
    (folder / "noise.wav").write_bytes(b"")
    (recording,) = FolderCorpus((folder,)).recordings()
    with pytest.raises(MissingSound) as caught:
        find_sound(recording, scan_video(recording.video))
    problem = caught.value.problem
    assert "the video lasts 2.21 s" in problem and "DSP_OUT.wav (2.21 s)" in problem
    assert "MAIN.wav (6.62 s, 4.42 s off)" in problem and "noise.wav (unreadable)" in problem
    assert "`audio=" in caught.value.remedy and "DSP_OUT.wav" in caught.value.remedy


def test_the_sound_of_a_video_is_the_file_next_to_it(folder: Path) -> None:
    assert sound_of(folder / "a.avi").duration == sound_of(folder / "a.wav").duration > 2.0


def test_a_sound_file_starts_with_the_video_whatever_the_container_says(folder: Path) -> None:
    (recording,) = FolderCorpus((folder,)).recordings()
    assert recording.audio is not None
    scan = scan_video(recording.video)
    late = replace(scan, starts=scan.starts + 0.2, end=scan.end + 0.2)
    for shown in (scan, late):
        clip = open_clip(shown, FeatureConfig(), FrameConfig())
        assert offsets(find_sound(recording, shown), clip, 0.0).lead == pytest.approx(0.0)
        assert offsets(find_sound(recording, shown), clip, 0.5).lead == pytest.approx(0.5)


def test_labels_are_on_the_clock_of_the_sound_that_is_used(
    mux: Callable[..., Path], tmp_path: Path, talk: tuple[NDArray[np.uint8], NDArray[np.float32]]
) -> None:
    def lead(path: Path) -> float:
        return lead_of_labels(open_clip(scan_video(path), FeatureConfig(), FrameConfig(size=64)))

    late = mux(tmp_path / "late.mkv", talk[0], RATE, talk[1], SOUND_RATE, "pcm_s16le", Fraction(1, 4))
    assert lead(late) == pytest.approx(-0.25, abs=2e-3)
    early = mux(tmp_path / "early.mkv", talk[0], RATE, talk[1], SOUND_RATE, "pcm_s16le", Fraction(-1, 4))
    assert lead(early) == pytest.approx(0.25, abs=2e-3)
    write_wav(tmp_path / "early.wav", talk[1], SOUND_RATE)
    assert lead(early) == 0
    write_video(tmp_path / "silent" / "silent.avi", talk[0], RATE, lossless=True)
    assert lead(tmp_path / "silent" / "silent.avi") == 0
