"""Make the phone recognizer that `evaluate --recognizer phones` uses, from simulated speech alone.

    rtmri2speech simulate --out one --minutes 1.2 --speakers 12 --seed 770
    rtmri2speech simulate --out other --minutes 1 --speakers 5 --seed 2601
    rtmri2speech simulate --out unseen --minutes 1.2 --speakers 4 --seed 1004
    python pretrained/phones/make_model.py --train one other --test unseen

Of these recordings sounds and labels are used, no frame. The first speaker, m01, is the same everywhere and is left out
of the test. The model is also measured on the clip of the demo. It goes to the assets of the program, `metrics.json`
next to this script, or both to `--out`; `--measure` measures the one that is there. 500 steps of 16 stretches of 2 s
take some minutes on one core. In training every stretch gets another length of the vocal tract (the mel axis stretched
by .88 to 1.14), tilt, floor of noise, and a little noise.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "src"))

from rtmri2speech.arrays import Float32, Int64  # noqa: E402 - from the checkout
from rtmri2speech.assets import asset  # noqa: E402
from rtmri2speech.data.media.audio import read_sound  # noqa: E402
from rtmri2speech.data.media.textgrid import read_textgrid  # noqa: E402
from rtmri2speech.evaluation.intelligibility.edit_distance import edit_distance  # noqa: E402
from rtmri2speech.evaluation.intelligibility.phone_network import (  # noqa: E402
    FEATURES,
    PhoneConfig,
    PhoneNetwork,
    best_path,
    levels_of,
    load_phone_network,
    save_phone_network,
)
from rtmri2speech.evaluation.intelligibility.recognizers import SHIPPED_PHONES  # noqa: E402
from rtmri2speech.version import __version__  # noqa: E402

EVERYWHERE, VOWELS = "m01", ("a", "i", "u", "e", "o")
STRETCH, BATCH, RATE = 200, 16, 3e-3


@dataclass(frozen=True)
class Utterance:
    """Speaker, levels (T, M), number of the phone in each frame (T,), 0 for none, and the phones in order."""

    speaker: str
    levels: Float32
    labels: Int64
    phones: list[str]


def read(folder: Path) -> list[Utterance]:
    """All utterances of a phantom."""
    found = []
    for path in sorted(folder.glob("*/*.wav")):
        sound = read_sound(path)
        levels = levels_of(sound.samples, sound.rate)
        centers = (np.arange(len(levels)) + 0.5) / float(FEATURES.frame_rate)
        labels = np.zeros(len(levels), np.int64)
        tier = next(tier for tier in read_textgrid(path.with_suffix(".TextGrid")).tiers if tier.name == "phones")
        spoken = [entry for entry in tier.entries if entry.label.strip()]
        for entry in spoken:
            labels[(centers >= entry.start) & (centers < entry.end)] = SHIPPED_PHONES.index(entry.label.strip()) + 1
        found.append(Utterance(path.parent.name, levels, labels, [entry.label.strip() for entry in spoken]))
    if not found:
        sys.exit(f"{folder}: no sounds of a phantom. Make it: rtmri2speech simulate --out {folder}")
    return found


def another_speaker(levels: Float32, rng: np.random.Generator) -> Float32:
    """A stretch as a speaker with another vocal tract, microphone and room would have said it."""
    count = levels.shape[1]
    source = np.clip(np.arange(count) * rng.uniform(0.88, 1.14), 0, count - 1)
    low = np.floor(source).astype(int)
    share = (source - low).astype(np.float32)
    changed = levels[:, low] * (1 - share) + levels[:, np.minimum(low + 1, count - 1)] * share
    changed = changed + 0.5 * rng.normal() * np.linspace(-1, 1, count)
    floor = rng.uniform(-4, -1.5) + 0.3 * rng.normal(size=count)
    return np.asarray(np.maximum(changed, floor) + 0.1 * rng.normal(size=changed.shape), np.float32)


def train(network: PhoneNetwork, utterances: list[Utterance], steps: int, seed: int) -> None:
    """Some steps of AdamW with one cycle of the rate."""
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    for step in range(1, steps + 1):
        chosen = [utterances[number] for number in rng.integers(len(utterances), size=BATCH)]
        length = min(STRETCH, *(len(one.levels) for one in chosen))
        starts = [int(rng.integers(len(one.levels) - length + 1)) for one in chosen]
        pairs = list(zip(chosen, starts, strict=True))
        levels = np.stack([another_speaker(one.levels[start : start + length], rng) for one, start in pairs])
        labels = np.stack([one.labels[start : start + length] for one, start in pairs])
        scores = network(torch.from_numpy(levels)).flatten(0, 1)
        loss = functional.cross_entropy(scores, torch.from_numpy(labels).flatten(), label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
        if step % 50 == 0:
            print(f"step {step}: loss {float(loss.detach()):.3f}", flush=True)


def error_rate(network: PhoneNetwork, utterances: list[Utterance]) -> dict[str, float]:
    """Phone error rate, that of vowels and of consonants by themselves, and share of frames that are right."""
    errors, right = np.zeros(3, int), 0
    for one in utterances:
        with torch.inference_mode():
            scores = network(torch.from_numpy(one.levels)[None])[0].double().numpy()
        found = [network.config.phones[number - 1] for number in best_path(scores) if number]
        errors += [edit_distance(*pair) for pair in _parts(one.phones, found)]
        right += int((scores.argmax(axis=1) == one.labels).sum())
    counts = np.sum([[len(said) for said, _ in _parts(one.phones, [])] for one in utterances], axis=0)
    rates = dict(zip(("per", "per_vowels", "per_consonants"), (errors / counts).tolist(), strict=True))
    frames = sum(len(one.levels) for one in utterances)
    seconds = round(frames / float(FEATURES.frame_rate), 1)
    return {**rates, "frames_right": right / frames, "phones": int(counts[0]), "seconds": seconds}


def _parts(said: list[str], found: list[str]) -> list[tuple[list[str], list[str]]]:
    """All phones, vowels alone, consonants alone."""
    of_kind = [lambda _: True, lambda phone: phone in VOWELS, lambda phone: phone not in VOWELS]
    return [([one for one in said if kind(one)], [one for one in found if kind(one)]) for kind in of_kind]


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="phantoms to train on")
    parser.add_argument("--test", type=Path, required=True, help="a phantom of other speakers")
    parser.add_argument("--out", type=Path, help="where the files go; by default where the program finds them")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", action="store_true", help="measure the model that is there, without training")
    given = parser.parse_args()
    seen = [one for folder in given.train for one in read(folder)]
    unseen = [one for one in read(given.test) if one.speaker != EVERYWHERE]
    torch.manual_seed(given.seed)
    path = (given.out or asset("phones")) / "phones.safetensors"
    if given.measure:
        network = load_phone_network(path)
    else:
        network = PhoneNetwork(PhoneConfig())
        train(network, seen, given.steps, given.seed)
    network.eval()
    sets = {"unseen": unseen, "clip": read(asset("clip")), "training": seen}
    measured = {name: error_rate(network, utterances) for name, utterances in sets.items()}
    about = {"version": __version__, "torch": torch.__version__, "steps": given.steps, "seed": given.seed}
    if not given.measure:
        save_phone_network(network, path, about)
    metrics = {"kind": "phone recognizer", "schema": 1, **about, **measured}
    ((given.out or HERE) / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(metrics, indent=1))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
