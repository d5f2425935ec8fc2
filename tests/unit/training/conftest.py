"""A tiny dataset folder from which something can be learned in seconds, and a recipe of that size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rtmri2speech.data.dataset.layout import SAMPLE_FILES, Dataset, Utterance, write_utterances
from rtmri2speech.data.dataset.meta import Meta
from rtmri2speech.data.files import hash_files, write_text
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel import mel_db
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.training.recipes import Recipe

FEATURES = FeatureConfig(sample_rate=2000, n_fft=128, win_length=128, hop_length=40, n_mels=16)
FRAMES = FrameConfig(size=32)

MakeDataset = Callable[..., Path]
MakeRecipe = Callable[..., Recipe]


def utterance_arrays(n_frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames with a bar whose height moves, and a tone whose pitch follows it."""
    rng = np.random.default_rng(seed)
    height = np.cumsum(rng.normal(size=n_frames))
    height = (height - height.min()) / max(float(np.ptp(height)), 1e-9)
    rows = np.arange(FRAMES.size)
    inside = np.abs(rows[None, :] - (4 + 24 * height)[:, None]) < 3
    frames = np.where(inside[:, :, None], 220, 20) + rng.integers(0, 20, (n_frames, FRAMES.size, FRAMES.size))
    hertz = np.repeat(150 + 700 * height, FEATURES.hop_length)
    wave = 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / FEATURES.sample_rate)
    return frames.astype(np.uint8), (wave + 1e-3 * rng.normal(size=len(wave))).astype(np.float32)


@pytest.fixture(autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    def make(
        name: str = "dataset",
        lengths: tuple[int, ...] = (40, 33, 25, 24),
        splits: tuple[str, ...] = ("train", "train", "train", "validation"),
        mask: np.ndarray | None = None,
        seed: int = 0,
    ) -> Path:
        root = tmp_path / name
        utterances, mels = [], []
        for index, (n_frames, split) in enumerate(zip(lengths, splits, strict=True)):
            frames, wave = utterance_arrays(n_frames, seed + index)
            mel = mel_db(wave, FEATURES)
            folder = root / "samples" / f"u{index}"
            folder.mkdir(parents=True)
            np.save(folder / "mri.npy", frames)
            np.save(folder / "mel_db.npy", mel)
            np.save(folder / "mask.npy", np.ones(n_frames, np.uint8) if mask is None else mask)
            write_wav(folder / "audio.wav", wave, FEATURES.sample_rate)
            digest = hash_files(folder / part for part in SAMPLE_FILES)
            seconds = len(wave) / FEATURES.sample_rate
            utterances.append(Utterance(f"u{index}", "s", split, n_frames, seconds, "v", "a", 0.0, digest))
            mels += [mel] if split == "train" else []
        write_text(root / "scaler.json", MelStatistics.fit(mels).to_json())
        write_utterances(root, utterances)
        meta = Meta(
            schema=1,
            features=FEATURES,
            frames=FRAMES,
            ref_frames=4,
            corpus="bars",
            licence="CC0",
            citation="",
            split={},
            code_version="0",
            counts={},
        )
        write_text(root / "meta.json", meta.model_dump_json(by_alias=True))
        return root

    return make


@pytest.fixture
def dataset_dir(make_dataset: MakeDataset) -> Path:
    return make_dataset()


@pytest.fixture
def dataset(dataset_dir: Path) -> Dataset:
    return Dataset(dataset_dir)


@pytest.fixture
def make_recipe() -> MakeRecipe:
    def make(acoustic: dict[str, Any] | None = None, vocoder: dict[str, Any] | None = None) -> Recipe:
        values = {
            "acoustic": {
                "model": {"backbone": "test_efficientnet", "hidden": 16, "dropout": 0.0},
                "data": {"segment_frames": 12, "batch_size": 4, "micro_batch_size": 4, "num_workers": 0},
                "optimizer": {"lr": 3e-3},
                "loss": {"ramp_steps": 0},
                "max_epochs": 6,
                **(acoustic or {}),
            },
            "vocoder": {
                "model": {
                    "upsample_rates": [5, 4, 2],
                    "upsample_kernels": [9, 8, 4],
                    "initial_channels": 16,
                    "resblock_kernels": [3],
                    "resblock_dilations": [[1]],
                },
                "discriminator_divisor": 32,
                "data": {"segment_frames": 10, "batch_size": 2, "num_workers": 0},
                "optimizer": {"lr": 1e-3},
                "max_epochs": 3,
                **(vocoder or {}),
            },
        }
        return Recipe.parse(values, "test")

    return make
