"""Make the model for strangers from nothing: simulate, measure tracts under random looks, train, join, evaluate.

    python pretrained/strangers/make_model.py WORK --out OUT

runs the stages named by `--stages`, in this order. What WORK holds already is kept, so the same call continues after it
was stopped. On a machine that is lent for minutes, `--limit` ends the first three stages in time, `pack` leaves the
tracts in OUT as a few files of at most 15 MB, and another machine trains on these:

    python pretrained/strangers/make_model.py WORK --stages simulate prepare --minutes 60 --speakers 24 --limit 8
    python pretrained/strangers/make_model.py WORK --stages tracts pack --looks 4 --limit 8 --out OUT
    python pretrained/strangers/make_model.py WORK --stages train bundle --packed OUT --set tract.max_minutes=8
    python pretrained/strangers/make_model.py WORK --stages evaluate publish --out OUT

It needs the program's packages and no network. `evaluate` simulates some more speakers, whom the model was not trained
on, each recording under a look of its own. Where WORK holds `real.json`, which `benchmarks/strangers.py --json` writes,
the card has figures on recordings of people.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "src"))
sys.path.insert(0, str(HERE.parent))

from stages import report_metrics, run, tell_device  # noqa: E402 - next to this folder

METRICS_SHOWN = (
    *("train/loss", "val/loss", "val/mae_db", "val/f1_error_median", "val/f2_error_median"),
    *("val/f0_rmse_hz", "val/vuv_error"),
)

STAGES = ("simulate", "prepare", "tracts", "pack", "train", "bundle", "evaluate", "publish")
MODEL, METRICS, CARD = "model.safetensors", "metrics.json", "README.md"
# Bytes of a packed file.
_PIECE = 15_000_000
TEXT = """\
# The model for strangers

From a video of anybody's vocal tract to speech: the segmenter finds the articulators, `tract` measures them in
millimeters, a network reads what was measured over the whole utterance and predicts {n_mels} mel bands, and HiFi-GAN
makes sound of these. It was trained on simulated speakers alone, as the segmenter finds them under random looks. It
comes with the program and is called by its name:

    rtmri2speech synthesize VIDEO --model strangers --out speech
    rtmri2speech prepare VIDEOS --out DATASET
    rtmri2speech prepare-tracts DATASET
    rtmri2speech train acoustic DATASET --kind tract --init strangers --out mine.safetensors

## Figures
{real}
On {utterances} utterances of {speakers} simulated speakers that it was not trained on, each recording under a random
look of its own. *Ceiling*: the recording's own mel spectrogram through the same vocoder. *Floor*: the mean mel
spectrogram. Definitions: `definitions` in `metrics.json`.

{table}

While it was trained, on the validation split ({validation}).

## What it is, and what it is not

It is a guess at what somebody says, made from the shape of the airway alone. It does not sound like the person: the
voice is a simulated one, and pitch, breath and noise, which the frames do not show, are made up. Do not use it to put
words into anybody's mouth, nor as evidence of what was said. Consonants are less certain than vowels, the velum and the
larynx less than tongue and lips, and what the segmenter gets wrong is heard.

## Data and training

{train} utterances for training and {held} for validation of simulated speakers (VocalTractLab), {looks} looks of each;
{step:,} steps on {device}, PyTorch {torch}, seed {seed}. All settings are in the file:
`rtmri2speech inspect strangers --json`. The vocoder is the base vocoder, whose weights this file takes from that
model's: `rtmri2speech bundle --acoustic strangers --vocoder base-vocoder --out FILE` makes one that holds both.

To make it again, with the speaker files of VocalTractLab (`M01.speaker` under another name, as drawn speakers are
called m01 and so on), in about a quarter of an hour with 32 cores and a GPU:

    python pretrained/strangers/make_model.py WORK --minutes 48 --round 12 --speakers 60 --seed 4 \\
        --speaker-file JD2.speaker V01.speaker W02.speaker

## License

MIT, like the project. No recording of a person was used. {citation}
"""
ROWS = {
    "mel_mae_db": ("error of the mel spectrogram, dB", 1, "{:.2f}"),
    "stoi": ("STOI", 1, "{:.3f}"),
    "estoi": ("ESTOI", 1, "{:.3f}"),
    "f0_rmse_hz": ("F0, root mean square error, Hz", 1, "{:.1f}"),
    "vuv_error": ("frames voiced in one sound only, %", 100, "{:.1f}"),
    "f1_error_median": ("F1 of vowels, median error, %", 100, "{:.1f}"),
    "f2_error_median": ("F2 of vowels, median error, %", 100, "{:.1f}"),
    "vowel_identification": ("vowels identified, %", 100, "{:.1f}"),
}


def simulate(given: argparse.Namespace) -> None:
    """Simulate in rounds, each making the phantom longer, as far as the limit allows."""
    began, minutes, last = time.monotonic(), 0.0, 0.0
    while minutes < given.minutes:
        spent = time.monotonic() - began
        if minutes and spent + last > 60.0 * given.limit:
            print(f"limit: the phantom has {minutes:g} minutes", flush=True)
            return
        minutes = min(minutes + given.round, given.minutes)
        size = ["--minutes", minutes, "--speakers", given.speakers, "--seed", given.seed]
        bases = ["--speaker-file", *given.speaker_file] if given.speaker_file else []
        run(["simulate", "--out", given.work / "phantom", *size, *bases, "--workers", given.workers])
        last = time.monotonic() - began - spent


def prepare(given: argparse.Namespace) -> None:
    """Sound and frames on one clock."""
    run(["prepare", given.work / "phantom", "--out", given.work / "dataset", "--workers", given.workers])


def tracts(given: argparse.Namespace) -> None:
    """Measure tracts under random looks, as many as the limit allows."""
    tell_device()
    how = ["--looks", given.looks, "--seed", given.seed, "--device", given.device, "--workers", given.workers]
    limit = ["--max-minutes", given.limit] if given.limit < float("inf") else []
    run(["prepare-tracts", given.work / "dataset", "--out", given.work / "tracts", *how, *limit])


def pack(given: argparse.Namespace) -> None:
    """Leave the tracts in OUT, in files of at most 15 MB."""
    out: Path = given.out or given.work / "packed"
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("tracts_*.zip"):
        old.unlink()
    pieces: list[list[Path]] = [[]]
    size = 0
    for path in sorted((given.work / "tracts").glob("*")):
        if size + path.stat().st_size > _PIECE:
            pieces.append([])
            size = 0
        pieces[-1].append(path)
        size += path.stat().st_size + 300
    for number, paths in enumerate(pieces):
        with zipfile.ZipFile(out / f"tracts_{number:02d}.zip", "w", zipfile.ZIP_STORED) as archive:
            for path in paths:
                archive.write(path, path.name)
    print(
        f"{out}: {len(pieces)} files, {sum(p.stat().st_size for p in out.glob('tracts_*.zip')) / 1e6:.1f} MB",
        flush=True,
    )


def unpack(given: argparse.Namespace) -> None:
    """Take packed tracts into WORK."""
    target: Path = given.work / "tracts"
    if given.packed is None or target.is_dir():
        return
    for path in sorted(given.packed.glob("tracts_*.zip")):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)


def train(given: argparse.Namespace) -> None:
    """Train, or continue."""
    tell_device()
    unpack(given)
    folder = given.work / "acoustic_run"
    resume = ["--resume"] if (folder / "run.json").exists() else []
    start = ["--init", given.init] if given.init else []
    sets = ["--set", *given.set] if given.set else []
    options = ["--recipe", given.recipe, "--out", given.work / "acoustic.safetensors", "--device", given.device]
    data = ["train", "acoustic", given.work / "tracts", "--kind", "tract"]
    run([*data, *options, "--run-dir", folder, *start, *sets, *resume])
    report_metrics(folder, METRICS_SHOWN)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        shutil.copy(given.work / "acoustic.safetensors", given.out)


def bundle(given: argparse.Namespace) -> None:
    """Join the model and the base vocoder."""
    parts = ["--acoustic", given.work / "acoustic.safetensors", "--vocoder", vocoder_of(given)]
    run(["bundle", *parts, "--out", given.work / MODEL, "--half"])


def vocoder_of(given: argparse.Namespace) -> Path:
    """The vocoder's file."""
    from rtmri2speech.assets import find_model

    return find_model(given.vocoder)


def evaluate(given: argparse.Namespace) -> None:
    """Simulate speakers whom the model was not trained on, under random looks, and measure it on them."""
    phantom, dataset = given.work / "unseen", given.work / "unseen_dataset"
    size = ["--minutes", given.unseen_minutes, "--speakers", given.unseen_speakers, "--seed", given.seed + 1000]
    run(["simulate", "--out", phantom, *size, "--look", "random", "--workers", given.workers])
    run(["prepare", phantom, "--out", dataset, "--split", "test", "--workers", given.workers])
    how = ["--device", given.device, "--workers", given.workers]
    run(["evaluate", dataset, given.work / MODEL, "--out", given.work / "evaluation", *how])


def publish(given: argparse.Namespace) -> None:
    """Write the model with its card, the figures and the card itself."""
    from rtmri2speech.assets import MODELS
    from rtmri2speech.data.files import hash_files
    from rtmri2speech.models.bundle.model_file import load_bundle, save_bundle

    out: Path = given.out or HERE
    out.mkdir(parents=True, exist_ok=True)
    joined = load_bundle(given.work / MODEL)
    metrics = json.loads((given.work / "evaluation" / METRICS).read_text(encoding="utf-8"))
    if metrics["model"]["sha256"] != hash_files([given.work / MODEL]):
        sys.exit(f"{given.work / 'evaluation'}: holds the figures of another model; run the stage evaluate again.")
    real = given.work / "real.json"
    found = json.loads(real.read_text(encoding="utf-8")) if real.is_file() else None
    text = card(joined, metrics, found)
    # The base vocoder comes with the program, and its weights need not do so twice.
    lenders = {"vocoder": given.vocoder} if given.vocoder in MODELS else None
    save_bundle(replace(joined, card=text), out / MODEL, half=True, lenders=lenders)
    metrics["model"] |= {"file": MODEL, "sha256": hash_files([out / MODEL])}
    metrics |= {} if found is None else {"real": found}
    (out / METRICS).write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / CARD).write_text(text, encoding="utf-8")
    print(f"{out / MODEL}: {(out / MODEL).stat().st_size / 1e6:.2f} MB", flush=True)


def card(joined: Any, metrics: dict[str, Any], real: dict[str, Any] | None) -> str:
    """The model card."""
    about, figures = joined.provenance["tract"], metrics["all"]
    rows = ["| measure | model | ceiling | floor |", "|---|---|---|---|"]
    for name, (words, factor, pattern) in ROWS.items():
        cells = []
        for values in (figures, figures["ceiling"], figures["floor"]):
            value = values.get(name)
            cells.append("–" if value is None else pattern.format(factor * value))
        rows.append(f"| {words} | {' | '.join(cells)} |")
    validation = {name.removeprefix("val/"): value for name, value in about["metrics"].items() if "val/" in name}
    shown = ("mae_db", "f0_rmse_hz", "vuv_error", "f1_error_median", "f2_error_median")
    return TEXT.format(
        n_mels=joined.features.n_mels,
        real="" if real is None else real_table(real),
        utterances=figures["n_utterances"],
        speakers=len(figures["speakers"]) if "speakers" in figures else "some",
        table="\n".join(rows),
        validation=", ".join(f"{name} {validation[name]:.3f}" for name in shown if name in validation),
        train=about["utterances"]["train"],
        held=about["utterances"]["validation"],
        **{name: about[name] for name in ("looks", "step", "device", "torch", "seed", "citation")},
    )


def real_table(real: dict[str, Any]) -> str:
    """Figures on recordings of people, as `benchmarks/strangers.py --json` writes them."""
    rows = [f"| {name} | {value:.2f} |" for name, value in real.items() if name != "recordings"]
    head = (
        f"\nOn {real['recordings']} recordings of people, none of whom it was trained on (`benchmarks/strangers.py`):\n"
    )
    return "\n".join([head, "| measure | mean |", "|---|---|", *rows, ""])


def main() -> int:
    """Read the command line, run the stages, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path, help="folder for everything that is made")
    parser.add_argument("--out", type=Path, help="folder for the small files; without, next to this script")
    parser.add_argument("--packed", type=Path, help="folder with packed tracts to train on")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--limit", default=float("inf"), type=float, help="minutes for simulate, and for tracts")
    parser.add_argument("--minutes", default=60.0, type=float, help="of speech")
    parser.add_argument("--round", default=10.0, type=float, help="minutes of speech simulated at a time")
    parser.add_argument("--speakers", default=24, type=int)
    parser.add_argument("--speaker-file", nargs="+", default=[], help="files of VocalTractLab's speakers, in front")
    parser.add_argument("--looks", default=4, type=int, help="random looks of each recording")
    parser.add_argument("--unseen-minutes", default=3.0, type=float, help="of speech, for the figures")
    parser.add_argument("--unseen-speakers", default=6, type=int)
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--recipe", default="tract")
    parser.add_argument("--init", help="model to start from")
    parser.add_argument("--vocoder", default="base-vocoder")
    parser.add_argument("--set", nargs="+", default=[], help="settings over the recipe's: tract.max_minutes=8")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", default=0, type=int, help="processes; 0 for one per core")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    stages: dict[str, Callable[[argparse.Namespace], None]] = dict(
        zip(STAGES, (simulate, prepare, tracts, pack, train, bundle, evaluate, publish), strict=True)
    )
    for name in STAGES:
        if name in given.stages:
            print(f"== {name}", flush=True)
            stages[name](given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
