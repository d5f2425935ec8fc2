"""Evaluation: seconds of work per second of speech, of the networks and of each kind of measure.

python benchmarks/evaluate.py DATASET MODEL [--split test] [--most 10]

One thread does it all, as in each worker process; the model is loaded already. The last line is how long an hour of
speech takes two processes on two free cores.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.evaluation.conditions import Conditions
from rtmri2speech.evaluation.scoring import read_recorded
from rtmri2speech.inference.model import load_model
from rtmri2speech.metrics.mel_cepstral_distortion import mel_cepstral_distortion
from rtmri2speech.metrics.waveform import compare_waves, pesq_narrow_band
from rtmri2speech.phonetics.formants import vowel_formants
from rtmri2speech.phonetics.vowels.spans import VowelFinder

BAR_MINUTES = 15.0
NETWORKS = ("acoustic model", "vocoder")


def main() -> None:
    parser = argparse.ArgumentParser(description="speed of evaluation")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--most", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    dataset = Dataset(options.dataset)
    rate = dataset.meta.features.sample_rate
    model = load_model(options.model, "cpu")
    conditions = Conditions(dataset, model)
    spent: dict[str, float] = defaultdict(float)
    clock = time.process_time

    def timed(name: str, work: object, *arguments: object) -> object:
        began = clock()
        found = work(*arguments)  # type: ignore[operator]
        spent[name] += clock() - began
        return found

    speech = 0.0
    for number, row in enumerate(
        [dataset.of_split(options.split)[0], *dataset.of_split(options.split)[: options.most]]
    ):
        if number == 1:  # the first pass loads and compiles
            spent.clear()
            speech = 0.0
        speech += row.seconds
        recorded = read_recorded(dataset, row)
        spans = [(span.start, span.end) for span in VowelFinder().spans(dataset, row)]
        timed("acoustic model", conditions.predict, row)
        wave = timed("vocoder", model.vocode, np.array(dataset.mel_db(row)))
        timed("cepstrum", mel_cepstral_distortion, recorded, wave, rate)
        timed("STOI, PESQ wb, STFT, F0", compare_waves, recorded, wave, rate)
        timed("PESQ nb", pesq_narrow_band, recorded, wave, rate)
        timed("formants", vowel_formants, wave, rate, spans, 5000.0)
    # The acoustic model runs once, the vocoder for model and ceiling, measures for three sounds, formants for four.
    times = {"acoustic model": 1, "vocoder": 2, "formants": 4}
    total = {True: 0.0, False: 0.0}
    for name, seconds in spent.items():
        share = seconds / speech
        total[name in NETWORKS] += share * times.get(name, 3)
        print(f"{name:24s} {share:6.3f} s per second of speech, {times.get(name, 3)} times")
    for name, share in (("measures alone", total[False]), ("with the networks", sum(total.values()))):
        print(f"an hour, two cores, {name}: {share * 30:.1f} min   (wanted: at most {BAR_MINUTES:g})")


if __name__ == "__main__":
    main()
