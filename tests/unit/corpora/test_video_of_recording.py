from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from rtmri2speech.corpora.base import Recording, Scanner
from rtmri2speech.corpora.video_of_recording import remarks_on_video, scan_recording


def test_rounded_rates_are_mended_and_others_said(talker: Path) -> None:
    plain = Recording("a", "s", talker)
    scan = scan_recording(plain)
    assert scan.rate == Fraction(625, 23) and not remarks_on_video(plain, scan)
    for rate, found in ((Fraction(272, 10), Fraction(272, 10)), (Fraction(30), scan.rate), (scan.rate, scan.rate)):
        known = replace(plain, scanner=Scanner(64, 1.0, (rate,)))
        assert scan_recording(known).rate == found
    other = replace(plain, scanner=Scanner(64, 1.0, (Fraction(30), Fraction(50))))
    (remark,) = remarks_on_video(other, scan)
    assert remark.problem == "27.174 frames per second, and the corpus has 30" and "`fps=30`" in remark.remedy
    assert not remarks_on_video(other, scan, "27")


def test_pixels_have_a_size_in_the_scanner_s_frames_and_multiples() -> None:
    scanner = Scanner(68, 2.9)
    assert scanner.pixel_of(68) == 2.9 and scanner.pixel_of(204) == pytest.approx(2.9 / 3)
    assert scanner.pixel_of(100) is None and Scanner(68).pixel_of(68) is None and Scanner(None, 1.5).pixel_of(7) == 1.5


def test_a_strange_width_is_said(talker: Path) -> None:
    known = Recording("a", "s", talker, scanner=Scanner(84, 2.4))
    (remark,) = remarks_on_video(known, scan_recording(known))
    assert "64 pixels wide, and the corpus has 84" in remark.problem and remark.severity == "note"
