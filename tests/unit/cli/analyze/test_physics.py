"""``analyze physics``: of a simulated and of a real speaker, and what it cannot work with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rtmri2speech.data.annotation.grid import moved
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.textgrid import interval_grid, read_textgrid, write_textgrid
from rtmri2speech.models.bundle.model_file import Bundle, save_bundle
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.retiming import plan_retiming
from tables import rows_of
from tract_models import moving_tract, tract_bundle

Run = Callable[..., Any]
FEW = ["--target", "log-energy", "--stride", 8, "--device", "cpu"]


def model_of(folder: Path, make_bundle: Callable[..., Bundle], size: int) -> Path:
    path = folder / f"eyes{size}.safetensors"
    save_bundle(make_bundle("acoustic", frames=FrameConfig(size=size)), path)
    return path


def test_a_simulated_utterance(
    run: Run, tiny_phantom: Path, make_bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    model = model_of(tmp_path, make_bundle, 256)
    video = sorted(tiny_phantom.glob("*/*_0000.mp4"))[0]
    out = tmp_path / "out"
    result = run("analyze", "physics", video, "--model", model, "--out", out, *FEW)
    assert result.code == 0 and "cosine with physics" in result.out, result.err
    rows = rows_of(out / "physics.csv")
    assert {(row["method"], row["band"]) for row in rows} == {
        (method, band) for method in ("gradcam", "hirescam", "widening") for band in ("F1", "F2", "all")
    }
    assert all(0 < float(row["cosine"]) <= 1 and 0 < float(row["p"]) <= 1 for row in rows)
    assert Image.open(out / "physics.png").size[0] > 300
    signed = rows_of(out / "physics_signed.csv")
    assert [row["formant"] for row in signed] == ["F1", "F2"] and -1 <= float(signed[0]["r_permuted"]) <= 1
    assert len((out / "belief.md").read_text(encoding="utf-8").splitlines()) == 2 + 3


def test_a_real_speaker(run: Run, talker: Path, make_bundle: Callable[..., Bundle], tmp_path: Path) -> None:
    model = model_of(tmp_path, make_bundle, 64)
    grid = tmp_path / "t.TextGrid"
    write_textgrid(interval_grid({"phones": [(0.1, 0.5, "i"), (0.6, 1.0, "a"), (1.2, 1.6, "s")]}, 2.5), grid)
    words = ["--model", model, "--out", tmp_path / "out", "--regions", "template", "--textgrid", grid, *FEW]
    result = run("analyze", "physics", talker, *words)
    assert result.code == 0 and "times start" not in result.err
    rows = rows_of(tmp_path / "out" / "physics_vowels.csv")
    write_textgrid(moved(read_textgrid(grid), -100.0), grid)
    shifted = run("analyze", "physics", talker, *words)
    assert "t.TextGrid: its times start at 100 s" in shifted.err
    assert rows_of(tmp_path / "out" / "physics_vowels.csv") == rows
    about = json.loads((tmp_path / "out" / "physics.json").read_text(encoding="utf-8"))
    assert about["model_sha256"] == hash_files([model]) and about["provenance"] == {"seed": 0}
    assert about["videos"] == [str(talker)] and about["regions_of"] == "template" and about["textgrid"] == str(grid)
    assert about["frames"][0].keys() == {"a", "i"} and about["targets"] == ["log-energy"] and about["strides"] == [8]
    assert {row["vowel"] for row in rows} == {"a", "i"} and "found_tongue_root" in rows[0]


def test_a_model_that_reads_a_measured_tract_has_hz_per_mm_alone(run: Run, tiny_phantom: Path, tmp_path: Path) -> None:
    model = tmp_path / "reader.safetensors"
    retiming = plan_retiming(np.arange(20) * 0.04, 0.8, 25.0)
    save_bundle(tract_bundle(moving_tract(20), retiming), model)
    video = sorted(tiny_phantom.glob("*/*_0000.mp4"))[0]
    words = ["analyze", "physics", video, "--model", model, "--out", tmp_path / "out", "--device", "cpu"]
    result = run(*words, "--permuted", 2)
    assert result.code == 0, result.err
    assert {row["method"] for row in rows_of(tmp_path / "out" / "physics.csv")} == {"widening"}
    signed = rows_of(tmp_path / "out" / "physics_signed.csv")
    assert [row["formant"] for row in signed] == ["F1", "F2"] and float(signed[0]["p_weights"]) >= 0
    about = json.loads((tmp_path / "out" / "physics.json").read_text(encoding="utf-8"))
    assert about["targets"] == about["strides"] == []
    refused = run(*words, "--stride", 8)
    assert "reads no frames that there could be maps of" in refused.problem and "its Hz per mm" in refused.remedy
    refused = run(*words, "--no-signed")
    assert "nothing to compare" in refused.problem and "phantom" in refused.remedy


BAD: list[tuple[list[Any], str]] = [
    ([], "talker.npz"),
    (["--regions", "template"], "--regions and --textgrid"),
    (["--formant-band", "F1:300-900"], "--formant-band: 1 given"),
    (["--regions", "template", "--textgrid", "gone.TextGrid"], "gone.TextGrid"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_done_is_one_line(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path, words: list[Any], named: str
) -> None:
    out = tmp_path / "out"
    result = run("analyze", "physics", talker, "--model", model_files["acoustic"], "--out", out, *words)
    assert named in result.problem and result.remedy
    assert not out.exists()
