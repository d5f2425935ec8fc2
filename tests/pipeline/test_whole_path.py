"""The whole path through the command line: recordings to a model that speaks, and what Ctrl-C does to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import processes
import trainings
from rtmri2speech.cli.main import main
from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.models.bundle.model_file import load_bundle
from talker import speak, write_recording

pytestmark = [pytest.mark.train, pytest.mark.slow]

SMALL = ["--recipe", "smoke", "--device", "cpu"]


@pytest.fixture(scope="module", autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def content(root: Path) -> dict[str, tuple[int, bytes]]:
    """Time of change and bytes of every sample."""
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted((root / "samples").rglob("*.*"))}


def test_recordings_become_speech(tmp_path: Path, tiny_phantom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = tmp_path / "dataset"
    run("check", tiny_phantom)
    assert "nothing wrong" in capsys.readouterr().out

    prepare = ["prepare", tiny_phantom, "--out", dataset, "--workers", "1"]
    run(*prepare)
    assert "2 recording(s) worked on" in capsys.readouterr().out
    before = content(dataset)
    run(*prepare)
    assert "0 recording(s) worked on" in capsys.readouterr().out
    assert content(dataset) == before and len(before) == 10
    run("check", dataset, "--workers", "1")

    acoustic, vocoder = tmp_path / "acoustic.safetensors", tmp_path / "vocoder.safetensors"
    more = ["acoustic.max_epochs=4", "acoustic.max_steps=40", "acoustic.optimizer.lr=1e-2"]
    more += ["acoustic.data.segment_frames=8", "acoustic.validate_every=2"]
    run("train", "acoustic", dataset, *SMALL, "--out", acoustic, "--set", *more)
    run(
        "train",
        "vocoder",
        dataset,
        *SMALL,
        "--out",
        vocoder,
        "--set",
        "vocoder.max_steps=2",
        "vocoder.data.validation_seconds=0.5",
    )
    # It has learned from pictures: better on unseen ones than always answering the mean.
    metrics = load_bundle(acoustic).provenance["metrics"]
    assert metrics["val/mae_db"] < 0.95 * metrics["val/mean_mel_mae_db"]
    capsys.readouterr()

    model, speech = tmp_path / "model.safetensors", tmp_path / "speech"
    run("bundle", "--acoustic", acoustic, "--vocoder", vocoder, "--out", model)
    run("inspect", model, "--json")
    text = capsys.readouterr().out
    assert json.loads(text[text.index("{") :])["provenance"]["acoustic"]["dataset"] == Dataset(dataset).fingerprint()
    unseen = PhantomCorpus(tiny_phantom).recordings()[1]
    assert unseen.split == "validation"
    video = shutil.copy(unseen.video, tmp_path / "unseen.mp4")  # without its sound
    run("synthesize", video, "--model", model, "--out", speech)
    mel = np.load(speech / "unseen_mel.npy")
    ends = ("_generated.wav", "_mel.npy", "_mel.png", "_mel_log.npy")
    assert sorted(path.name for path in speech.iterdir()) == ["unseen" + end for end in ends]
    assert mel.shape[1] == 64 and len(mel) == Dataset(dataset).of_split("validation")[0].n_frames
    assert soundfile.info(speech / "unseen_generated.wav").frames == 420 * len(mel)
    # Speech and pauses differ in what it says.
    assert np.ptp(mel.mean(axis=1)) > 5
    # Every JSON file says what it is, except the scaler, whose form is the reference configuration's.
    written = [path for folder in (tmp_path, tiny_phantom) for path in folder.rglob("*.json")]
    described = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in written}
    assert {"meta.json", "run.json", "phantom.json", ".plan.json"} <= described.keys()
    unsaid = [name for name, about in described.items() if not {"kind", "schema"} <= about.keys()]
    assert unsaid == ["scaler.json"]


class Program:
    """The installed program in a process of its own, to be interrupted."""

    def __init__(self, *words: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rtmri2speech", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
            # A shell's background job ignores Ctrl-C, and so would what it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def interrupt_when(self, ready: Callable[[], bool]) -> tuple[int, str]:
        """Exit code and stderr after Ctrl-C, which reaches the whole process group, as on a terminal."""
        deadline = time.monotonic() + 90
        while not ready():
            assert self.process.poll() is None and time.monotonic() < deadline, self.process.communicate()
            time.sleep(0.01)
        os.killpg(self.process.pid, signal.SIGINT)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_prepare_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: int) -> None:
    count = 60  # seconds of work, so that a busy machine sends the signal in time
    video = write_recording(speak(1.5, seed=3, size=64), tmp_path / "videos", "t0")
    for number in range(1, count):
        for path in (video, video.with_suffix(".wav")):
            shutil.copy(path, path.with_stem(f"t{number}"))
    words = ["prepare", tmp_path / "videos", "--out", tmp_path / "dataset", "--split", "blocks"]
    words += ["--split-ratio", 60, 20, 20, "--workers", workers]
    receipts = tmp_path / "dataset" / ".receipts"
    code, err = Program(*words).interrupt_when(lambda: len(list(receipts.glob("*.json"))) >= 1)
    assert code == 130 and len(err.splitlines()) == 1 and err.startswith("Stopped."), err
    done = len(list(receipts.glob("*.json")))
    assert 1 <= done < count and not (tmp_path / "dataset" / "meta.json").exists()
    run(*[*words[:-1], 1])
    assert f"{count - done} recording(s) worked on" in capsys.readouterr().out
    run("check", tmp_path / "dataset", "--workers", "1")


@processes.needs_fork
def test_an_interrupted_training_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_recording(speak(2.5, seed=4, size=64), tmp_path / "videos", "talker")
    ratio = ["--split-ratio", "60", "20", "20"]
    run("prepare", tmp_path / "videos", "--out", tmp_path / "dataset", "--workers", "1", *ratio)
    out, folder = tmp_path / "acoustic.safetensors", tmp_path / "acoustic_run"
    words = ["train", "acoustic", tmp_path / "dataset", *SMALL, "--out", out, "--set", "acoustic.validate_every=1"]
    long = [*words, "acoustic.max_epochs=100000", "acoustic.max_steps=100000", "acoustic.early_stop_patience=100000"]
    log, errors, deadline = tmp_path / "log.txt", tmp_path / "errors.txt", time.monotonic() + 90
    process = processes.start(trainings.command, *map(str, long), log=log, errors=errors)
    while not (folder / "checkpoints" / "last.ckpt").is_file():
        assert process.is_alive() and time.monotonic() < deadline, errors.read_text(encoding="utf-8")
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    code, err = processes.finish(process), errors.read_text(encoding="utf-8")
    assert code == 130 and len(err.splitlines()) == 1 and err.startswith("Stopped."), err
    assert load_bundle(out).kind == "acoustic"
    steps = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    assert steps >= 1
    capsys.readouterr()
    run(*words, f"acoustic.max_steps={steps + 2}", "acoustic.max_epochs=100000", "--resume")
    text = capsys.readouterr().out
    assert f": {steps + 2} steps in" in text and "ended by" in text
    assert load_bundle(out).provenance["step"] <= steps + 2
