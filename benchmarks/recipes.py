"""Recipes of the acoustic model side by side, after as many steps each: what `evaluate` measures of the test split.

    rtmri2speech simulate --out PHANTOM --minutes 40 --speakers 8 --seed 1
    rtmri2speech prepare PHANTOM --out DATASET --test-speakers m05
    python benchmarks/recipes.py DATASET WORK --recipes phantom utterance --steps 1800
    python benchmarks/recipes.py DATASET WORK --recipes phantom --init phantom --steps 6000

Batches of `phantom` and `utterance` hold as many frames, so that their steps take as long. Sound is made by one
vocoder, the shipped model's by default. With `--init` the weights that recipes start from are measured as well, in the
first row; the loss then starts at the end of its ramp. Each row is of the speakers that a model was trained on, or of
those that it was not. What WORK holds already is kept, so that the same call continues.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1] / "pretrained")]

from stages import run, tell_device  # noqa: E402 - of this project's scripts

MEASURES = {"mel_mae_db": "mel, dB", "stoi": "STOI", "estoi": "ESTOI", "f0_rmse_hz": "F0, Hz", "vuv_error": "V/UV"}
MODEL = "model.safetensors"


def trained(given: argparse.Namespace, recipe: str) -> tuple[Path, float]:
    """The model of a recipe with the vocoder, and seconds of training; 0 where it was there already."""
    folder = given.work / "_".join([recipe, *(["further"] if given.init else []), str(given.steps)])
    acoustic, began = folder / "acoustic.safetensors", time.perf_counter()
    sets = [f"acoustic.max_steps={given.steps}", *(["acoustic.loss.ramp_steps=0"] if given.init else []), *given.set]
    if not acoustic.is_file():
        start = ["--init", given.init] if given.init else []
        again = ["--resume"] if (folder / "acoustic_run" / "run.json").exists() else []
        how = ["--recipe", recipe, "--device", given.device, *start, *again, "--set", *sets]
        run(["train", "acoustic", given.dataset, "--out", acoustic, *how])
    seconds = time.perf_counter() - began
    return joined(acoustic, given.vocoder, folder / MODEL), seconds


def joined(acoustic: Path | str, vocoder: str, out: Path) -> Path:
    """A model file of both."""
    if not out.is_file():
        run(["bundle", "--acoustic", acoustic, "--vocoder", vocoder, "--out", out])
    return out


def evaluated(given: argparse.Namespace, model: Path) -> Iterator[list[str]]:
    """Speakers, whether seen or unseen, and their figures, a row each."""
    out = model.parent / "evaluation"
    if not (out / "metrics.json").is_file():
        run(["evaluate", given.dataset, model, "--out", out, "--device", given.device, "--workers", given.workers])
    measured = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    for group in ("seen", "unseen"):
        if group in measured:
            floor = measured[group]["mel_mae_db"] / measured[group]["floor"]["mel_mae_db"]
            yield [group, *(f"{measured[group].get(name, float('nan')):.3f}" for name in MEASURES), f"{floor:.3f}"]


def main() -> int:
    """Read the command line, train, evaluate, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("work", type=Path, help="folder for everything that is made")
    parser.add_argument("--recipes", nargs="+", default=["phantom", "utterance"])
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--init", help="acoustic model to start from; without, from random weights")
    parser.add_argument("--vocoder", default="phantom")
    parser.add_argument("--set", nargs="+", default=[], help="settings over the recipes'")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", default="0")
    given = parser.parse_args()
    tell_device()
    rows = [["recipe", "speakers", *MEASURES.values(), "mel by floor"]]
    if given.init:
        start = given.work / "start"
        start.mkdir(parents=True, exist_ok=True)
        model = joined(given.init, given.vocoder, start / MODEL)
        rows += [[f"{given.init}, as it is", *row] for row in evaluated(given, model)]
    for recipe in given.recipes:
        model, seconds = trained(given, recipe)
        rows += [[f"{recipe} ({seconds:.0f} s)", *row] for row in evaluated(given, model)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
