"""Make tests/golden/old_files: a dataset, a vocoder's run folder, a model file and an evaluation of version 0.1.0.

    git archive 7961cfd src tests | tar -x -C OLD
    PYTHONPATH=OLD/src:OLD/tests python tests/golden/make_old_files.py

The commit is the last one before the modules were moved into their rooms and every JSON file said its kind. Three
recordings of a second, frames of 32 x 32 pixels; networks of a few thousand weights, trained for three steps.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import torch
from make_old_maps import run

from conftest import make_bundle
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.models.bundle import save_bundle
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.video import FrameConfig
from talker import speak, write_recording

RECIPE = """description: three steps of a tiny vocoder
vocoder:
  model: {initial_channels: 16, resblock_kernels: [3], resblock_dilations: [[1, 3]]}
  discriminators: [period]
  discriminator_divisor: 64
  data: {segment_frames: 8, batch_size: 1, num_workers: 0, validation_seconds: 1.0}
  max_epochs: 10
  max_steps: 3
  validate_every: 3
  validation_measured: 0
"""


def make(rooms: Path) -> None:
    for seed, speaker in enumerate("abc"):
        (rooms / speaker).mkdir(parents=True)
        talk = speak(1.1, seed=seed, size=32, frame_rate=FeatureConfig().frame_rate)
        write_recording(talk, rooms / speaker, f"{speaker}1", textgrid=True)
    prepare(
        FolderCorpus((rooms,)),
        Path("dataset"),
        PrepareOptions(frames=FrameConfig(size=32), split="recording", split_ratio=(34.0, 33.0, 33.0)),
        workers=1,
    )
    Path("tiny.yaml").write_text(RECIPE, encoding="utf-8")
    words = ["--recipe", "tiny.yaml", "--device", "cpu", "--out", "vocoder.safetensors", "--run-dir", "run"]
    run("train", "vocoder", "dataset", *words)
    save_bundle(make_bundle("acoustic"), Path("acoustic.safetensors"))
    words = ["--acoustic", "acoustic.safetensors", "--vocoder", "vocoder.safetensors", "--out", "model.safetensors"]
    run("bundle", *words)
    run("evaluate", "dataset", "model.safetensors", "--out", "evaluation", "--device", "cpu", "--workers", "1")


if __name__ == "__main__":
    torch.set_num_threads(1)
    kept = Path(__file__).parent / "old_files"
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # paths in the files are relative
        make(Path("recordings"))
        shutil.rmtree(kept, ignore_errors=True)
        # What resuming and reading need: not the logs, the other checkpoints and the drawn figures.
        left_out = shutil.ignore_patterns("logs", "best.ckpt", "previous.ckpt", "figure_*")
        for name in ("dataset", "run", "evaluation"):
            shutil.copytree(name, kept / name, ignore=left_out)
        shutil.copy("model.safetensors", kept)
