"""Make the files that are shipped of a trained base vocoder: the model in half precision, its figures, its card.

    python benchmarks/vocoder.py quality DATASET --model base.safetensors --most 240 --json figures.json
    python pretrained/base-vocoder/publish.py base.safetensors --dataset DATASET --figures figures.json

writes `vocoder.safetensors`, `metrics.json` and `README.md` next to this script. The card is made from what the model
and the figures say, and from `--more`. Figures of other weights, or a dataset that these were not trained on, are
refused. The shipped model is the trained one rounded to half precision; `quality --model` of both says what the
rounding costs.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import Any

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle, weights_hash

HERE = Path(__file__).parent
COLUMNS = {"pesq_wb": "PESQ-wb", "stoi": "STOI", "estoi": "ESTOI", "mrstft": "MR-STFT", "f0_rmse_cents": "F0, cents"}
GROUPS = {
    "SEEN": "held-out sentences, voices in the training data",
    "UNSEEN": "a voice kept out of the training data",
    "PHANTOM": "held-out utterances of simulated speakers",
}
CARD = """\
# Base vocoder

{kind}: a mel spectrogram of {n_mels} bands, one frame per {hop} samples ({milliseconds:.1f} ms), to a waveform at
{rate} Hz. It is the starting point for a vocoder of your own recordings:

    rtmri2speech train vocoder DATASET --init base-vocoder --out vocoder.safetensors

## Figures

Copy synthesis: the mel spectrogram of a recording is turned back into sound and compared with the recording. Both are
band-limited to half the sampling rate, and resampled to 16 kHz for PESQ; values are means over utterances. Griffin-Lim
from the same mel spectrogram is given for comparison.

{table}

By speaker: `metrics.json`.

## Training

{steps} steps of {batch} segments of {frames} frames on {device}; {seconds};
the recipe `phantom`. {story}

## Data

{utterances}. No recording of a person was used. Made by `make_corpus.py` and `prepare_corpus.py`.

{credits}

## Limits

The training data is synthetic, read, and Japanese; the simulated speakers say vowels and morae. A voice that was not in
it sounds worse than one that was (see the table), and real speech in scanner noise is harder still: fine-tune the
vocoder on the recordings it will be used with. A frame of {milliseconds:.1f} ms and a window of {window:.0f} ms
blur anything shorter; the vocoder has to guess it.

## License

The model is under the MIT license, like the project; the voices' licenses require the credits above.
"""


def table(figures: dict[str, dict[str, dict[str, float]]]) -> str:
    """Figures by group of speakers as a Markdown table, one row per group and method."""
    lines = [
        "| speech | made by | utterances | " + " | ".join(COLUMNS.values()) + " |",
        "|---" * (3 + len(COLUMNS)) + "|",
    ]
    for group, words in GROUPS.items():
        for way, found in figures.items():
            if group in found:
                row = found[group]
                cells = [f"{row[name]:.0f}" if name.startswith("f0") else f"{row[name]:.3f}" for name in COLUMNS]
                lines.append(f"| {words} | {way} | {row['utterances']:.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def card(bundle: Bundle, figures: dict[str, Any], dataset: Dataset, more: str) -> str:
    """The model card."""
    features, about = bundle.features, bundle.provenance
    recipe, rows = about["recipe"], dataset.of_split("train")
    minutes = sum(row.seconds for row in rows) / 60
    harmonic = bundle.vocoder is not None and bundle.vocoder.source == "harmonic"
    return CARD.format(
        kind="HiFi-GAN V1 with a harmonic source" if harmonic else "HiFi-GAN V1",
        n_mels=features.n_mels,
        hop=features.hop_length,
        rate=features.sample_rate,
        milliseconds=1e3 * features.hop_length / features.sample_rate,
        window=1e3 * features.win_length / features.sample_rate,
        table=table(figures["ways"]),
        steps=f"{about['step']:,}",
        batch=recipe["data"]["batch_size"],
        frames=recipe["data"]["segment_frames"],
        device=about["device"],
        seconds=f"dataset {about['dataset']}, seed {about['seed']}, PyTorch {about['torch']}",
        story=fill(f"It started from {_name(about['init'])}. {more}", 119),
        utterances=f"{len(rows):,} utterances of {len({row.speaker for row in rows})} speakers, {minutes:.0f} minutes",
        credits=about["citation"],
    )


def _name(init: str | None) -> str:
    return "random weights" if init is None else f"`{init}`"


def require_matching(bundle: Bundle, figures: dict[str, Any], dataset: Dataset, given: argparse.Namespace) -> None:
    """Refuse figures of other weights than the model's, and a dataset that it was not trained on.

    Raises:
        UserError: says which.
    """
    if bundle.provenance["dataset"] != dataset.fingerprint():
        raise UserError(f"{given.dataset}: {given.model} was trained on another.", "Give --dataset of its training.")
    if weights_hash(bundle) not in {one["weights"] for one in figures["models"].values()}:
        raise UserError(
            f"{given.figures}: holds no figures of {given.model}.",
            "Measure it: benchmarks/vocoder.py quality DATASET --model MODEL --json FILE",
        )


def main() -> int:
    """Read the command line, write the files, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path, help="bundle that train vocoder has written")
    parser.add_argument("--dataset", type=Path, required=True, help="what it was trained on")
    parser.add_argument(
        "--figures", type=Path, required=True, help="measures, from benchmarks/vocoder.py quality --json"
    )
    parser.add_argument("--more", default="", help="one more sentence about the training")
    given = parser.parse_args()
    try:
        bundle, dataset = load_bundle(given.model), Dataset(given.dataset)
        figures = json.loads(given.figures.read_text(encoding="utf-8"))
        require_matching(bundle, figures, dataset, given)
        text = card(bundle, figures, dataset, given.more)
        save_bundle(replace(bundle, card=text), HERE / "vocoder.safetensors", half=True)
    except UserError as error:
        print(f"error: {error.problem}\n       {error.remedy}", file=sys.stderr)
        return 1
    write_about(HERE / "metrics.json", "copy_synthesis", 1, figures)
    (HERE / "README.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
