"""Praat's PitchTiers are read as Praat reads them, whatever way they were saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.annotation.pitch_tier import PitchTier, read_pitch_tier, write_pitch_tier
from rtmri2speech.errors import MediaError

TIMES, HERTZ = [0.25, 0.5, 1.125], [120.0, 131.5, 98.25]
WAYS = (
    *("Save as text file", "Save as short text file", "Save as binary file"),
    *("Save as PitchTier spreadsheet file", "Save as headerless spreadsheet file"),
)


@pytest.mark.parametrize("way", WAYS)
def test_what_praat_saves_is_read(way: str, tmp_path: Path) -> None:
    call = pytest.importorskip("parselmouth").praat.call
    tier = call("Create PitchTier", "p", 0.0, 2.0)
    for time, hertz in zip(TIMES, HERTZ, strict=True):
        call(tier, "Add point", time, hertz)
    path = tmp_path / "p.PitchTier"
    call(tier, way, str(path))
    read = read_pitch_tier(path)
    np.testing.assert_allclose(read.times, TIMES, atol=1e-9)
    np.testing.assert_allclose(read.f0_hz, HERTZ, atol=1e-9)
    assert (read.start, read.end) == ((0.25, 1.125) if "headerless" in way else (0.0, 2.0))
    at = np.array([0.0, 0.375, 0.8, 2.0])
    praat = [call(tier, "Get value at time", float(time)) for time in at]
    np.testing.assert_allclose(read.at(at), praat)
    assert read.at(at)[1] == (120.0 + 131.5) / 2


def test_what_is_written_praat_reads(tmp_path: Path) -> None:
    parselmouth = pytest.importorskip("parselmouth")
    path = tmp_path / "p.PitchTier"
    write_pitch_tier(path, PitchTier(0.0, 2.0, np.array(TIMES), np.array(HERTZ)))
    again = read_pitch_tier(path)
    assert again.times.tolist() == TIMES and again.f0_hz.tolist() == HERTZ and again.end == 2.0
    praat = parselmouth.read(str(path))
    assert parselmouth.praat.call(praat, "Get value at index", 2) == 131.5


def test_other_encodings_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "p.PitchTier"
    write_pitch_tier(path, PitchTier(0.0, 2.0, np.array(TIMES), np.array(HERTZ)))
    path.write_bytes(path.read_text("utf-8").replace("\n", "\r\n").encode("utf-16"))
    assert read_pitch_tier(path).f0_hz.tolist() == HERTZ


HEAD = 'File type = "ooTextFile"\nObject class = "PitchTier"\n\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"ooTextFile"\n"TextGrid"\n0 1', "Praat's TextGrid, not a PitchTier"),
        (HEAD + "0 1 0", "without points"),
        (HEAD + "0 1 2\n0.2 100\n0.3", "the file ends before the pitch of point 2"),
        (HEAD + "0 1 2\n0.2 100\n0.2 101", "point 2 is not later than the one before it"),
        (HEAD + "0 1 2\n0.2 100\n0.3 0", "point 2 has a pitch of 0 Hz"),
        ("", "the file ends before the file type"),
        ("0.2 100\n0.3 abc", "the file ends before the pitch of point 2"),
    ],
)
def test_what_is_none_is_said(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "p.PitchTier"
    path.write_text(text, "utf-8")
    with pytest.raises(MediaError, match="not a PitchTier that can be read") as caught:
        read_pitch_tier(path)
    assert problem in caught.value.problem and str(path) in caught.value.problem


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such file"):
        read_pitch_tier(tmp_path / "p.PitchTier")
