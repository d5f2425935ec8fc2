"""The floor's short cut, and the model as synthesis has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from evaluated import evaluation_dataset
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.evaluation.conditions import CONDITIONS, Conditions
from rtmri2speech.evaluation.true_formants import true_formants
from rtmri2speech.inference.model import load_model
from rtmri2speech.phonetics.vowels.spans import VowelFinder


@pytest.fixture(scope="module")
def dataset(tiny_phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    torch.set_num_threads(1)
    return Dataset(evaluation_dataset(tiny_phantom, tmp_path_factory.mktemp("conditions") / "dataset"))


def test_three_sounds_of_the_recording_s_length(dataset: Dataset, model_files: dict[str, Path]) -> None:
    model = load_model(model_files["synthesizer"], "cpu")
    conditions = Conditions(dataset, model)
    row = dataset.of_split("test")[0]
    true = np.array(dataset.mel_db(row))
    made = {name: (mel, wave) for name, mel, wave in conditions.make(row, true)}
    assert tuple(made) == CONDITIONS
    for mel, wave in made.values():
        assert mel.shape == true.shape and wave.shape == (len(true) * model.features.hop_length,)
    assert np.array_equal(made["ceiling"][0], true) and np.ptp(made["floor"][0], axis=0).max() == 0
    # The mean mel whole through the vocoder, without the short cut.
    assert made["floor"][1] == pytest.approx(model.vocode(made["floor"][0]), abs=1e-5)
    assert conditions.predict(row) == pytest.approx(made["model"][0])


def test_the_floor_goes_through_the_vocoder_once(
    dataset: Dataset, model_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(model_files["synthesizer"], "cpu")
    conditions = Conditions(dataset, model)
    enough = 2 * model.vocoder.config.context_frames + 1
    vocoded: list[int] = []
    vocode = model.vocode
    monkeypatch.setattr(model, "vocode", lambda mel: vocoded.append(len(mel)) or vocode(mel))
    waves = [conditions._constant(frames) for frames in (enough, enough + 5, enough + 9, enough - 1)]
    assert vocoded == [enough, enough - 1]
    assert [len(wave) for wave in waves] == [
        frames * model.features.hop_length for frames in (enough, enough + 5, enough + 9, enough - 1)
    ]


def test_vowels_of_the_annotation_have_their_truth(dataset: Dataset) -> None:
    row = dataset.of_split("test")[0]
    spans = VowelFinder().spans(dataset, row)
    assert spans and {span.label for span in spans} <= set("aiueo")
    assert all(0 <= span.start < span.end <= row.seconds + 0.1 for span in spans)
    assert [span.label for span in VowelFinder(vowels=("a",)).spans(dataset, row)] == [
        span.label for span in spans if span.label == "a"
    ]
    truth = true_formants(row, spans)
    assert truth is not None and len(truth) == len(spans)
    known = np.array([pair for pair in truth if np.isfinite(pair).all()])
    assert len(known) and (known[:, 0] < known[:, 1]).all() and known.min() > 150


def test_marks_do_not_make_other_vowels() -> None:
    finder = VowelFinder()
    assert [finder._vowel(label) for label in ("aː", "AA1", " i ", "k", "", "ˈə", "ai")] == [
        "a", "AA", "i", "", "", "ə", "",
    ]  # fmt: skip
