"""From a recording of a real speaker to speech, by the README's commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from recordings import data
from rtmri2speech.cli.main import main
from rtmri2speech.data.dataset.layout import Dataset

pytestmark = pytest.mark.realdata


@pytest.fixture
def video() -> Path:
    return next(data("usc75_sub001").glob("*.mp4"))


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def test_a_real_recording_becomes_speech(video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.set_num_threads(1)
    dataset, model = tmp_path / "dataset", tmp_path / "model.safetensors"
    run("check", video)
    run("prepare", video, "--out", dataset, "--trim-over-bright", "--split-ratio", "70", "10", "20", "--workers", "1")
    seconds = {
        split: sum(row.seconds for row in Dataset(dataset).utterances if row.split == split)
        for split in ("train", "validation", "test")
    }
    # 38.6 s less what is over-bright and the gaps between the splits.
    assert 34 < sum(seconds.values()) < 38.5 and seconds["test"] == pytest.approx(0.2 * 37, rel=0.15)
    paths = {stage: tmp_path / f"{stage}.safetensors" for stage in ("acoustic", "vocoder")}
    for stage, path in paths.items():
        more = ["--set", f"{stage}.max_steps=3", "--device", "cpu"]
        run("train", stage, dataset, "--recipe", "smoke", "--out", path, *more)
    run("bundle", "--acoustic", paths["acoustic"], "--vocoder", paths["vocoder"], "--out", model)
    capsys.readouterr()
    run("synthesize", video, "--model", model, "--out", tmp_path / "speech", "--device", "cpu")
    told = capsys.readouterr()
    mel = np.load(tmp_path / "speech" / f"{video.stem}_mel.npy")
    info = soundfile.info(tmp_path / "speech" / f"{video.stem}_generated.wav")
    assert info.samplerate == 11413 and info.frames == 420 * len(mel)
    assert info.duration == pytest.approx(38.6, abs=0.1) and f"{info.duration:.2f} s" in told.out
    assert "over-bright" in told.err and np.isfinite(mel).all()


def test_a_real_recording_at_its_scanners_rate(video: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    dataset, model = tmp_path / "dataset", tmp_path / "model.safetensors"
    run("prepare", video, "--out", dataset, "--frame-rate", "native", "--trim-over-bright", "--workers", "1")
    features = Dataset(dataset).meta.features
    assert (features.sample_rate, features.hop_length) == (11992, 144) and Dataset(dataset).meta.ref_frames == 12
    sizes = {
        "acoustic": ["model.backbone=test_efficientnet", "model.hidden=8"],
        "vocoder": [
            "model.initial_channels=16",
            "model.resblock_kernels=[3]",
            "model.resblock_dilations=[[1]]",
            "discriminator_divisor=32",
            "data.crops_per_utterance=1",
            "data.validation_seconds=1",
            "search_kernels=false",
            "validation_measured=0",
        ],
    }
    paths = {stage: tmp_path / f"{stage}.safetensors" for stage in sizes}
    for stage, path in paths.items():
        few = ["max_steps=1", "data.batch_size=1", "data.num_workers=0", *sizes[stage]]
        settings = [f"{stage}.{setting}" for setting in few]
        run("train", stage, dataset, "--recipe", "usc75", "--set", *settings, "--out", path, "--device", "cpu")
    run("bundle", "--acoustic", paths["acoustic"], "--vocoder", paths["vocoder"], "--out", model)
    run("synthesize", video, "--model", model, "--out", tmp_path / "speech", "--device", "cpu")
    mel = np.load(tmp_path / "speech" / f"{video.stem}_mel.npy")
    info = soundfile.info(tmp_path / "speech" / f"{video.stem}_generated.wav")
    assert len(mel) == 3216 and np.isfinite(mel).all(), "every frame of the scanner has its mel"
    assert info.samplerate == 11992 and info.frames == 144 * 3216
