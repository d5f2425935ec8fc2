"""A tract and the sound of its video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_tracts import RATE, SIZE, made_tract, voice_of
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import MediaError
from rtmri2speech.vocal_tract.against_sound.recording import compare_with_sound, spans_of

pytest.importorskip("parselmouth", reason="Praat is not installed")


def test_the_sound_is_that_of_the_video_or_the_one_named(tmp_path: Path) -> None:
    tract, video = made_tract(25), tmp_path / "clip.mkv"
    write_video(video, [np.full((SIZE, SIZE), 60 + number, np.uint8) for number in range(25)], RATE)
    with pytest.raises(MediaError, match="has no sound") as caught:
        compare_with_sound(tract, video)
    assert "`audio=" in caught.value.remedy
    voice = voice_of(tract)
    write_wav(tmp_path / "other.wav", voice.samples, voice.rate)
    named = compare_with_sound(tract, video, audio=tmp_path / "other.wav")
    (tmp_path / "other.wav").rename(tmp_path / "clip.wav")
    found = compare_with_sound(tract, video)
    assert found.agreement[1].r > 0.95 and found.agreement[1].r == named.agreement[1].r
    assert list(spans_of(None)) == []
