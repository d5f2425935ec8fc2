"""What ``train`` prints besides its progress."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.models.bundle.model_file import load_bundle

Run = Callable[..., Any]


@pytest.mark.train
@pytest.mark.parametrize("name", ["v.safetensors", "v.pt"])
def test_a_model_file_of_another_ending_is_said_to_be_one(run: Run, dataset: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    words = ["train", "vocoder", dataset, "--recipe", "smoke", "--device", "cpu", "--set", "vocoder.max_steps=2"]
    result = run(*words, "--out-ckpt", out)
    assert result.code == 0 and load_bundle(out).vocoder is not None
    notes = [line for line in result.err.splitlines() if ".safetensors file" in line]
    assert len(notes) == (name == "v.pt")
    assert all(f"{out}: a .safetensors file, whatever its name" in note for note in notes)
