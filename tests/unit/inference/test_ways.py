"""Which way a video becomes speech, and what is said of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import measured
from rtmri2speech import assets
from rtmri2speech.data.annotation.pitch_tier import read_pitch_tier
from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.inference import model as model_module
from rtmri2speech.inference.model import Model, load_model
from rtmri2speech.inference.tract import way
from rtmri2speech.models.bundle.model_file import Bundle, join, load_bundle, save_bundle
from rtmri2speech.models.tract.acoustic import TractAcousticConfig, TractAcousticModel
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
from rtmri2speech.signal.features import FeatureConfig


@pytest.fixture
def shipped(
    tmp_path: Path, model_files: dict[str, Path], tiny_segmenter: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder of shipped models: ``phantom`` and ``strangers``, of random weights."""
    torch.manual_seed(0)
    network = TractAcousticModel(TractAcousticConfig(width=8, hidden=8, layers=1), FeatureConfig())
    network.inputs.fit([torch.from_numpy(measured.rows(50))])
    root = tmp_path / "assets" / "pretrained"
    for name in ("phantom", "strangers"):
        (root / name).mkdir(parents=True)
    shutil.copy(model_files["synthesizer"], root / "phantom" / "model.safetensors")
    strangers = join(Bundle.from_tract(network, FeatureConfig()), load_bundle(model_files["vocoder"]))
    save_bundle(strangers, root / "strangers" / "model.safetensors")
    monkeypatch.setattr(assets, "asset", lambda relative: tmp_path / "assets" / relative)
    monkeypatch.setattr(way, "SHIPPED", str(tiny_segmenter))
    return root


def far(monkeypatch: pytest.MonkeyPatch, value: float | None) -> None:
    monkeypatch.setattr(model_module, "unfamiliarity", lambda *_: value)


def test_the_shipped_model_leaves_strange_frames(
    shipped: Path, talker: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = load_model("phantom", "cpu")
    far(monkeypatch, 0.3)
    own = model.synthesize(talker)
    assert own.way == "image" and own.f0_hz is None and not any("way" in note for note in own.notes)
    far(monkeypatch, 1.25)
    other = model.synthesize(talker, f0="flat", pixel_mm=3.0)
    assert other.way == "tract" and other.f0_hz is not None and len(other.f0_hz) == len(other.mel_db)
    assert "distance 1.2" in other.notes[0] and "with the model strangers; `way='image'` has" in other.notes[0]
    kept = model.synthesize(talker, way="image")
    assert kept.way == "image" and np.array_equal(kept.wave, own.wave)
    assert "mistrust the speech" in kept.notes[-1] and "`way='tract'`" in kept.notes[-1]
    (shipped / "strangers" / "model.safetensors").unlink()
    assert load_model("phantom", "cpu").synthesize(talker).way == "image"
    with pytest.raises(BundleError, match="The model strangers comes with the program, and its file is missing"):
        load_model("phantom", "cpu").synthesize(talker, way="tract")


def test_a_model_of_ones_own_stays_with_itself(
    shipped: Path, talker: Path, model_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(model_files["synthesizer"], "cpu")
    far(monkeypatch, 1.25)
    assert model.synthesize(talker).way == "image"
    asked = model.synthesize(talker, way="tract")
    assert asked.way == "tract" and asked.notes[0].startswith("spoken by way of the measured tract")
    assert np.array_equal(asked.wave, load_model("strangers", "cpu").synthesize(talker).wave)


def test_what_is_of_no_use_is_said(
    shipped: Path, talker: Path, model_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    far(monkeypatch, None)
    model = load_model("phantom", "cpu")
    with pytest.raises(ConfigError, match="`f0`: this model reads frames"):
        model.synthesize(talker, f0="flat")
    with pytest.raises(ConfigError, match="`way=both`: no way to speak"):
        model.synthesize(talker, way="both")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"`way=image`: .*strangers.* reads a measured tract"):
        load_model("strangers", "cpu").synthesize(talker, way="image")
    with pytest.raises(BundleError, match="holds no vocoder"):
        load_model(model_files["acoustic"], "cpu").synthesize(talker, way="tract")


def test_pitch_is_saved_and_can_be_given_again(shipped: Path, talker: Path, tmp_path: Path) -> None:
    model = load_model("strangers", "cpu")
    assert isinstance(model, Model) and model.for_strangers is model
    frames = model.open(talker).n_frames
    speech = model.synthesize(talker, f0=np.full(frames, 130.0))
    assert speech.f0_hz is not None and speech.f0_hz.tolist() == [130.0] * frames
    path = speech.save(tmp_path)[-1]
    assert path.name == f"{talker.stem}_generated.PitchTier"
    assert read_pitch_tier(path).f0_hz.tolist() == [130.0] * frames
    again = model.synthesize(talker, f0=path)
    there = again.f0_hz is not None and again.f0_hz[again.f0_hz > 0]
    assert set(np.unique(there)) <= {130.0}


@pytest.fixture
def sourced(make_bundle, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    """A model of frames whose vocoder has a harmonic source that is heard."""
    torch.manual_seed(1)
    both = make_bundle()
    size = VocoderConfig(**{**both.vocoder.model_dump(), "source": "harmonic", "pitch_channels": 8})
    network = Generator(size, both.features.n_mels)
    state = network.state_dict() | both.stage("vocoder")
    network.load_state_dict(state)
    for entry in network.entries:
        torch.nn.init.normal_(entry.conv.weight, 0.0, 0.05)
    path = tmp_path / "sourced.safetensors"
    save_bundle(join(both, Bundle.from_vocoder(network, both.features)), path)
    return path


def test_a_vocoder_with_a_source_can_be_given_pitch(sourced: Path, talker: Path, tmp_path: Path) -> None:
    model = load_model(sourced, "cpu")
    own = model.synthesize(talker)
    assert own.way == "image" and own.f0_hz is not None and len(own.f0_hz) == len(own.mel_db)
    frames = len(own.mel_db)
    given = model.synthesize(talker, f0=np.full(frames, 130.0))
    assert given.f0_hz is not None and given.f0_hz.tolist() == [130.0] * frames
    assert np.array_equal(given.mel_db, own.mel_db) and not np.allclose(given.wave, own.wave, atol=1e-3)
    assert read_pitch_tier(given.save(tmp_path)[-1]).f0_hz.tolist() == [130.0] * frames
    flat = model.synthesize(talker, f0="flat")
    assert flat.f0_hz is not None and len(np.unique(flat.f0_hz[flat.f0_hz > 0])) <= 1
    with pytest.raises(ConfigError, match="`pixel_mm`"):
        model.synthesize(talker, f0="flat", pixel_mm=1.0)
    with pytest.raises(ConfigError, match="12 Hz in frame 0"):
        model.synthesize(talker, f0=np.full(frames, 12.0))
