"""Moving pictures, and a dataset folder written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.data.dataset.layout import SAMPLE_FILES, Utterance, write_utterances
from rtmri2speech.data.dataset.meta import Meta
from rtmri2speech.data.files import hash_files, write_text
from rtmri2speech.data.media.audio import write_float_wav
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel import mel_db
from talker import speak

FEATURES = FeatureConfig(sample_rate=2000, n_fft=128, win_length=128, hop_length=40, n_mels=8)
FRAMES = FrameConfig(size=16)

MakeDataset = Callable[..., Path]


@pytest.fixture(scope="session")
def pictures() -> NDArray[np.uint8]:
    """Shape (54, 64, 64)."""
    return speak(2.0, seed=1, size=64).frames


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """A dataset of utterances u0, u1, ... of the given lengths."""

    def make(
        lengths: tuple[int, ...] = (30, 12, 20), splits: tuple[str, ...] = ("train", "train", "validation")
    ) -> Path:
        root = tmp_path / "dataset"
        rng = np.random.default_rng(0)
        utterances = []
        for index, (n, split) in enumerate(zip(lengths, splits, strict=True)):
            folder = root / "samples" / f"u{index}"
            folder.mkdir(parents=True)
            wave = (0.1 * rng.normal(size=n * FEATURES.hop_length)).astype(np.float32)
            np.save(folder / "mri.npy", rng.integers(0, 256, (n, 16, 16)).astype(np.uint8))
            np.save(folder / "mel_db.npy", mel_db(wave, FEATURES))
            np.save(folder / "mask.npy", np.ones(n, np.uint8))
            write_float_wav(folder / "audio.wav", wave, FEATURES.sample_rate)
            digest = hash_files(folder / name for name in SAMPLE_FILES)
            row = Utterance(f"u{index}", "s", split, n, n / 50, f"{index}.mp4", f"{index}.wav", 0.0, digest)
            utterances.append(row)
        write_utterances(root, utterances)
        meta = Meta(
            schema=1,
            features=FEATURES,
            frames=FRAMES,
            ref_frames=4,
            corpus="noise",
            licence="CC0",
            citation="",
            split={},
            code_version="0",
            counts={},
        )
        write_text(root / "meta.json", meta.model_dump_json(by_alias=True))
        return root

    return make
