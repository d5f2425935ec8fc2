"""Caption strips below frames."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.reporting.video import captions
from rtmri2speech.reporting.video.captions import CaptionStrip, ColorBar

RAMP = np.repeat(np.linspace(0, 255, 16).astype(np.uint8)[:, None], 3, axis=1)
RED = np.full((4, 3), (255, 0, 0), np.uint8)


def ink(pixels: np.ndarray) -> np.ndarray:
    """Where letters are."""
    return (pixels > 200).all(axis=2)


@pytest.mark.parametrize("width", [160, 256, 511, 1024])
def test_nothing_is_cut_off(width: int) -> None:
    text = "F2 900-2500 Hz: positive part, full color = 1.2e-07 power"
    strip = CaptionStrip(
        width, [ColorBar(RAMP, text), ColorBar(RED, text)], ["a label of the user's own, rather long", "x"]
    )
    pixels = strip.with_line("frame 12345   451.234 s")
    assert pixels.shape == (strip.height, width, 3) and pixels.dtype == np.uint8 and strip.height % 2 == 0
    letters = ink(pixels)
    assert letters.any() and not letters[:, -2:].any() and not letters[-2:].any()


def test_only_the_last_line_changes() -> None:
    strip = CaptionStrip(512, [ColorBar(RED, "F1")])
    one, other = strip.with_line("frame 1   0.055 s"), strip.with_line("frame 2   0.092 s")
    changed = np.flatnonzero((one != other).any(axis=(1, 2)))
    assert len(changed) and changed[0] > strip.height // 2
    assert np.array_equal(one, strip.with_line("frame 1   0.055 s"))


def test_letters_can_be_read_at_the_memos_size() -> None:
    rows = np.flatnonzero(ink(CaptionStrip(256, [], ["H"], changing=False).with_line("")).any(axis=1))
    assert rows[-1] - rows[0] + 1 >= 8


def test_the_bar_runs_from_the_lowest_to_the_highest() -> None:
    pixels = CaptionStrip(512, [ColorBar(RAMP, "F1")]).with_line("")
    row = pixels[12, 7 : 7 + 70, 0].astype(int)
    assert row[0] == 0 and row[-1] == 255 and (np.diff(row) >= 0).all()


def test_letters_that_no_font_has_become_question_marks() -> None:
    assert np.array_equal(
        CaptionStrip(256, [], ["a\U0010ffff"]).with_line(""), CaptionStrip(256, [], ["a?"]).with_line("")
    )


def test_fonts_are_looked_up_once_for_all_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def drawable(text: str) -> tuple[str, list[str]]:
        asked.append(text)
        return text.replace("☃", "?"), ["DejaVu Sans"]

    monkeypatch.setattr(captions, "drawable", drawable)
    captions._font_of.cache_clear()
    strip = CaptionStrip(512, [])
    shown = [strip.with_line(f"a☃   frame {number}   {0.123 * number:.3f} s") for number in range(1, 30)]
    captions._font_of.cache_clear()
    assert len(asked) == 1
    assert len({one.tobytes() for one in shown}) == len(shown), "digits are drawn as they are"
    monkeypatch.undo()
    assert np.array_equal(strip.with_line("a? 12"), strip.with_line("a\ue123 12")), (
        "what no font has is a question mark"
    )
