"""Make the phantom model from nothing: simulate, prepare, train both models on a GPU, evaluate.

    python pretrained/phantom/make_model.py WORK

prints every command before it runs it. What WORK holds already is kept, so the same call continues after it was
stopped. At the end `publish.py` makes the shipped files from what lies in WORK. With `--acoustic-init` the acoustic
model starts from another one's weights; the loss then starts at the end of its ramp. The shipped model was made in two
parts:

    python pretrained/phantom/make_model.py EARLIER --minutes 22 --set acoustic.max_steps=8386 \\
        acoustic.scheduler.kind=plateau acoustic.scheduler.patience=1
    python pretrained/phantom/make_model.py WORK --acoustic-init EARLIER/acoustic.safetensors
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from rtmri2speech.cli.main import main as rtmri2speech

# A few thousand steps of fine-tuning: the vocoder learns to cope with what the predictions lack in detail.
FINE_TUNING = (
    *("vocoder.optimizer.lr=1e-4", "vocoder.discriminator_start=0"),
    *("vocoder.max_steps=5100", "vocoder.validate_every=15"),
)
# Mostly the predicted mels, since they are what the model is used with.
TRUE_MELS = 0.4


def commands(given: argparse.Namespace) -> Iterator[list[object]]:
    """Each command; every one continues from what it did before, and a training run that has ended stays as it is."""
    phantom, dataset, run = Path("phantom"), Path("dataset"), ["--device", given.device]
    acoustic, vocoder, model = (Path(f"{name}.safetensors") for name in ("acoustic", "vocoder", "model"))
    workers = ["--workers", given.workers]
    size = ["--minutes", given.minutes, "--speakers", given.speakers, "--seed", given.seed]
    yield ["simulate", "--out", phantom, *size, *workers]
    yield ["prepare", phantom, "--out", dataset, "--test-speakers", *given.unseen, *workers]
    resume = ["--resume"] if Path("acoustic_run", "run.json").exists() else []
    start = ["--init", given.acoustic_init] if given.acoustic_init else []
    sets = [*(["acoustic.loss.ramp_steps=0"] if start else []), *given.set]
    start += ["--set", *sets] if sets else []
    yield ["train", "acoustic", dataset, "--recipe", given.acoustic_recipe, "--out", acoustic, *start, *run, *resume]
    yield ["export-mels", "predicted", dataset, "--model", acoustic, *run]
    yield ["export-mels", "ground-truth", dataset]
    resume = ["--resume"] if Path("vocoder_run", "run.json").exists() else []
    mels = ["--extra-mels-dir", dataset / "mels_gt_log", "--extra-mels-weight", TRUE_MELS]
    start = ["--init", given.init, "--fine-tune", *mels, "--set", *FINE_TUNING, *given.set]
    yield ["train", "vocoder", dataset, "--recipe", given.recipe, "--out", vocoder, *start, *run, *resume]
    yield ["bundle", "--acoustic", acoustic, "--vocoder", vocoder, "--out", model, "--half"]
    yield ["evaluate", dataset, model, "--out", "evaluation", *run, *workers]


def start_of(name: str) -> str:
    """A file by its full path; names of shipped models stay as they are."""
    return str(Path(name).resolve()) if Path(name).is_file() else name


def main() -> int:
    """Read the command line, run the commands, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path, help="folder for everything that is made")
    parser.add_argument("--minutes", default="40")
    parser.add_argument("--speakers", default="8")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--unseen", nargs="+", default=["m05"], help="speakers kept out of the training")
    parser.add_argument("--recipe", default="phantom", help="of the vocoder")
    parser.add_argument("--acoustic-recipe", default="phantom", help="any-look for a model that knows many scanners")
    parser.add_argument(
        "--acoustic-init", type=start_of, help="acoustic model to start from; without, from random weights"
    )
    parser.add_argument("--init", type=start_of, default="base-vocoder", help="vocoder to start from")
    parser.add_argument("--set", nargs="+", default=[], help="settings over the recipe's, of either model")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", default="0")
    given = parser.parse_args()
    # So that the paths in what is written are the same wherever WORK lies.
    given.work.mkdir(parents=True, exist_ok=True)
    os.chdir(given.work)
    for words in commands(given):
        told = [str(word) for word in words]
        print(f"$ rtmri2speech {shlex.join(told)}", flush=True)
        if code := rtmri2speech(told):
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
