"""The phone recognizer, trained on simulated speech, tells vowels of a real speaker apart."""

from __future__ import annotations

import csv

import pytest
import torch

from recordings import data
from rtmri2speech.assets import asset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.evaluation.intelligibility.phone_network import FEATURES, levels_of, load_phone_network

pytestmark = pytest.mark.realdata


def test_vowels_of_the_usc75_clip() -> None:
    folder = data("usc75_sub001")
    network = load_phone_network(asset("phones/phones.safetensors"))
    sound = read_sound(next(folder.glob("*.mp4")))
    with torch.inference_mode():
        scores = network(torch.from_numpy(levels_of(sound.samples, sound.rate))[None])[0]
    table = next(folder.glob("*_vowel_times.csv")).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(table.splitlines(), delimiter=";"))[1:]
    rate, right = float(FEATURES.frame_rate), 0
    for label, _, start, end, *_ in rows:
        first, last = float(start), float(end)
        fifth = (last - first) / 5
        middle = scores[int((first + fifth) * rate) : int((last - fifth) * rate)].mean(dim=0)
        likely = max("aoe", key=lambda vowel: float(middle[network.config.phones.index(vowel) + 1]))
        right += likely == label.lower()
    assert len(rows) == 36 and right == 30
    assert len(network.read(sound.samples, sound.rate)) == 92
