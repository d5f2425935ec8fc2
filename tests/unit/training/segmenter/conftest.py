"""Two simulated heads of four poses: a tongue that moves in an airway, and frames of a person next to their labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from heads import CODES, head
from rtmri2speech.data.media.video import write_video
from rtmri2speech.training.recipes import Recipe

MakeHeads = Callable[..., Path]


@pytest.fixture
def make_heads(tmp_path: Path) -> MakeHeads:
    def make(name: str = "heads", heads: tuple[str, ...] = ("m01", "f01"), poses: int = 4) -> Path:
        root = tmp_path / name
        for seed, speaker in enumerate(heads):
            (root / speaker).mkdir(parents=True)
            codes, labels = head(poses, seed)
            np.savez_compressed(root / speaker / f"{speaker}_poses.npz", codes=codes, labels=labels)
        speakers = [{"name": speaker, "poses": poses} for speaker in heads]
        content = {"kind": "poses", "schema": 1, "speakers": speakers, "codes": CODES}
        (root / "poses.json").write_text(json.dumps(content), encoding="utf-8")
        return root

    return make


@pytest.fixture
def person(tmp_path: Path) -> Path:
    """A film of six frames of 64 x 64, with labels of each."""
    codes, labels = head(6, 9)
    root = tmp_path / "person"
    root.mkdir()
    gray = np.array([0, 10, 150, 220, 250], np.uint8)[codes][:, 2::4, 2::4]
    write_video(root / "clip.mp4", gray, Fraction(20), lossless=True)
    np.savez(root / "clip_regions.npz", labels=labels[:, 2::4, 2::4])
    return root


@pytest.fixture
def tiny() -> Callable[..., Recipe]:
    def make(**fields: object) -> Recipe:
        data = {"batch_size": 2, "validation_frames": 1, **fields.pop("data", {})}  # type: ignore[dict-item]
        settings = {
            "model": {"size": 32, "widths": [8, 12]},
            "optimizer": {"lr": 5e-3},
            "max_steps": 6,
            "epoch_steps": 3,
            "warmup_steps": 2,
            **fields,
        }
        return Recipe.model_validate({"segmenter": {**settings, "data": data}})

    return make
