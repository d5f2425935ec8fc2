"""Training the acoustic model: speed against single windows, and what segments learn compared with them.

python benchmarks/acoustic.py speed                  # frames and windows per second, GPU load, fraction of the ceiling
python benchmarks/acoustic.py learning               # validation loss at equal numbers of windows; spikes
python benchmarks/acoustic.py smoke                  # seconds to the first validation on the CPU
python benchmarks/acoustic.py speed --dataset DIR    # on a prepared dataset; else a phantom is simulated
torchrun --standalone --nproc-per-node 2 benchmarks/acoustic.py scaling --dataset DIR    # compare 1

Single windows are how the reference configuration (docs/reference/memo.md) trains. Speed is measured between two steps
of a real run, waiting for the device at both. The ceiling is the same run on one batch that stays in the device's
memory: no reading, no copying.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.training_items import FrameSegments
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.simulation.phantom import simulate
from rtmri2speech.training.engine.distributed import find_processes
from rtmri2speech.training.engine.metrics_log import read_metrics
from rtmri2speech.training.engine.trainer import choose_execution, make_trainer, quiet
from rtmri2speech.training.recipes import AcousticRecipe, load_recipe
from rtmri2speech.training.tasks import acoustic_task
from rtmri2speech.training.train import train_acoustic
from timing import Clock, Repeated

RATIO_BAR, BUSY_BAR, CEILING_BAR, SMOKE_BAR = 30.0, 0.85, 0.9, 120.0


def make_dataset(root: Path, minutes: float, speakers: int) -> Path:
    """A prepared phantom."""
    simulate(root / "phantom", speakers, minutes=minutes)
    corpus = PhantomCorpus(root / "phantom")
    prepare(corpus, root / "dataset", PrepareOptions(split="corpus"), workers=0)
    return root / "dataset"


def measure(dataset: Dataset, settings: AcousticRecipe, device: str, first: int, last: int, *, fixed: bool) -> Clock:
    """Train up to a step and time the last ones."""
    settings = settings.model_copy(update={"max_steps": last, "max_epochs": 100_000, "validate_every": 100_000})
    processes, execution = find_processes(), choose_execution(device, settings.precision)
    task = acoustic_task(dataset, settings, None, execution.cuda, processes)
    clock = Clock(first, last)
    loader: Any = task.train
    if fixed:
        batch = next(iter(task.train))
        batch = {name: value.to(device) if hasattr(value, "to") else value for name, value in batch.items()}
        loader = Repeated(batch, last)
    with tempfile.TemporaryDirectory() as scratch, quiet():
        trainer = make_trainer(settings, execution, Path(scratch), [clock], 1, processes)
        trainer.fit(task.module, loader)
    del task, trainer, loader
    gc.collect()  # the recorded network's memory, for the next measurement
    return clock


def epoch_steps(dataset: Dataset, settings: AcousticRecipe) -> int:
    """Batches per epoch."""
    segments = FrameSegments(dataset, "train", settings.data.segment_frames, settings.model.ref_frames)
    return -(-len(segments) // settings.data.batch_size)


def windows(clock: Clock, settings: AcousticRecipe) -> int:
    """Number of windows in what was timed."""
    return clock.frames - clock.segments * (settings.model.ref_frames - 1)


def timed(name: str, dataset: Dataset, settings: AcousticRecipe, device: str, seconds: float, *, fixed: bool) -> Clock:
    """Time some seconds of training and print the figures."""
    # Shapes that come up for the first time cost seconds: the last batch of an epoch is smaller.
    single = settings.data.segment_frames == settings.model.ref_frames
    warm = 15 if fixed or single else 10 + epoch_steps(dataset, settings)
    probe = measure(dataset, settings, device, warm, warm + 5, fixed=fixed)
    steps = max(10, int(seconds * probe.steps / probe.seconds))
    clock = measure(dataset, settings, device, warm, warm + steps, fixed=fixed)
    busy = f"{statistics.mean(clock.busy):3.0f} %" if clock.busy else "not known"
    processes = find_processes()
    if processes.is_first:
        rates = [count * processes.world / clock.seconds for count in (clock.frames, windows(clock, settings))]
        print(
            f"{name:<20} {rates[0]:8.0f} frames/s {rates[1]:8.0f} windows/s "
            f"{clock.steps / clock.seconds:7.2f} steps/s over {clock.seconds:.0f} s; GPU busy {busy}",
            flush=True,
        )
    return clock


def speed(dataset: Dataset, device: str, seconds: float, overrides: list[str]) -> None:
    """Frames and windows per second of the recipe ``memo``, of the default one, and of its ceiling."""
    memo, default = (load_recipe(name, overrides).acoustic for name in ("memo", "default"))
    rows = {}
    for name, settings, fixed in (
        ("memo, single windows", memo, False),
        ("default", default, False),
        ("default, ceiling", default, True),
    ):
        rows[name] = timed(name, dataset, settings, device, seconds, fixed=fixed)
    recipes = (memo, default, default)
    literal, ours, most = (
        windows(row, settings) / row.seconds for row, settings in zip(rows.values(), recipes, strict=True)
    )
    print(f"windows/s compared with the recipe memo: {ours / literal:.1f} (wanted: at least {RATIO_BAR:g})")
    if rows["default"].busy:
        busy = statistics.mean(rows["default"].busy) / 100
        print(f"GPU busy: {busy:.2f} of the time (wanted: at least {BUSY_BAR:g})")
    print(f"fraction of the ceiling: {ours / most:.2f} (wanted: at least {CEILING_BAR:g})", flush=True)


def scaling(dataset: Dataset, device: str, seconds: float, overrides: list[str]) -> None:
    """Windows per second of the default recipe in all processes: its batch divided, and a batch per process."""
    world = find_processes().world
    default = load_recipe("default", overrides).acoustic
    size = default.data.batch_size
    for name, batch in (("one batch in all", size), ("a batch each", size * world)):
        data = default.data.model_copy(update={"batch_size": batch, "micro_batch_size": batch})
        settings = default.model_copy(update={"data": data})
        timed(f"{world} processes, {name}", dataset, settings, device, seconds, fixed=False)


def spikes(losses: np.ndarray) -> tuple[int, float]:
    """Records whose largest loss is twice the median of the ten before, and the largest such ratio."""
    ratios = [losses[i] / np.median(losses[max(0, i - 10) : i]) for i in range(5, len(losses))]
    return int(np.sum(np.array(ratios) > 2.0)), float(max(ratios, default=float("nan")))


def learning(root: Path, device: str, windows: int, names: list[str], changes: list[str]) -> None:
    """Train to the same number of windows: single windows compared with segments."""
    dataset = Dataset(root)
    frames = sum(item.n_frames for item in dataset.of_split("train"))
    runs = {
        # The recipe memo at the end of its ramp, in single windows and in segments of as many windows.
        "windows": ("memo", ["acoustic.loss.ramp_steps=0"]),
        "segments": (
            "memo",
            [
                "acoustic.loss.ramp_steps=0",
                "acoustic.data.segment_frames=19",
                "acoustic.data.batch_size=1",
                "acoustic.data.micro_batch_size=1",
            ],
        ),
        "default": ("default", []),
    }
    for name in names:
        recipe, overrides = runs[name]
        overrides = [*overrides, *changes]
        settings = load_recipe(recipe, overrides).acoustic
        size = settings.data.segment_frames - settings.model.ref_frames + 1
        per_step = settings.data.batch_size * size
        steps = windows // per_step
        every = max(1, round(windows / 10 / frames))
        more = [f"acoustic.max_steps={steps}", f"acoustic.validate_every={every}", "acoustic.early_stop_patience=1000"]
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch)
            began = time.perf_counter()
            summary = train_acoustic(
                root, load_recipe(recipe, [*overrides, *more]), out / "a.st", out / "run", device=device
            )
            records = read_metrics(out / "run")
        peaks = np.array([row["train/loss_peak"] for row in records if "train/loss_peak" in row])
        norms = np.array([row["train/grad_norm_peak"] for row in records if "train/loss_peak" in row])
        count, worst = spikes(peaks)
        print(
            f"{name:<9} {summary.steps} steps of {per_step} windows, {time.perf_counter() - began:.0f} s on "
            f"{summary.device}: val/loss {summary.best_loss:.4f} at best, {summary.final_loss:.4f} at the end; "
            f"mel error {summary.mae_db:.2f} dB (mean mel {summary.mean_mel_mae_db:.2f}); spikes {count} (worst step "
            f"{worst:.2f} times the running median); gradient norm at most {norms.max(initial=0):.1f}",
            flush=True,
        )
        for row in records:
            if "val/loss" in row:
                print(f"    step {row['step']:>6}  val/loss {row['val/loss']:.4f}  mel {row['val/mae_db']:.3f} dB")


def smoke(root: Path) -> None:
    """From the command to the first validation, on the CPU."""
    with tempfile.TemporaryDirectory() as scratch:
        words = [sys.executable, "-m", "rtmri2speech", "train", "acoustic", str(root), "--recipe", "smoke"]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*words, "--device", "cpu", "--out", str(Path(scratch) / "a.safetensors")],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "val/loss" in line:
                seconds = time.perf_counter() - began
                print(f"first validation after {seconds:.0f} s (wanted: under {SMOKE_BAR:g}): {line.strip()}")
                break
        process.stdout.read()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="speed and learning of the acoustic model")
    parser.add_argument("what", choices=("speed", "scaling", "learning", "smoke"))
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--minutes", type=float, default=1.0, help="of simulated speech, where no dataset is given")
    parser.add_argument("--speakers", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each timing")
    parser.add_argument("--windows", type=int, default=30_000, help="trained on in each run")
    parser.add_argument("--runs", nargs="+", default=["windows", "segments", "default"])
    parser.add_argument("--set", nargs="*", default=[], dest="overrides", help="settings over all recipes'")
    options = parser.parse_args()
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = options.dataset or make_dataset(Path(scratch), options.minutes, options.speakers)
        if options.what == "smoke":
            smoke(root)
        elif options.what == "speed":
            speed(Dataset(root), options.device, options.seconds, options.overrides)
        elif options.what == "scaling":
            scaling(Dataset(root), options.device, options.seconds, options.overrides)
        else:
            learning(root, options.device, options.windows, options.runs, options.overrides)


if __name__ == "__main__":
    main()
