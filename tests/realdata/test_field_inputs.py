"""Inputs as people have them, a test per row of the list that lies with them."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from block_code import assert_in_the_middle
from rtmri2speech.cli.main import main
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import labels_of, read_textgrid
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.mask import load_mask
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.signal.defaults import HOP_LENGTH

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


def bursts(dataset: Path) -> dict[str, list[float]]:
    """Where the tone of 1.5 kHz is in every utterance, in frames."""
    found = {}
    for utterance in Dataset(dataset).utterances:
        sound = read_sound(Dataset(dataset).audio_path(utterance))
        tone = sound.samples * np.exp(-2j * np.pi * 1500 * np.arange(len(sound.samples)) / sound.rate)
        level = np.abs(np.convolve(tone, np.ones(46), "same")) ** 2
        edges = np.flatnonzero(np.diff(np.concatenate([[0], (level > level.max() / 4).astype(int), [0]])))
        found[utterance.id] = [float(one + other) / 2 / HOP_LENGTH for one, other in edges.reshape(-1, 2)]
    return found


def whole(source: Path | FolderCorpus, out: Path) -> dict[str, list[float]]:
    """Prepare as the list's commands do; where the bursts are."""
    prepare(source, out, cut={"mode": "whole"}, split="recording", on_mismatch="trim")
    return bursts(out)


IN_PLACE = pytest.approx([10.5, 40.5], abs=0.25)


def test_20_sound_next_to_a_video(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    shutil.copytree(row("20_sound_beside_not_taken"), folder)
    (folder / "e.wav").symlink_to("nowhere")
    report = check(folder)
    assert [(Path(one.file).name, "not there" in one.problem) for one in report.findings if one.severity != "note"] == [
        ("e.wav", True)
    ]
    assert sum("its own sound track is not used" in one.problem for one in report.findings) == 4
    found = whole(folder, tmp_path / "ds")
    assert len(found) == 4 and all(places == IN_PLACE for places in found.values())


def test_21_linked_speaker_folder(tmp_path: Path) -> None:
    shutil.copytree(row("21_linked_speaker_folder"), tmp_path / "in")
    videos = tmp_path / "in" / "videos"
    (videos / "yamada").symlink_to("../elsewhere/yamada")
    recordings = FolderCorpus((videos,)).recordings()
    assert [(item.id, item.speaker) for item in recordings] == [("suzuki_1", "suzuki"), ("yamada_1", "yamada")]
    report = check(videos)
    assert report.recordings == 2 and not report.wrong


def test_22_other_endings(tmp_path: Path) -> None:
    folder = row("22_other_endings")
    assert not check(folder).wrong
    found = whole(folder, tmp_path / "ds")
    assert sorted(found) == list("abcde") and all(places == IN_PLACE for places in found.values())


@pytest.mark.parametrize("column", ["sync-offset", "offset", "sync offset"])
def test_23_pairs_header_misspelt(tmp_path: Path, column: str) -> None:
    shutil.copytree(row("23_pairs_header_misspelt"), tmp_path / "in")
    table = tmp_path / "in" / "pairs.csv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("sync-offset", column), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"line 1: column 3 is called '{column}'") as caught:
        FolderCorpus(pairs=table).recordings()
    assert "Did you mean 'sync_offset'?" in caught.value.remedy
    table.write_text(text.replace("sync-offset", "sync_offset"), encoding="utf-8")
    assert whole(FolderCorpus(pairs=table), tmp_path / "ds") == {"v1": IN_PLACE}


def test_25_name_in_shift_jis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tarfile.open(row("25_name_in_shift_jis") / "name.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    assert main(["check", str(tmp_path / "x")]) == 0 and "1 recording(s) checked" in capsys.readouterr().out
    assert list(whole(tmp_path / "x", tmp_path / "ds").values()) == [IN_PLACE]


def test_26_colon_in_name(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = row("26_colon_in_name")
    shutil.copy(folder / "take_2.mp4", tmp_path / "take:2.mp4")
    shutil.copy(folder / "clip.mp4", tmp_path / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "take:2.mp4"]) == 0
    assert main(["render", "masked", "clip.mp4", "--region", "lips", "--out", "t:1.mp4"]) == 0
    assert "t:1.mp4: 60 frames" in capsys.readouterr().out and (tmp_path / "t:1.mp4").is_file()


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


def test_01_a_sound_clock_that_drifts() -> None:
    folder = row("01_audio_clock_drift")
    assert_in_the_middle(folder / "drift.mkv", [10, 110, 200], 0.05)
    report = check(folder)
    assert report.facts[0].drift == pytest.approx(0.118, abs=2e-3)
    assert any("0.118 s slower than its samples" in finding.problem for finding in report.findings)


def test_03_one_time_stamp_twice() -> None:
    folder = row("03_one_duplicate_timestamp")
    assert_in_the_middle(folder / "dup.mov", [10, 40, 70, 100], 0.1)
    assert any("the first is frame 80 at 3.50 s" in finding.problem for finding in check(folder).findings)


def test_04_a_cut_between_two_frames() -> None:
    folder = row("04_stream_copied_cut")
    assert_in_the_middle(folder / "cut.mp4", [40, 70, 100], 0.05)
    assert any("0.025 s after the start of its sound" in finding.problem for finding in check(folder).findings)


def test_30_avi_with_mp3(tmp_path: Path) -> None:
    folder = row("30_avi_with_mp3")
    assert check(folder).wrong == 0
    assert_in_the_middle(folder / "a.avi", [10, 40], 0.05)
    prepare(folder, tmp_path / "ds", cut={"mode": "whole"}, split="recording")
    assert Dataset(tmp_path / "ds").utterances[0].n_frames == 60


ORDINARY: dict[str, Any] = {"cut": {"mode": "whole"}, "split": "recording", "on_mismatch": "trim"}


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
    assert report.facts[0].sound == ("own track 2 of 2" if name.startswith("05") else "a.wav")
    assert report.facts[0].channels == ("left of 2" if name.startswith("09") else "1")
    assert report.facts[0].band == (4000.0 if report.facts[0].rate == 8000 else 5706.5)
    dataset = Dataset(tmp_path / "ds")
    samples = read_sound(dataset.audio_path(dataset.utterances[0])).samples
    assert float(np.abs(samples).max()) == pytest.approx(peak, rel=0.02)
    (found,) = bursts(tmp_path / "ds").values()
    assert found == pytest.approx([10.5, 40.5], abs=0.25)


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
