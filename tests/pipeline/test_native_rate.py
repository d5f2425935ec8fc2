"""Speakers recorded at 83.28 frames per second, as in the USC 75-speaker corpus: from videos to scores at that rate."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from rtmri2speech.cli.main import main
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.training.train import train_acoustic, train_vocoder
from talker import speak, write_recording

pytestmark = pytest.mark.train

RATE = Fraction(65040, 781)
SPEAKERS = ("sub001", "sub002", "sub003", "sub004")

# The recipe's geometry, clock and context, with networks and batches of a size for tests.
ACOUSTIC = {
    "acoustic": {
        "model": {"backbone": "test_efficientnet", "hidden": 8},
        "data": {"batch_size": 2, "num_workers": 0},
        "max_steps": 2,
    }
}
VOCODER = {
    "vocoder": {
        "model": {"initial_channels": 16, "resblock_kernels": [3], "resblock_dilations": [[1]]},
        "discriminator_divisor": 32,
        "data": {"batch_size": 1, "crops_per_utterance": 1, "num_workers": 0, "validation_seconds": 0.5},
        "search_kernels": False,
        "validation_measured": 0,
        "max_steps": 1,
    }
}

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line, which fails with ``code``; what it printed."""

    def run(*words: object, code: int = 0) -> str:
        capsys.readouterr()
        assert main([str(word) for word in words]) == code
        told = capsys.readouterr()
        return told.out + told.err

    return run


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for seed, speaker in enumerate(SPEAKERS):
        # Long enough for a segment of 160 frames.
        write_recording(speak(2.1, seed, frame_rate=RATE, size=84), tmp_path / "usc75" / speaker, f"{speaker}_2drt_01")
    frames = FrameConfig(size=32)
    root = tmp_path / "dataset"
    prepare(
        tmp_path / "usc75",
        root,
        workers=1,
        frame_rate="native",
        frames=frames,
        split="speaker",
        split_ratio=(50, 25, 25),
    )
    return root


def test_a_speaker_independent_model_at_the_scanners_rate(
    dataset: Path, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    opened = Dataset(dataset)
    by_split = [{row.speaker for row in opened.of_split(split)} for split in ("train", "validation", "test")]
    assert [len(speakers) for speakers in by_split] == [2, 1, 1] and len(set.union(*by_split)) == 4
    assert opened.meta.ref_frames == 12 and all(row.n_frames == 175 for row in opened.utterances)

    stages = {name: tmp_path / f"{name}.safetensors" for name in ("acoustic", "vocoder")}
    train_acoustic(dataset, "usc75", stages["acoustic"], overrides=ACOUSTIC, device="cpu")
    told = capsys.readouterr().out
    assert "do not fit this dataset of 83.27778 frames per second (144 samples per frame at 11992 Hz)" in told
    assert '--set "vocoder.model.upsample_rates=[4,4,3,3]" "vocoder.model.upsample_kernels=[8,8,7,7]"' in told
    train_vocoder(dataset, "usc75", stages["vocoder"], overrides=VOCODER, device="cpu")
    trained = load_bundle(stages["acoustic"]).acoustic
    assert trained is not None and trained.ref_frames == 96

    model = tmp_path / "model.safetensors"
    run("bundle", "--acoustic", stages["acoustic"], "--vocoder", stages["vocoder"], "--out", model)
    video = tmp_path / "usc75" / "sub001" / "sub001_2drt_01.mp4"
    run("synthesize", video, "--model", model, "--out", tmp_path / "speech", "--device", "cpu")
    mel = np.load(tmp_path / "speech" / "sub001_2drt_01_mel.npy")
    info = soundfile.info(tmp_path / "speech" / "sub001_2drt_01_generated.wav")
    assert len(mel) == 175 and (info.samplerate, info.frames) == (11992, 175 * 144)

    run("evaluate", dataset, model, "--out", tmp_path / "evaluation", "--device", "cpu", "--workers", "1")
    assert (tmp_path / "evaluation" / "metrics.json").is_file()
    out = tmp_path / "maps"
    run("analyze", "gradcam", video, "--model", model, "--out", out, "--device", "cpu")
    assert len(np.load(next(out.rglob("gradcam_F1_sequence.npy")))) == 175


def test_what_belongs_to_another_rate_is_refused_in_one_line(dataset: Path, tmp_path: Path, run: Run) -> None:
    told = run("evaluate", dataset, "phantom", "--out", tmp_path / "evaluation", code=1)
    assert "was made for 27.17381 frames per second (420 samples per frame at 11413 Hz), and " in told
    assert "has 83.27778 frames per second (144 samples per frame at 11992 Hz)." in told
    assert "rtmri2speech prepare VIDEOS --frame-rate 27.17381" in told
    told = run("train", "vocoder", dataset, "--recipe", "smoke", "--out", tmp_path / "v.safetensors", code=1)
    assert "makes 420 samples per frame (product of upsample_rates), but the dataset has hop_length 144." in told
    assert '--set "vocoder.model.upsample_rates=[4,4,3,3]" "vocoder.model.upsample_kernels=[8,8,7,7]"' in told


def test_a_hop_that_cannot_be_upsampled_to_is_refused_before_training(tmp_path: Path, run: Run) -> None:
    video = write_recording(speak(1.0, 1, frame_rate=RATE, size=84), tmp_path / "in", "a")
    dataset = tmp_path / "dataset"
    run("prepare", video, "--out", dataset, "--hop-length", 137, "--workers", 1)
    told = run("train", "vocoder", dataset, "--recipe", "smoke", "--out", tmp_path / "v.safetensors", code=1)
    assert "hop_length 137: no vocoder upsamples by 137, which has a prime factor above 11." in told
    assert "rtmri2speech prepare VIDEOS --frame-rate 83.30657" in told
