"""What the scripts that make models share: a command run in this process, and a few lines on machine and losses."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def run(words: Sequence[object]) -> None:
    """A command of the program, printed first; ends this program when it fails."""
    from rtmri2speech.cli.main import main as rtmri2speech

    told = [str(word) for word in words]
    print(f"$ rtmri2speech {shlex.join(told)}", flush=True)
    began = time.monotonic()
    if code := rtmri2speech(told):
        sys.exit(code)
    print(f"  {time.monotonic() - began:.0f} s", flush=True)


def tell_device() -> None:
    """Print what this machine is."""
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"Python {sys.version.split()[0]}, PyTorch {torch.__version__}, {name}", flush=True)


def report_metrics(folder: Path, names: Sequence[str]) -> None:
    """Print metrics of a run, a line each, at some of its steps."""
    from rtmri2speech.training.engine.metrics_log import read_metrics

    rows = read_metrics(folder)
    for name in names:
        values = [(row["step"], row[name]) for row in rows if name in row]
        some = values[:: max(len(values) // 8, 1)]
        print(f"{name}: " + ", ".join(f"{value:.4f} ({step})" for step, value in some), flush=True)
