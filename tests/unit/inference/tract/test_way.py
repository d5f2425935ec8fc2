"""Speech by way of the measured tract, with networks of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import measured
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.evaluation.conditions import Conditions
from rtmri2speech.inference.mel_predictor import MelPredictor
from rtmri2speech.inference.model import Model, load_model
from rtmri2speech.inference.remarks import prepared
from rtmri2speech.inference.tract import way
from rtmri2speech.models.bundle.describe import describe
from rtmri2speech.models.bundle.model_file import Bundle, join, load_bundle, save_bundle
from rtmri2speech.models.exported.backends import Wanted
from rtmri2speech.models.tract.acoustic import TractAcousticConfig, TractAcousticModel
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig


@pytest.fixture
def model_file(tmp_path: Path, model_files: dict[str, Path]) -> Path:
    torch.manual_seed(0)
    network = TractAcousticModel(TractAcousticConfig(width=8, hidden=8, layers=1), FeatureConfig())
    network.inputs.fit([torch.from_numpy(measured.rows(50))])
    about = {"dataset": "d"}
    bundle = join(
        Bundle.from_tract(network, FeatureConfig(), provenance=about, card="Tract."),
        load_bundle(model_files["vocoder"]),
    )
    path = tmp_path / "tract.safetensors"
    save_bundle(bundle, path, half=True)
    return path


@pytest.fixture
def tiny_way(monkeypatch: pytest.MonkeyPatch, tiny_segmenter: Path) -> None:
    monkeypatch.setattr(way, "SHIPPED", str(tiny_segmenter))


def test_the_file_describes_itself(model_file: Path, model_files: dict[str, Path]) -> None:
    bundle = load_bundle(model_file)
    assert bundle.kind == "synthesizer" and bundle.has_mel and bundle.frames is None
    assert bundle.acoustic_dataset == "d" and bundle.header()["model"]["acoustic"] is None
    assert "a measured tract, 1 layers of BiLSTM 8" in dict(describe(bundle))["acoustic model"]
    assert "tract" not in load_bundle(model_files["synthesizer"]).header()["model"]
    with pytest.raises(BundleError, match="no acoustic model of frames"):
        _ = load_model(model_file, "cpu").acoustic
    with pytest.raises(BundleError, match="no model that reads a measured tract"):
        _ = load_model(model_files["acoustic"], "cpu").tract_way


def test_a_video_becomes_speech(model_file: Path, talker: Path, tiny_way: None) -> None:
    model = load_model(model_file, "cpu")
    speech = model.synthesize(talker, pixel_mm=3.0)
    frames = model.open(talker).n_frames
    assert speech.mel_db.shape == (frames, 64) and len(speech.wave) == frames * 420 and np.isfinite(speech.wave).all()
    assert speech.notes
    assert np.array_equal(model.predict_mel(model.open(talker)), model.synthesize(talker).mel_db)


def test_a_backend_that_fails_the_segmenter_is_said_once_of_speech_and_of_utterances(
    model_file: Path, talker: Path, tiny_way: None, broken_engine: None
) -> None:
    model = Model(load_bundle(model_file), wanted=Wanted("openvino", asked=True))
    assert model.backend_notes == [] and prepared(model) == "torch"
    assert [note.split(" runs")[0] for note in model.backend_notes] == ["the segmenter", "the vocoder"]
    notes = model.synthesize(talker, pixel_mm=3.0).notes
    assert [notes.count(note) for note in model.backend_notes] == [1, 1]


def test_a_size_of_pixels_is_of_no_use_to_frames(model_files: dict[str, Path], talker: Path) -> None:
    with pytest.raises(ConfigError, match="`pixel_mm`: this model reads frames"):
        load_model(model_files["synthesizer"], "cpu").synthesize(talker, pixel_mm=3.0)


def test_a_dataset_is_predicted_and_evaluated(model_file: Path, talker: Path, tiny_way: None, tmp_path: Path) -> None:
    prepare(talker, tmp_path / "ds", frames=FrameConfig(size=32), workers=1)
    dataset = Dataset(tmp_path / "ds")
    row = dataset.utterances[0]
    predictor = MelPredictor(dataset, model_file)
    mel = predictor.predict(row)
    assert mel.shape == (row.n_frames, 64) and predictor.seen is None
    made = Conditions(dataset, Model(load_bundle(model_file))).predict(row)
    np.testing.assert_allclose(made, mel, atol=1e-4)
