"""A folder of tracts in which sound follows from shape, and a tiny recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import measured
from rtmri2speech.data.dataset.tract_folder import TractFolder
from rtmri2speech.training.recipes import Recipe


@pytest.fixture
def tracts(tmp_path: Path) -> TractFolder:
    return TractFolder(measured.folder(tmp_path / "tracts"))


@pytest.fixture
def tiny() -> Callable[..., Recipe]:
    def make(**fields: object) -> Recipe:
        data = {"batch_size": 4, "segment_frames": 32, **fields.pop("data", {})}  # type: ignore[dict-item]
        settings = {
            "model": {"width": 16, "hidden": 16, "layers": 1, "dropout": 0.0},
            "optimizer": {"lr": 1e-2},
            "max_steps": 6,
            "epoch_steps": 3,
            "warmup_steps": 0,
            **fields,
        }
        return Recipe.model_validate({"tract": {**settings, "data": data}})

    return make
