"""The option ``--sound-only`` of prepare and check."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from rtmri2speech.corpora.phantom import MANIFEST
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from talker import speak

Run = Callable[..., Any]


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for index in range(2):
        soundfile.write(folder / f"r{index}.flac", speak(4.0, index, sample_rate=16000, size=16).audio, 16000)
    return folder


def test_prepare_and_check_take_sound_alone(run: Run, sounds: Path, tmp_path: Path) -> None:
    checked = run("check", sounds, "--sound-only", "--workers", "1")
    assert checked.code == 0 and "2 recording(s) checked: nothing wrong" in checked.out
    out = sounds / "set"  # below the inputs: its own copies are no inputs
    words = ["prepare", sounds, "--out", out, "--sound_only", "--speaker", "me", "--workers", "1"]
    assert "6 utterances" in run(*words).out and "0 recording(s) worked on" in run(*words).out
    assert {row.speaker for row in Dataset(out).utterances} == {"me"} and not Dataset(out).has_frames
    again = run("check", out, "--workers", "1")
    assert again.code == 0 and "1 dataset(s) checked: nothing wrong" in again.out


def test_bad_and_short_sounds_are_listed_and_the_others_done(run: Run, sounds: Path, tmp_path: Path) -> None:
    (sounds / "broken.mp3").write_bytes(b"nothing")
    soundfile.write(sounds / "short.wav", 0.1 * np.sin(np.arange(90.0)), 16000)
    result = run("prepare", sounds, "--out", tmp_path / "set", "--sound-only", "--workers", "1", "--split", "recording")
    assert result.code == 1 and "2 utterances" in result.out
    lines = result.err.splitlines()
    assert lines[0].startswith(f"note: {sounds / 'short.wav'}: left out, because")
    assert lines[-2].startswith(f"error: {sounds / 'broken.mp3'}: cannot be read") and lines[-1].strip()
    findings = json.loads(run("check", sounds, "--sound-only", "--json", "--workers", "1").out)["findings"]
    assert [(Path(item["file"]).name, item["severity"]) for item in findings] == [
        ("broken.mp3", "error"),
        ("short.wav", "note"),
    ]


def test_without_the_option_it_is_suggested(run: Run, sounds: Path, tmp_path: Path) -> None:
    for words in (["prepare", sounds, "--out", tmp_path / "set"], ["check", sounds]):
        result = run(*words)
        assert "No video found" in result.problem and "add --sound-only" in result.remedy
    result = run("prepare", sounds / "r0.flac", "--out", tmp_path / "set")
    assert "is a sound file" in result.problem and "--sound-only" in result.remedy
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "words",
    [
        "--audio-dir x",
        "--audio x.wav",
        "--pairs x.csv",
        "--mask m.png",
        "--fps 25",
        "--sync-offset 0.5",
        "--on-mismatch trim",
        "--trim-over-bright",
        "--normalization robust",
        "--export-pairs",
    ],
)
def test_options_about_pictures_are_refused(run: Run, sounds: Path, tmp_path: Path, words: str) -> None:
    result = run("prepare", sounds, "--out", tmp_path / "set", "--sound-only", *words.split())
    assert words.split()[0] in result.problem and "--sound-only" in result.problem
    assert not (tmp_path / "set").exists()


def test_check_refuses_contradictions(run: Run, sounds: Path) -> None:
    assert "--fps, --video-only" in run("check", sounds, "--sound-only", "--video-only", "--fps", "25").problem


def test_no_inputs_and_no_sounds_are_said(run: Run, tmp_path: Path) -> None:
    assert "No videos given" in run("prepare", "--sound-only", "--out", tmp_path / "set").problem
    (tmp_path / "empty").mkdir()
    assert "No sound file found" in run("prepare", tmp_path / "empty", "--sound-only", "--out", tmp_path / "s").problem


def test_a_phantom_gives_its_sound_with_its_own_splits(run: Run, sounds: Path, tmp_path: Path) -> None:
    rows = []
    for index, split in enumerate(("train", "validation")):
        (tmp_path / "phantom" / "m01").mkdir(parents=True, exist_ok=True)
        samples, rate = soundfile.read(sounds / f"r{index}.flac")
        soundfile.write(tmp_path / "phantom" / "m01" / f"u{index}.wav", samples, rate)
        annotation = tmp_path / "phantom" / "m01" / f"u{index}.TextGrid"
        write_textgrid(interval_grid({"phones": [(1.0, 2.0, "a")]}, 4.0), annotation)
        rows.append({"id": f"u{index}", "speaker": "m01", "split": split})
    (tmp_path / "phantom" / MANIFEST).write_text(json.dumps({"utterances": rows}), encoding="utf-8")
    words = ["prepare", tmp_path / "phantom", "--sound-only", "--out", tmp_path / "set", "--workers", "1"]
    assert "split by corpus" in run(*words).out
    dataset = Dataset(tmp_path / "set")
    assert [(row.id, row.speaker, row.split) for row in dataset.utterances] == [
        ("u0", "m01", "train"),
        ("u1", "m01", "validation"),
    ]
    assert not dataset.has_frames and dataset.meta.corpus == "phantom" and "Birkholz" in dataset.meta.citation


def test_what_needs_frames_says_so(run: Run, sounds: Path, tmp_path: Path, model_files: dict[str, Path]) -> None:
    out = tmp_path / "set"
    assert run("prepare", sounds, "--out", out, "--sound-only", "--workers", "1").code == 0
    trained = run("train", "acoustic", out, "--recipe", "smoke", "--out", tmp_path / "a.safetensors")
    assert str(out) in trained.problem and "holds sound alone" in trained.problem and "VIDEOS" in trained.remedy
    assert not (tmp_path / "a.safetensors").exists()
    sound = Dataset(out).audio_path(Dataset(out).utterances[0])
    spoken = run("synthesize", sound, "--model", model_files["synthesizer"], "--out", tmp_path / "speech")
    assert "holds no video" in spoken.problem


def test_sound_alone_loads_no_heavy_library(sounds: Path, tmp_path: Path) -> None:
    probe = (
        "import sys\nfrom rtmri2speech.cli.main import main\n"
        "assert main(['prepare', sys.argv[1], '--out', sys.argv[2], '--sound-only', '--workers', '1']) == 0\n"
        "assert main(['check', sys.argv[2], '--workers', '1']) == 0\n"
        "print([name for name in ('torch', 'lightning', 'matplotlib', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, str(sounds), str(tmp_path / "set")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "[]"
