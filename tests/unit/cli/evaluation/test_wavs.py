"""``evaluate --wavs``: two folders from the command line, and what does not go together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.data.media.audio import resample, write_wav
from rtmri2speech.signal import defaults

Run = Callable[..., Any]

SPOKEN = Path(__file__).parents[3] / "golden" / "spoken"
RATE = defaults.SAMPLE_RATE


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Noise of the length of each spoken sentence."""
    rng = np.random.default_rng(0)
    for name, seconds in (("goforward", 2.78), ("something", 2.99)):
        (tmp_path / "noise").mkdir(exist_ok=True)
        write_wav(tmp_path / "noise" / f"{name}.wav", 0.1 * rng.standard_normal(round(seconds * RATE)), RATE)
    return tmp_path / "noise"


@pytest.mark.slow
def test_people_are_understood_and_noise_is_not(noise: Path, tmp_path: Path, run: Run) -> None:
    pytest.importorskip("pocketsphinx", reason="the extra intelligibility is not installed")
    ran = run(
        "evaluate", "--wavs", SPOKEN, noise, "--out", tmp_path / "o", "--recognizer", "pocketsphinx", "--workers", 1
    )
    assert ran.code == 0, ran.err
    about = json.loads((tmp_path / "o" / "metrics.json").read_text(encoding="utf-8"))
    rates = {(one["sound"], one["measure"]): one["value"] for one in about["intelligibility"]["rates"]}
    for measure in ("wer", "cer", "per"):
        assert (rates["recorded", measure], rates["generated", measure]) == (0.0, 1.0)
    assert rates["generated", "dwer"] == 1.0
    assert "2 file(s), compared at 11413 Hz" in ran.out and "recognized by pocketsphinx" in ran.out
    assert ran.out.rstrip().endswith("metrics.json")


def test_a_system_is_scored_without_a_recognizer(tmp_path: Path, run: Run) -> None:
    rng = np.random.default_rng(1)
    for side, rate in (("r", RATE), ("g", 8000)):
        for name in "ab":
            (tmp_path / side).mkdir(exist_ok=True)
            write_wav(tmp_path / side / f"{name}.wav", resample(0.1 * rng.standard_normal(8000), 8000, rate), rate)
    (tmp_path / "g" / "b.wav").write_bytes(b"no sound")
    ran = run("evaluate", "--wavs", tmp_path / "r", tmp_path / "g", "--out", tmp_path / "o", "--workers", 1)
    assert ran.code == 1 and "b.wav" in ran.err


def test_what_does_not_go_together(noise: Path, tmp_path: Path, run: Run) -> None:
    out = ("--out", tmp_path / "o")
    assert (
        run("evaluate", *out).problem == 'Command "evaluate" needs --dataset and --model, or --wavs RECORDED GENERATED.'
    )
    assert run("evaluate", tmp_path, "phantom", "--sample-rate", 8000, *out).problem.startswith(
        "--sample-rate 8000: given without"
    )
    assert run("evaluate", "--wavs", SPOKEN, noise, "--tier", "x", *out).problem == "--tier x: given with --wavs."
    assert "no such recognizer" in run("evaluate", "--wavs", SPOKEN, noise, "--recognizer", "siri", *out).problem
    assert not (tmp_path / "o").exists()
