"""Inputs as people have them, a test per row of the list that lies with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtmri2speech.cli.main import main

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
