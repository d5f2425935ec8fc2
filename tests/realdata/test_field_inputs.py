"""Inputs as people have them, a test per row of the list that lies with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.cli.main import main
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import labels_of, read_textgrid
from rtmri2speech.errors import UserError
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.mask import load_mask
from rtmri2speech.preparation.prepare import prepare

pytestmark = pytest.mark.realdata


def row(name: str) -> Path:
    root = os.environ.get("RTMRI_REAL_DATA")
    folder = Path(root or "") / "field_inputs" / name
    if not root or not folder.is_dir():
        pytest.skip("RTMRI_REAL_DATA is not set, or its folder lacks field_inputs")
    return folder


def test_51_weights_that_are_not_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = row("51_nan_weights"), tmp_path / "v.safetensors"
    words = ["import", "hifigan", str(folder / "g_nan"), "--config", str(folder / "config.json"), "--out", str(out)]
    assert main(words) == 1 and not out.exists()
    problem, remedy = capsys.readouterr().err.splitlines()
    assert "g_nan: holds values that are not numbers" in problem and "earlier checkpoint" in remedy


VOWELS = [(0.5, 0.9, "a"), (0.9, 1.3, "i"), (1.3, 2.0, "u")]
LABELS = {
    "label_with_bracket": [(0.0, 0.5, "intervals [3] of"), (0.5, 0.9, "a")],
    "negative_start": [(0.0, 0.5, "x"), (0.5, 0.9, "a")],
    "overlap_of_100_ns": VOWELS[:2],
    "point_quotes": [*VOWELS, (0.4, 0.4, 'say "x"')],
    "two_tiers_one_name": [*VOWELS, (0.0, 2.208, "x")],
    "zero_length": [(0.5, 0.9, "a"), (0.9, 0.9, "x"), (0.9, 1.3, "i")],
}


def test_40_textgrids(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = row("40_textgrids")
    wrong = [finding for finding in check(folder).findings if finding.severity != "note"]
    assert [(Path(one.file).stem, "not an annotation of this sound" in one.problem) for one in wrong] == [
        ("much_longer", True)
    ]
    prepare(folder, tmp_path / "ds", cut={"mode": "whole"}, split="recording")
    assert capfd.readouterr().out == ""
    dataset = Dataset(tmp_path / "ds")
    assert len(dataset.utterances) == 11
    for one_row in dataset.utterances:
        found = labels_of(read_textgrid(dataset.folder(one_row) / f"{one_row.id}.TextGrid"))
        expected = LABELS.get(one_row.id, VOWELS)
        assert [one.text for one in found] == [label for *_, label in expected], one_row.id
        for one, (start, end, _) in zip(found, expected, strict=True):
            assert (one.start, one.end) == pytest.approx((start, end), abs=2e-3), one_row.id


ORDINARY: dict[str, Any] = {"cut": {"mode": "whole"}, "split": "recording", "on_mismatch": "trim"}


def bursts(samples: np.ndarray, hop: int = 420) -> list[int]:
    """Frames in which the sound has its bursts."""
    loudness = np.convolve(np.square(samples.astype(np.float64)), np.ones(60), "same")
    places = np.flatnonzero(loudness > 0.5 * loudness.max()) / hop - 0.5
    assert np.abs(places - np.rint(places)).max() < 0.25
    return sorted({int(place) for place in np.rint(places)})


@pytest.mark.parametrize(
    ("name", "words", "peak"),
    [
        ("05_default_sound_track_second", "2 sound tracks; number 2 is used", 0.5),
        ("09_speech_and_noise_channels", "the left one is used", 0.5),
        ("11_float_wav_of_int16_values", "on the scale of 16-bit integers", 0.5),
        ("12_8_kHz_sound", "the sound ends at 4000 Hz", 0.5),
        ("14_quiet_24_bit", "very soft (-52 dB of full scale)", 0.0025),
    ],
)
def test_05_09_11_12_14_sound_is_read_as_it_is_meant(tmp_path: Path, name: str, words: str, peak: float) -> None:
    folder = row(name)
    report = check(folder)
    assert report.wrong == 0 and any(words in finding.problem for finding in report.findings)
    summary = prepare(folder, tmp_path / "ds", **ORDINARY)
    assert not summary.failures and any(words in note for note in summary.notes)
    dataset = Dataset(tmp_path / "ds")
    samples = read_sound(dataset.audio_path(dataset.utterances[0])).samples
    assert bursts(samples) == [10, 40] and float(np.abs(samples).max()) == pytest.approx(peak, rel=0.02)


def test_08_gray_of_full_range() -> None:
    scan = scan_video(row("08_grey_h264_full_range") / "ramp.mp4")
    # A mark moves along the upper edge.
    assert all(np.abs(frame[8:].astype(int) - np.arange(256)).max() <= 1 for frame in scan.read())


def test_10_a_constant_is_silence(tmp_path: Path) -> None:
    folder = row("10_dc_only")
    (finding,) = [one for one in check(folder).findings if one.severity == "error"]
    assert "silent" in finding.problem and Path(finding.file).name == "a.wav"
    with pytest.raises(UserError, match="silent"):
        prepare(folder, tmp_path / "ds", **ORDINARY)


@pytest.mark.parametrize("name", ["rgba.png", "la.png", "palette.png", "bom.json"])
def test_50_transparent_masks(name: str) -> None:
    mask = load_mask(row("50_transparent_masks") / name, 256)
    assert mask.mean() == 0.1875
