"""Make the shipped segmenter from nothing: simulate heads, train on a GPU, measure, publish.

    python pretrained/segmenter/make_model.py WORK --out OUT

runs the stages named by `--stages`, in this order: `heads` (as many as there are after a time, on all cores), `train`,
`evaluate` and `publish`. What WORK holds already is kept, so the same call continues after it was stopped; a machine
that is lent for minutes may do one stage per call:

    python pretrained/segmenter/make_model.py WORK --stages heads --speaker-file JD2.speaker M01.speaker W02.speaker
    python pretrained/segmenter/make_model.py WORK --stages train --set segmenter.max_minutes=13
    python pretrained/segmenter/make_model.py WORK --stages evaluate publish --out OUT

The stage `card`, which runs only where it is named and needs no WORK, puts README.md as it stands into the model file,
after its text was changed by hand here and in the template; weights and all else stay as they are:

    python pretrained/segmenter/make_model.py --stages card

It needs the program's packages and no network. Small files go to OUT: the model in half precision, `metrics.json`, an
image of validation frames and the log of the training; without OUT, publish writes all but the log next to this script.
Where WORK holds `real.json`, which `benchmarks/segmentation.py --json` writes, the card has figures on recordings of
people. The folder `heads`, which is mixed in where the model is adapted, was made by itself, with heads that the model
was not trained on: `rtmri2speech simulate --poses 5 --speakers 24 --seed 2020 --out heads`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "src"))
sys.path.insert(0, str(HERE.parent))

from stages import report_metrics, run, tell_device  # noqa: E402 - next to this folder

METRICS_SHOWN = ("train/loss", "val/loss", "val/dice", "val/tongue_px")

STAGES = ("heads", "train", "evaluate", "publish")
RENEW_CARD = "card"
MODEL, METRICS, CARD = "model.safetensors", "metrics.json", "README.md"
TEXT = """\
# The segmenter

From frames of the vocal tract in MRI to labels:
{classes}.
It was trained on simulated heads alone, each frame under a random look, and is used on recordings of people:

    rtmri2speech segment VIDEO --out labels

![Frames, their true labels, and those found](validation.png)

*Simulated heads that it was not trained on, each with a look of its own: frames, true labels, labels found.*

## Figures
{real}
On {frames} frames of {heads} simulated heads that it was not trained on, each with a random look of its own, in
frames of {size} x {size}:

{table}

The tongue's surface is {tongue_px:.2f} pixels off on average. To measure again: `make_model.py WORK --stages evaluate`.

## Data

{counts}, simulated with VocalTractLab
(`simulate --poses {poses} --speakers {total} --seed {seed}{bases}`):
variations of {anatomies}, men, women and children with faces, lips, teeth, velums, fat, spines and postures that differ
more than people's do, in vowels, consonants, rest, and what lies between them. No recording of a person was used.

## Looks

Frames hold tissues, not gray values. In every step each gets a look of its own, drawn on the device (`random`, the
manual's page *Looks*): brightness of every tissue, zoom, turn, shear, smooth warps, coils, Cartesian, spiral or radial
readout with undersampling, noise, blur off resonance, flow, metal, and what video files do. One in seven faces right.

## Training

{step:,} steps of {batch} frames on {device}, PyTorch {torch}, seed {training_seed}. All settings are in the file:
`rtmri2speech inspect segmenter --json`. {weights:.2f} million weights, stored in half precision.

## Adapt it

Five to fifteen labeled frames of people teach it a scanner or a speaker: polygons, label images or contours next to
videos or images. Half of every batch are the simulated heads of the folder `heads`. What theirs do not
show keeps the label that it had before, so that contours of the tongue alone do not cost the larynx.

    rtmri2speech train segmenter FRAMES --recipe adapt --init segmenter --out adapted.safetensors

It mends contours that are off, and can cost some of those that are good already: compare both models on frames that you
kept aside (`evaluate-segmentation`), and keep the better one.

## Where it fails

- Dark throats: the lower end of the airway, the epiglottis and the larynx are uncertain where coils receive little.
- The velum is thin, and its tip is lost where it touches the tongue or the wall.
- Teeth give no signal: what borders on them, such as the front of the palate, is a guess.
- It knows mid-sagittal frames of an upright head, to either side. Other slices and what is no vocal tract get labels,
  too, with a confidence below 0.5 that `segment` tells; so do frames that are turned by more than some 30 degrees.
- Real children, beards, implants and tongues after surgery have never been measured.

## License

MIT, like the project.
"""


REAL = """
On six recordings of six people (USC-TIMIT, frames of 68 x 68, pixels of 2.9 mm) in which others have traced contours,
none of which it was trained on; means over recordings (`benchmarks/segmentation.py`):

"""


def make_heads(given: argparse.Namespace) -> None:
    """Simulate the heads, training's and those kept for the figures, as two corpora of different seeds."""
    for name, count, seed in (("heads", given.heads, given.seed), ("unseen", given.unseen, given.seed + 1000)):
        size = ["--poses", given.poses, "--speakers", count, "--seed", seed]
        # Those of the figures are variations of the library's own speaker alone.
        bases = ["--speaker-file", *given.speaker_file] if given.speaker_file and name == "heads" else []
        run(["simulate", *size, *bases, "--out", given.work / name, "--workers", given.workers])


def train(given: argparse.Namespace) -> None:
    """Train, or continue."""
    tell_device()
    folder = given.work / "segmenter_run"
    resume = ["--resume"] if (folder / "run.json").exists() else []
    sets = ["--set", *given.set] if given.set else []
    options = ["--recipe", given.recipe, "--out", given.work / "segmenter.safetensors", "--device", given.device]
    run(["train", "segmenter", given.work / "heads", *options, "--run-dir", folder, *sets, *resume])
    report_metrics(folder, METRICS_SHOWN)


def evaluate(given: argparse.Namespace) -> None:
    """Measure the model, in half precision as it is shipped, on the heads kept aside, and write ``metrics.json``."""
    import torch

    from rtmri2speech.data.files import hash_files
    from rtmri2speech.data.provenance import write_about
    from rtmri2speech.models.bundle.model_file import load_bundle, save_bundle
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.training.segmenter.draws import FixedFrames
    from rtmri2speech.training.segmenter.measures import LabelSums
    from rtmri2speech.training.segmenter.panels import panels
    from rtmri2speech.training.segmenter.recipe import SegmenterDataConfig
    from rtmri2speech.training.segmenter.sources import read_poses

    path, device = given.work / "segmenter.safetensors", choose_device(given.device)
    save_bundle(load_bundle(path), given.work / MODEL, half=True)
    model = load_bundle(given.work / MODEL).build_segmenter(device).folded()
    heads = read_poses(given.work / "unseen")
    config = SegmenterDataConfig(validation_frames=given.frames)
    size = model.config.size
    fixed = FixedFrames(heads, config, size, given.seed).to(device)
    sums, image = LabelSums(device), None
    with torch.inference_mode():
        for _, frames, classes in fixed.batches():
            found = model(frames.to(memory_format=torch.channels_last)).argmax(dim=1)
            sums.update(found, classes)
            image = panels(frames, classes, found) if image is None else image
    assert image is not None
    figures = {name: value for name, value in sums.figures().items() if value == value}
    about = {"heads": len(heads), "frames": len(fixed), "size": size, "file": path.name, "sha256": hash_files([path])}
    write_about(given.work / METRICS, "segmenter_metrics", 1, {**about, "figures": figures})
    save_image(image, given.work / "validation.png")
    print(", ".join(f"{name} {value:.3f}" for name, value in figures.items()), flush=True)


def publish(given: argparse.Namespace) -> None:
    """Write the model with its card, the figures and the card itself."""
    from rtmri2speech.data.files import hash_files
    from rtmri2speech.data.provenance import write_about
    from rtmri2speech.models.bundle.model_file import load_bundle, save_bundle

    out: Path = given.out or HERE
    out.mkdir(parents=True, exist_ok=True)
    bundle = load_bundle(given.work / "segmenter.safetensors")
    metrics = json.loads((given.work / METRICS).read_text(encoding="utf-8"))
    if metrics["sha256"] != hash_files([given.work / "segmenter.safetensors"]):
        sys.exit(f"{given.work / METRICS}: holds the figures of another model; run the stage evaluate again.")
    manifest = json.loads((given.work / "heads" / "poses.json").read_text(encoding="utf-8"))
    real = given.work / "real.json"
    found = json.loads(real.read_text(encoding="utf-8")) if real.is_file() else None
    text = card(bundle, metrics, manifest, found)
    save_bundle(replace(bundle, card=text), out / MODEL, half=True)
    metrics |= {"file": MODEL, "sha256": hash_files([out / MODEL]), **({} if found is None else {"real": found})}
    write_about(out / METRICS, "segmenter_metrics", 1, metrics)
    (out / CARD).write_text(text, encoding="utf-8")
    for name in ("validation.png", *(["segmenter_run/metrics.jsonl"] if given.out else [])):
        if (given.work / name).is_file():
            shutil.copy(given.work / name, out / Path(name).name)
    print(f"{out / MODEL}: {(out / MODEL).stat().st_size / 1e6:.2f} MB", flush=True)


def renew_card(given: argparse.Namespace) -> None:
    """Put the text of README.md into the model file; the weights stay bit by bit what they are."""
    from rtmri2speech.data.files import hash_files
    from rtmri2speech.data.provenance import write_about
    from rtmri2speech.models.bundle.model_file import load_bundle, save_bundle, weights_hash

    out: Path = given.out or HERE
    before = load_bundle(out / MODEL)
    save_bundle(replace(before, card=(out / CARD).read_text(encoding="utf-8")), out / MODEL)
    after = load_bundle(out / MODEL)
    if weights_hash(after) != weights_hash(before) or after.provenance != before.provenance:
        sys.exit(f"{out / MODEL}: more than the card has changed; take the file of before.")
    metrics = json.loads((out / METRICS).read_text(encoding="utf-8"))
    write_about(out / METRICS, "segmenter_metrics", 1, metrics | {"sha256": hash_files([out / MODEL])})
    print(f"{out / MODEL}: card of {out / CARD}, weights {weights_hash(after)[:12]} as before", flush=True)


def card(bundle: Any, metrics: dict[str, Any], manifest: dict[str, Any], real: dict[str, Any] | None) -> str:
    """The model card."""
    provenance, figures, config = bundle.provenance, metrics["figures"], bundle.segmenter
    rows = [f"| {name.removeprefix('dice_')} | {value:.3f} |" for name, value in figures.items() if name[:5] == "dice_"]
    told = "" if real is None else REAL + real_table(real)
    weights = sum(value.numel() for name, value in bundle.tensors.items() if value.ndim > 1 or name.endswith("bias"))
    return TEXT.format(
        classes="\n".join(textwrap.wrap(", ".join(config.classes), 118)),
        table="\n".join(
            ["| class | Dice |", "|---|---|", *rows, f"| mean without background | {figures['dice']:.3f} |"]
        ),
        tongue_px=figures["tongue_px"],
        real=told,
        counts=" and ".join(f"{count} frames ({name})" for name, count in provenance["frames"].items()),
        total=len(manifest["speakers"]),
        weights=weights / 1e6,
        training_seed=provenance["seed"],
        anatomies=f"{1 + len(manifest['options'].get('speaker_files', ()))} measured anatomies",
        bases=" --speaker-file ..." if manifest["options"].get("speaker_files") else "",
        batch=provenance["recipe"]["data"]["batch_size"],
        **{name: metrics[name] for name in ("frames", "heads", "size")},
        **{name: provenance[name] for name in ("step", "device", "torch")},
        **{name: manifest["options"][name] for name in ("poses", "seed")},
    )


def real_table(real: dict[str, Any]) -> str:
    """Aggregate figures on recordings, ``{"what": {"value": .., "unit": ..}}``, as a table."""
    rows = [f"| {name} | {one['value']:.2f} {one['unit']} |" for name, one in real.items()]
    return "\n".join(["| measure | value |", "|---|---|", *rows, ""])


def save_image(image: Any, path: Path) -> None:
    """Write a PNG."""
    from PIL import Image

    Image.fromarray(image).quantize(256).save(path, optimize=True)


def main() -> int:
    """Read the command line, run the stages, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", nargs="?", type=Path, help="folder for everything that is made; not needed by card")
    parser.add_argument("--out", type=Path, help="folder for the small files; without, next to this script")
    parser.add_argument("--stages", nargs="+", choices=(*STAGES, RENEW_CARD), default=STAGES)
    parser.add_argument("--speaker-file", nargs="+", default=[], help="files of VocalTractLab's speakers to vary")
    parser.add_argument("--heads", default=480, type=int, help="heads to train on, a tenth of them to choose the best")
    parser.add_argument("--unseen", default=8, type=int, help="more heads, for the figures alone")
    parser.add_argument("--poses", default=60, type=int, help="poses per head")
    parser.add_argument("--frames", default=800, type=int, help="frames measured on")
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--set", nargs="+", default=[], help="settings over the recipe's: segmenter.max_minutes=8")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", default=0, type=int, help="processes that simulate; 0 for one per core")
    given = parser.parse_args()
    if given.work is not None:
        given.work.mkdir(parents=True, exist_ok=True)
    elif set(given.stages) != {RENEW_CARD}:
        parser.error("WORK is needed: a folder for everything that is made")
    stages: dict[str, Callable[[argparse.Namespace], None]] = dict(
        zip((*STAGES, RENEW_CARD), (make_heads, train, evaluate, publish, renew_card), strict=True)
    )
    for name in stages:
        if name in given.stages:
            print(f"== {name}", flush=True)
            stages[name](given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
