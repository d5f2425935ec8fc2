"""The vocoder: training speed compared with a plain loop, quality of copy synthesis, speed on a CPU.

python benchmarks/vocoder.py speed DATASET [--recipe R]             # steps/s, both ways, in one run
python benchmarks/vocoder.py quality DATASET --model M ... [--split test] [--most 60] [--json F]  # by speaker, pooled
python benchmarks/vocoder.py generate [--model M] [--seconds 10] [--threads 2]

The plain loop is how vocoders are usually trained: one process, float32, the mel spectrogram of every crop computed
in the loop, recorded and generated sound discriminated one after the other, nothing replayed from CUDA graphs.
Quality is that of sounds made from true mel spectrograms, compared with Griffin-Lim from the same mel.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.inference.vocoding import vocode
from rtmri2speech.metrics.waveform import compare_waves, mean_of
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, weights_hash
from rtmri2speech.models.vocoder.cpu_generator import for_inference
from rtmri2speech.models.vocoder.discriminators import build_discriminator
from rtmri2speech.models.vocoder.generator import (
    Generator,
    RowConv1d,
    RowConvTranspose1d,
    VocoderConfig,
    add_weight_norm,
)
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.griffin_lim import griffin_lim
from rtmri2speech.signal.mel import db_to_ln, mel_db
from rtmri2speech.training.engine.distributed import ALONE
from rtmri2speech.training.engine.trainer import choose_execution, make_trainer, quiet
from rtmri2speech.training.recipes import VocoderRecipe, load_recipe
from rtmri2speech.training.tasks import vocoder_task
from rtmri2speech.training.vocoder.mel_losses import MelLosses
from timing import Clock, wait

SPEED_BAR, GENERATE_BAR = 2.0, 1.0
LEAST = 20  # utterances of a group that make its mean meaningful
QUALITY_BARS, UNSEEN_BAR = {"pesq_wb": 3.0, "stoi": 0.95, "estoi": 0.92}, 2.5


def plain(dataset: Dataset, settings: VocoderRecipe, device: str, steps: int, warm: int) -> float:
    """Steps per second of the plain loop."""
    features = dataset.meta.features
    task = vocoder_task(dataset, settings, None, device == "cuda", ALONE)
    generator = Generator(settings.model, features.n_mels).to(device)
    add_weight_norm(generator)
    divisor = settings.discriminator_divisor
    families = nn.ModuleList(build_discriminator(name, divisor) for name in settings.discriminators).to(device)
    mel_losses, weights = MelLosses(settings.loss, features), settings.loss
    optimizers = [torch.optim.AdamW(part.parameters(), lr=settings.optimizer.lr) for part in (generator, families)]

    def discriminate(wave: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        found = [family(wave) for family in families]
        logits = list(chain.from_iterable(part for part, _ in found))
        return logits, list(chain.from_iterable(chain.from_iterable(maps for _, maps in found)))

    done, began = 0, 0.0
    while done < warm + steps:
        for _, wave, *_ in task.train:
            real = wave.to(device)
            fake = generator(db_to_ln(mel_db(real, features)).transpose(1, 2))
            optimizers[1].zero_grad()
            pairs = zip(discriminate(real)[0], discriminate(fake.detach())[0], strict=True)
            torch.stack([(1 - r).square().mean() + f.square().mean() for r, f in pairs]).sum().backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            (_, real_maps), (logits, fake_maps) = discriminate(real), discriminate(fake)
            loss = weights.adversarial * torch.stack([(1 - f).square().mean() for f in logits]).sum()
            pairs = zip(real_maps, fake_maps, strict=True)
            loss = loss + weights.feature * torch.stack([F.l1_loss(f, r.detach()) for r, f in pairs]).sum()
            for name, value in mel_losses(fake, real).items():
                loss = loss + mel_losses.weights[name] * value
            loss.backward()
            optimizers[0].step()
            done += 1
            if done == warm:
                wait()
                began = time.perf_counter()
            if done == warm + steps:
                break
    wait()
    return steps / (time.perf_counter() - began)


def ours(dataset: Dataset, settings: VocoderRecipe, device: str, steps: int, warm: int) -> Clock:
    """The same number of steps of ``train vocoder``."""
    settings = settings.model_copy(update={"max_steps": warm + steps, "max_epochs": 100_000, "validate_every": 100_000})
    execution = choose_execution(device, "fp32")
    task = vocoder_task(dataset, settings, None, execution.cuda, ALONE)
    clock = Clock(warm, warm + steps)
    with tempfile.TemporaryDirectory() as scratch, quiet():
        trainer = make_trainer(settings, execution, Path(scratch), [clock], task.steps_per_batch, ALONE)
        trainer.fit(task.module, task.train)
    return clock


def speed(dataset: Dataset, recipe: str, overrides: list[str], device: str, steps: int) -> None:
    """Both ways, one after the other."""
    settings = load_recipe(recipe, overrides).vocoder
    warm = max(3, steps // 5)
    slow = plain(dataset, settings, device, steps, warm)
    print(f"plain loop           {slow:7.2f} steps/s", flush=True)
    gc.collect()
    clock = ours(dataset, settings, device, steps, warm)
    fast = clock.steps / clock.seconds
    busy = f"; GPU busy {np.mean(clock.busy):.0f} %" if clock.busy else ""
    print(f"train vocoder        {fast:7.2f} steps/s{busy}")
    print(f"ratio                {fast / slow:7.2f} (wanted: at least {SPEED_BAR:g})")


def spread(items: list, most: int) -> list:
    """At most so many, evenly spread."""
    step = max(1, -(-len(items) // most))
    return items[::step]


def chosen_of(rows: Sequence[Utterance], known: set[str], most: int) -> list[Utterance]:
    """At most so many, equally many per speaker, but at least `LEAST` of each group that has as many."""
    groups: dict[str, dict[str, list[Utterance]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[group_of(row.speaker, known)][row.speaker].append(row)
    share = max(1, most // sum(map(len, groups.values())))
    counts = {name: max(share, -(-LEAST // len(speakers))) for name, speakers in groups.items()}
    return [row for name, speakers in groups.items() for own in speakers.values() for row in spread(own, counts[name])]


def group_of(speaker: str, known: set[str]) -> str:
    """``phantom`` for simulated speakers, else ``seen`` or ``unseen``: trained on or not."""
    return "phantom" if speaker.startswith("phantom") else "seen" if speaker in known else "unseen"


def quality(
    dataset: Dataset, models: list[Path], split: str, most: int, device: str, sounds: Path | None, out: Path | None
) -> None:
    """Measures of copy synthesis by speaker and group of speakers, of the vocoders and of Griffin-Lim.

    With `out` they are written as JSON: the measures under `ways`, and which dataset and weights they are of.
    """
    features = dataset.meta.features
    ways: dict[str, Callable[[Float32], Float32]] = {"Griffin-Lim": lambda mel: griffin_lim(mel, features)}
    for model in models:
        ways[model.stem] = copy_synthesis(model, device)
    known = {item.speaker for item in dataset.of_split("train")}
    chosen = chosen_of(dataset.of_split(split), known, most)
    results: dict[str, dict[str, dict[str, float]]] = {}
    for name, way in ways.items():
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        for item in chosen:
            mel = np.array(dataset.mel_db(item))
            real, _ = soundfile.read(dataset.audio_path(item), dtype="float32")
            made = way(mel)
            measures = compare_waves(real[: len(made)], made, features.sample_rate)
            for part in (item.speaker, group_of(item.speaker, known).upper()):
                found[part].append(measures)
            if sounds is not None and name != "Griffin-Lim":
                (sounds / name).mkdir(parents=True, exist_ok=True)
                soundfile.write(sounds / name / f"{item.id}.wav", made, features.sample_rate)
        results[name] = {part: {**mean_of(rows), "utterances": len(rows)} for part, rows in sorted(found.items())}
        print(f"{name}: {len(chosen)} utterances of {split}")
        for part in sorted(found, key=lambda part: (part.isupper(), part)):
            print(f"  {part:<20} {len(found[part]):3d}  {line(mean_of(found[part]))}", flush=True)
    wanted = ", ".join(f"{name} {bar:g}" for name, bar in QUALITY_BARS.items())
    print(f"wanted: SEEN {wanted}; UNSEEN and PHANTOM pesq_wb {UNSEEN_BAR:g}")
    if out is not None:
        bundles = {model.stem: load_bundle(model) for model in models}
        about = {
            "split": split,
            "dataset": dataset.fingerprint(),
            "models": {
                name: {"trained_on": dataset_of(bundle), "weights": weights_hash(bundle)}
                for name, bundle in bundles.items()
            },
        }
        out.write_text(json.dumps({**about, "ways": results}, indent=1) + "\n", encoding="utf-8")


def dataset_of(bundle: Bundle) -> str:
    """Fingerprint of the dataset that a bundle's vocoder was trained on, alone or next to an acoustic model."""
    stage = bundle.provenance["vocoder"] if bundle.kind == "synthesizer" else bundle.provenance
    return stage["dataset"]


def copy_synthesis(model: Path, device: str) -> Callable[[Float32], Float32]:
    """A function from a mel (T, M) in dB to a wave (N,), with a bundle's vocoder."""
    vocoder = for_inference(load_bundle(model).build_vocoder(device))
    return lambda mel: vocode(vocoder, mel, device)


def line(measures: dict[str, float]) -> str:
    """Measures in one line."""
    return "  ".join(f"{name} {value:.3f}" for name, value in measures.items())


def generate(model: Path | None, seconds: float, threads: int, rounds: int = 7) -> None:
    """Seconds of computing for some seconds of speech on a CPU in the forms ``fast`` and ``plain`` of synthesis.

    Next to them the released code's, of ``nn.Conv1d``. They take turns, and the best of each counts: other work on the
    machine only ever adds time. Operations are those of the plain form, two per multiplication; minimal filtering
    needs fewer.
    """
    torch.set_num_threads(threads)
    features = FeatureConfig()
    trained = Generator(VocoderConfig(), features.n_mels) if model is None else load_bundle(model).build_vocoder("cpu")
    trained.eval().requires_grad_(False)
    released = copy.deepcopy(trained)
    for part in released.modules():
        if isinstance(part, RowConv1d | RowConvTranspose1d):
            part.__class__ = nn.Conv1d if isinstance(part, RowConv1d) else nn.ConvTranspose1d
    forms = {"nn.Conv1d": released, "plain": trained, "fast": for_inference(trained)}
    frames = round(seconds * features.frame_rate)
    mel = torch.randn(features.n_mels, frames)
    with FlopCounterMode(display=False) as counter:
        copy.deepcopy(trained).to("meta")(mel[None].to("meta"))
    operations = counter.get_total_flops() / 1e9

    best: dict[str, float] = {}
    waves: dict[str, torch.Tensor] = {}
    for _ in range(rounds):
        for name, form in forms.items():
            began = time.perf_counter()
            waves[name] = torch.cat(list(form.generate(mel)))
            best[name] = min(best.get(name, np.inf), time.perf_counter() - began)
    print(f"{seconds:g} s of speech, {operations:.0f} GFLOP, {threads} threads, float32, best of {rounds}")
    for name, taken in best.items():
        print(f"{name:<20} {taken:7.2f} s, {operations / taken:4.0f} GFLOP/s")
    print(f"{'wanted':<20} {GENERATE_BAR * seconds / 10:7.2f} s")
    for name in ("nn.Conv1d", "plain"):
        print(f"{f'{name} / fast':<20} {best[name] / best['fast']:7.2f}")
    error = (waves["fast"] - waves["plain"]).abs().max() / waves["plain"].abs().max()
    print(f"largest difference   {float(error):7.1e} of the peak")


def main() -> None:
    parser = argparse.ArgumentParser(description="speed and quality of the vocoder")
    parser.add_argument("what", choices=("speed", "quality", "generate"))
    parser.add_argument("dataset", type=Path, nargs="?")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--set", nargs="*", default=[], dest="overrides")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--model", type=Path, nargs="*", default=[], help="one for generate, any number for quality")
    parser.add_argument("--split", default="test")
    parser.add_argument("--most", type=int, default=60, help="utterances, divided between the speakers")
    parser.add_argument("--sounds", type=Path, help="folder to keep the generated sounds in")
    parser.add_argument("--json", type=Path, help="file for the measures")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}", flush=True)
    if options.what == "generate":
        generate(options.model[0] if options.model else None, options.seconds, options.threads)
        return
    if options.dataset is None:
        parser.error("give a dataset")
    dataset = Dataset(options.dataset)
    if options.what == "speed":
        speed(dataset, options.recipe, options.overrides, options.device, options.steps)
    else:
        quality(dataset, options.model, options.split, options.most, options.device, options.sounds, options.json)


if __name__ == "__main__":
    main()
