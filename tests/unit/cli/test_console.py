"""What commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.cli import console
from rtmri2speech.cli.console import find_model


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "pretrained" / "phantom" / "model.safetensors"
    monkeypatch.setattr(console, "pretrained", lambda: {"phantom": path})
    monkeypatch.chdir(tmp_path)
    return path


def test_a_shipped_model_is_found_by_its_name(shipped: Path) -> None:
    assert find_model("phantom") == shipped


def test_a_file_comes_before_a_shipped_model_of_its_name(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "phantom").write_bytes(b"mine")
    assert find_model("phantom") == Path("phantom")


def test_a_folder_of_that_name_is_no_model(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "phantom").mkdir()  # what `simulate --out phantom` leaves
    assert find_model("phantom") == shipped


def test_other_names_are_paths(shipped: Path) -> None:
    assert find_model("models/m.safetensors") == Path("models/m.safetensors")
