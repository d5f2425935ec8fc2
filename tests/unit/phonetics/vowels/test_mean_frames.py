"""Mean frames of vowels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.phonetics.vowels.mean_frames import MeanFrames
from rtmri2speech.phonetics.vowels.spans import Span


def test_mean_frames_take_the_middle_third(tmp_path: Path) -> None:
    frames = np.full((50, 16, 16), 30, np.uint8)
    frames[:, :8] = 0
    frames[:, 8:12] = 255
    # 0.40 to 0.70 s: the middle third is 0.50 to 0.60 s, frames 25 to 29 at 50 a second.
    frames[25:30, 12:] = 200
    write_video(tmp_path / "v.mkv", frames, Fraction(50), lossless=True)
    clip = open_gray_clip(scan_video(tmp_path / "v.mkv"), Fraction(50), 16)
    made = MeanFrames()
    made.add(clip, Fraction(50), [Span("a", 0.4, 0.7), Span("i", 0.1, 0.12)], 0.0)
    assert made.counts == {"a": 5, "i": 1}
    means = made.means()
    assert means["a"][14, 5] == 200 and means["i"][14, 5] == 30
    # With a tenth of a second of sound before the first frame, all lies earlier in it.
    late = MeanFrames()
    late.add(clip, Fraction(50), [Span("a", 0.5, 0.8), Span("u", 0.4, 0.7)], 0.1)
    assert late.means()["a"][14, 5] == 200 and late.means()["u"][14, 5] == 30
    (path,) = made.save(tmp_path)
    with np.load(path) as saved:
        assert saved["labels"].tolist() == ["i", "a"] and saved["frames"].shape == (2, 16, 16)
        assert saved["counts"].tolist() == [1, 5]
