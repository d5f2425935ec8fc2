"""A network of one layer, and a cache folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rtmri2speech.models.exported import cache
from rtmri2speech.models.exported.network import Part


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where exported networks are kept."""
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "networks"))
    return tmp_path / "networks"


@pytest.fixture
def part() -> Part:
    torch.manual_seed(0)
    return Part("small network", torch.nn.Conv1d(2, 3, 3, padding=1).eval(), torch.rand(1, 2, 16), 2)
