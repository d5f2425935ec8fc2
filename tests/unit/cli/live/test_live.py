"""The command ``live``: what it prints, writes and refuses."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from rtmri2speech.live import arrivals, session

Run = Callable[..., Any]
HEADER = {"width": 32, "height": 32, "fps": "11413/420"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_PATIENCE", 30.0)
    monkeypatch.setattr(session, "_MOST_WAITING", 1000)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Twelve frames behind a header."""
    path = tmp_path / "frames.raw"
    pixels = np.random.default_rng(0).integers(0, 255, (12, 32, 32), np.uint8)
    path.write_bytes(json.dumps(HEADER).encode() + b"\n" + pixels.tobytes())
    return path


def test_sound_is_written_and_what_happened_is_said(
    run: Run, raw: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "speech.wav"
    both = ["--out", out, "--out", tmp_path / "twin.wav"]
    result = run("live", "--source", raw, "--model", model_files["synthesizer"], *both, "--look-ahead", 1)
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == "the source ended: 12 frames at 27.17 per second, 0.44 s of sound"
    assert lines[1].startswith("bridged: 0 lost, 0 late, 0 skipped")
    assert lines[2].startswith("latency: 184 ms by the look-ahead; measured ")
    assert "27.17 frames per second" in result.err
    assert soundfile.info(out).frames == 12 * 420
    assert out.read_bytes() == (tmp_path / "twin.wav").read_bytes()


def test_every_second_there_is_a_line(run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path) -> None:
    words = ["live", "--source", talker, "--model", model_files["synthesizer"], "--out", tmp_path / "a.wav"]
    result = run(*words, "--verbose")
    assert sum("s of sound, latency" in line for line in result.err.splitlines()) == 2


def test_pipes_on_both_sides(raw: Path, model_files: dict[str, Path]) -> None:
    words = [sys.executable, "-c", "from rtmri2speech.cli.main import main; raise SystemExit(main())", "live"]
    words += ["--source", "-", "--model", str(model_files["synthesizer"]), "--out", "-"]
    done = subprocess.run(words, input=raw.read_bytes(), capture_output=True, timeout=120, check=True)
    assert len(done.stdout) == 12 * 420 * 2 or b"late" in done.stderr
    assert b"the source ended: 12 frames" in done.stderr


def test_refusals_are_two_lines(
    run: Run, raw: Path, model_files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = model_files["synthesizer"], tmp_path / "a.wav"

    def problem(source: object, *more: object, model: Path = model) -> str:
        return str(run("live", "--source", source, "--model", model, "--out", out, *more).problem)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert problem(f"tcp://127.0.0.1:{port}") == f"tcp://127.0.0.1:{port}: the port is in use."
    refused = run("live", "--source", "tcp://0.0.0.0:0", "--model", model, "--out", out)
    assert "other computers could connect" in refused.problem and "--listen-anywhere" in refused.remedy
    assert problem(tmp_path / "no.mp4") == f"{tmp_path / 'no.mp4'}: no such file."
    assert "--chunk 0: too few frames" in problem(raw, "--chunk", 0)
    assert "--stall 0: no time to wait" in problem(raw, "--stall", 0)
    assert "--fps fast: not a frame rate" in problem(raw, "--fps", "fast")
    assert "holds no vocoder" in problem(raw, model=model_files["acoustic"])
    assert "reads a measured tract" in problem(raw, model=Path("strangers"))
    assert "no place for sound" in run("live", "--source", raw, "--model", model, "--out", "a.ogg").problem
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "rtmri2speech[live]" in run("live", "--source", raw, "--model", model, "--out", "speaker").remedy
    assert not out.exists()


def test_standard_input_that_is_no_file_is_said(
    run: Run, model_files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    words = ["--model", model_files["synthesizer"], "--out", tmp_path / "a.wav"]
    assert "standard input: cannot be read" in run("live", "--source", "-", *words).err
