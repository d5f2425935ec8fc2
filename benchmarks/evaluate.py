"""Evaluation: work per second of speech, measure by measure, and what an hour of speech takes two free cores.

    python benchmarks/evaluate.py DATASET [MODEL] [--split test] [--most 12] [--measures usual|all]
                                  [--backends torch auto bfloat16 | none]

CPU time of one thread, as in each worker process of `evaluate`, after a round that loads and compiles. The sounds are
made once, by PyTorch, and measured apart from the networks; then each backend evaluates the same utterances whole.
On a machine with other work, times are longer, since cores share memory and units of arithmetic.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from rtmri2speech.assets import find_model
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.evaluation import scoring
from rtmri2speech.evaluation.conditions import Conditions
from rtmri2speech.evaluation.plan import Options, plan
from rtmri2speech.evaluation.scoring import Job, Source, score
from rtmri2speech.inference.model import Model
from rtmri2speech.metrics import contours, mel_cepstral_distortion, waveform
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.models.exported.backends import choose_backend, has_bfloat16, in_words, installed
from rtmri2speech.phonetics import formants
from timing import clocked

WHOLE_BAR, MEASURES_BAR = 15.0, 4.0
PARTS: tuple[tuple[Any, str], ...] = (
    (scoring, "vowel_formants"),
    (formants, "_below_ceiling"),
    (waveform, "pitch_errors"),
    (waveform, "_stoi"),
    (waveform, "_pesq"),
    (waveform, "stft_distance"),
    (scoring, "mel_cepstral_distortion"),
    (mel_cepstral_distortion, "warp"),
    (scoring, "mel_db"),
    (scoring, "further_measures"),
    (contours, "formants_at"),
    (scoring, "true_formants"),
)
"""Where time goes; one may be part of another."""


class Made:
    """The three sounds of each utterance, made before."""

    def __init__(self, conditions: Conditions, rows: list[Utterance]) -> None:
        self._sounds = {row.id: list(conditions.make(row, np.array(conditions.dataset.mel_db(row)))) for row in rows}

    def make(self, utterance: Utterance, true_mel: object) -> Iterator[Any]:
        yield from self._sounds[utterance.id]


@contextmanager
def timed(places: tuple[tuple[Any, str], ...]) -> Iterator[dict[str, float]]:
    """CPU seconds of functions by name, while this is open."""
    spent: dict[str, float] = defaultdict(float)

    with ExitStack() as stack:
        for owner, name in places:
            stack.enter_context(
                patch.object(owner, name, clocked(getattr(owner, name), name, spent, time.process_time))
            )
        yield spent


def work_of(jobs: list[Job], maker: object, spent: dict[str, float]) -> float:
    """CPU seconds of all jobs with these networks or sounds, after one that does not count.

    The one is the last, of which nothing is remembered any more when the first has been measured.
    """
    with patch.object(scoring, "_conditions", lambda source: maker):
        score(jobs[-1])
        spent.clear()
        began = time.process_time()
        for job in jobs:
            score(job)
        return time.process_time() - began


def hour(seconds: float, speech: float, bar: float) -> str:
    """Minutes that an hour of speech takes two cores."""
    return f"an hour, two cores: {seconds / speech * 30:.1f} min   (wanted: at most {bar:g})"


def main() -> None:
    parser = argparse.ArgumentParser(description="speed of evaluation")
    parser.add_argument("dataset")
    parser.add_argument("model", nargs="?", default="phantom")
    parser.add_argument("--split", default="test")
    parser.add_argument("--most", type=int, default=12)
    parser.add_argument("--measures", choices=["usual", "all"], default="usual")
    parser.add_argument("--backends", nargs="+", default=["torch", "auto", "bfloat16"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    dataset, bundle = Dataset(options.dataset), load_bundle(find_model(options.model))
    rows = dataset.of_split(options.split)[: options.most]
    speech = sum(row.seconds for row in rows)
    asked = Options(split=options.split, further=options.measures == "all")
    jobs = [
        Job(Source(dataset.root, "", dataset.root, "", "cpu"), row, asked.finder, ceiling, further=asked.further)
        for ceilings in [plan(dataset, rows, asked).ceilings]
        for row in rows
        for ceiling in [ceilings.get(row.speaker)]
    ]
    made = Made(Conditions(dataset, Model(bundle, "cpu")), rows)
    with timed(PARTS) as spent:
        measures = work_of(jobs, made, spent)
    print(f"{len(rows)} utterances, {speech:.1f} s; ms of work per second of speech")
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"  {name.strip('_'):28} {1e3 * seconds / speech:7.1f}")
    print(f"{'measures alone':30} {1e3 * measures / speech:7.1f}   {hour(measures, speech, MEASURES_BAR)}")
    for name in options.backends:
        if name == "none" or (name == "bfloat16" and not (installed("openvino") and has_bfloat16())):
            continue
        backend, dtype = ("auto", torch.bfloat16) if name == "bfloat16" else (name, torch.float32)
        model = Model(bundle, "cpu", wanted=choose_backend(backend, torch.device("cpu"), dtype))
        conditions = Conditions(dataset, model)
        with timed(((Conditions, "predict"), (Model, "vocode"))) as spent:
            whole = work_of(jobs, conditions, spent)
        shares = ", ".join(f"{part} {1e3 * seconds / speech:.0f}" for part, seconds in spent.items())
        title = f"{name} ({in_words(model.wanted)})"
        print(f"{title:30} {1e3 * whole / speech:7.1f}   {hour(whole, speech, WHOLE_BAR)}   of it {shares}")


if __name__ == "__main__":
    main()
