"""Make the files that are shipped of a model trained on a phantom: the model in half precision, its figures, its card.

    rtmri2speech evaluate DATASET model.safetensors --split test --out EVALUATION
    python pretrained/phantom/publish.py model.safetensors --evaluation EVALUATION --phantom PHANTOM

writes `model.safetensors`, `metrics.json` and `README.md` next to this script. The figures are those that `evaluate`
has written, of this very file, which `bundle --half` makes. The card is made from what the model, the figures and the
phantom say; nothing in it is typed by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle

HERE = Path(__file__).parent
MODEL, METRICS, CARD = HERE / "model.safetensors", HERE / "metrics.json", HERE / "README.md"
ROWS = {
    "mel_mae_db": ("error of the mel spectrogram, dB", 1, "{:.2f}"),
    "mcd_db": ("mel-cepstral distortion, dB", 1, "{:.2f}"),
    "stoi": ("STOI", 1, "{:.3f}"),
    "estoi": ("ESTOI", 1, "{:.3f}"),
    "pesq_wb": ("PESQ-wb", 1, "{:.2f}"),
    "f0_rmse_hz": ("F0, root mean square error, Hz", 1, "{:.1f}"),
    "vuv_error": ("frames voiced in one sound only, %", 100, "{:.1f}"),
    "f1_error_median_hz": ("F1 of vowels, median error, Hz", 1, "{:.1f}"),
    "f2_error_median": ("F2 of vowels, median error, %", 100, "{:.1f}"),
    "vowel_identification": ("vowels identified, %", 100, "{:.1f}"),
}
TEXT = """\
# The phantom model

From frames of the vocal tract to speech: {acoustic_kind} predict {n_mels} mel bands, from which HiFi-GAN
makes sound at {rate} Hz. The model was trained only on simulated speakers in a simulated scanner. It comes with the
program and is called by its name:

    rtmri2speech demo
    rtmri2speech synthesize VIDEO --model phantom --out speech
    rtmri2speech train acoustic DATASET --init phantom --out acoustic.safetensors

## Figures

Measured on the {utterances} utterances of the test split. None of their phrases of three or more morae is in the
training data; single vowels and pairs of vowels are too few for that, and come in another order. *Ceiling*: the
recording's own mel spectrogram through the same vocoder. *Floor*: the mean mel spectrogram. Definitions: `definitions`
in `metrics.json`.

{table}

The formants of vowels are compared with those of the simulated sound ({formant_note}). To measure again:

    {reproduce}

## Data

{minutes:.1f} minutes simulated with VocalTractLab: {speakers} speakers ({names}), seed {seed};
{rows}. {unseen} was kept out of
training and validation entirely. To make it again:

    {simulate}

## Training

| | acoustic model | vocoder |
|---|---|---|
{training}

The settings of both are in the file: `rtmri2speech inspect phantom --json`. Weights are stored in half precision.

## Intended use, and limits

For trying the program without recordings, for testing methods of analysis where the truth is known, and as the starting
point for training on your own recordings. It is not a model of anybody's speech: the voices say vowels and morae in
random order, the head is drawn, there is no scanner noise, and the frame rate is low ({frame_rate:.2f} frames per
second). All that the frames show of pitch is the height of the larynx. For recordings of people, the model has to be
trained further first.

## License

MIT, like the project. No recording of a person was used. {citation}
"""


def table(metrics: dict[str, Any]) -> str:
    """The figures of seen and unseen speakers as a Markdown table."""
    groups = [name for name in ("seen", "unseen") if name in metrics]
    heads = [f"{name} speakers ({', '.join(metrics[name]['speakers'])})" for name in groups]
    lines = ["| measure | " + " | ".join(f"{head} | ceiling | floor" for head in heads) + " |"]
    lines.append("|---" * (1 + 3 * len(groups)) + "|")
    for name, (words, factor, pattern) in ROWS.items():
        cells = []
        for group in groups:
            for values in (metrics[group], metrics[group]["ceiling"], metrics[group]["floor"]):
                value = values.get(name)
                cells.append("–" if value is None else pattern.format(factor * value))
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def training(provenance: dict[str, Any]) -> str:
    """How the two stages were trained, as the rows of a table."""
    acoustic, vocoder = provenance["acoustic"], provenance["vocoder"]
    rows = {
        "utterances": lambda stage: f"{stage['utterances']['train']} ({stage['corpus']})",
        "steps": lambda stage: f"{stage['step']:,}",
        "started from": lambda stage: stage["init"] if isinstance(stage["init"], str) else _name(stage["init"]),
        "seed": lambda stage: stage["seed"],
        "device": lambda stage: stage["device"],
        "PyTorch": lambda stage: stage["torch"],
        "dataset": lambda stage: f"`{stage['dataset']}`",
    }
    return "\n".join(f"| {name} | {tell(acoustic)} | {tell(vocoder)} |" for name, tell in rows.items())


def _name(init: Any) -> str:
    return "random weights" if init is None else str(init["name"])


def card(bundle: Bundle, metrics: dict[str, Any], phantom: dict[str, Any], minutes: float) -> str:
    """The model card."""
    names = [speaker["name"] for speaker in phantom["speakers"]]
    counts = bundle.provenance["acoustic"]["utterances"]
    features, config = bundle.features, bundle.acoustic
    assert config is not None
    ceilings = metrics["formant_ceilings_hz"]
    return TEXT.format(
        acoustic_kind=f"{config.backbone} and BiLSTM {config.hidden}",
        n_mels=features.n_mels,
        rate=features.sample_rate,
        utterances=metrics["all"]["n_utterances"],
        table=table(metrics),
        formant_note="Praat's robust method" if ceilings else "not measured",
        reproduce=metrics["reproduce"],
        minutes=minutes,
        speakers=len(names),
        names=", ".join(names),
        seed=phantom["seed"],
        rows="{train} utterances for training, {validation} for validation, {test} for testing".format(**counts),
        unseen=" and ".join(metrics["unseen"]["speakers"]),
        simulate=f"rtmri2speech simulate --out phantom --minutes {minutes:.0f} --speakers {len(names)} "
        f"--seed {phantom['seed']}\n    rtmri2speech prepare phantom --out dataset --test-speakers "
        + " ".join(metrics["unseen"]["speakers"]),
        training=training(bundle.provenance),
        frame_rate=float(features.frame_rate),
        citation=bundle.provenance["acoustic"]["citation"],
    )


def publish(model: Path, evaluation: Path, phantom: Path) -> None:
    """Write the three files.

    Raises:
        UserError: when the figures are not the model's, or not of the dataset that it was trained on.
    """
    metrics = json.loads((evaluation / "metrics.json").read_text(encoding="utf-8"))
    if metrics["model"]["sha256"] != hash_files([model]):
        raise UserError(f"{evaluation}: holds the figures of another model than {model}.", "Evaluate this one.")
    manifest = json.loads((phantom / "phantom.json").read_text(encoding="utf-8"))
    numerator, denominator = map(int, manifest["frame_rate"].split("/"))
    minutes = sum(row["frames"] for row in manifest["utterances"]) * denominator / numerator / 60
    bundle = load_bundle(model)
    if metrics["dataset"]["fingerprint"] != bundle.acoustic_dataset:
        raise UserError(
            f"{evaluation}: is of another dataset than {model} was trained on.",
            "Evaluate on the dataset of the training, or the card would describe two.",
        )
    text = card(bundle, metrics, manifest, minutes)
    save_bundle(replace(bundle, card=text), MODEL, half=True)
    # The card has joined the file since; its weights are those that were measured, to the bit.
    metrics["model"] |= {"file": MODEL.name, "sha256": hash_files([MODEL])}
    METRICS.write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    CARD.write_text(text, encoding="utf-8")


def main() -> int:
    """Read the command line, write the files, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path, help="bundle of both stages")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder of evaluate, of this very file")
    parser.add_argument("--phantom", type=Path, required=True, help="folder of simulate, with its phantom.json")
    given = parser.parse_args()
    try:
        publish(given.model, given.evaluation, given.phantom)
    except UserError as error:
        print(f"error: {error.problem}\n       {error.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
