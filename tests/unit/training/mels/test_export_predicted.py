"""Mels that an acoustic model predicts of a dataset: equality with synthesis, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import BundleError, DatasetError
from rtmri2speech.inference.mel_predictor import MelPredictor
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel, Inference
from rtmri2speech.models.bundle.model_file import Bundle, join, save_bundle
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
from rtmri2speech.training.mels.export import export_predicted


def bundle_for(
    dataset: Dataset,
    inference: Inference = "average",
    seed: int = 0,
    mask: torch.Tensor | None = None,
    provenance: dict[str, Any] | None = None,
) -> Bundle:
    torch.manual_seed(seed)
    features = dataset.meta.features
    model = AcousticModel(AcousticConfig(backbone="test_efficientnet", hidden=16, inference=inference), features.n_mels)
    model.scaler.load_state_dict(
        {"mean": torch.full((features.n_mels,), -45.0), "std": torch.full((features.n_mels,), 12.0)}
    )
    return Bundle.from_acoustic(model.eval(), features, dataset.meta.frames, mask=mask, provenance=provenance)


def saved(bundle: Bundle, path: Path) -> Path:
    save_bundle(bundle, path)
    return path


@pytest.mark.parametrize("inference", ["last", "average", "sequence"])
def test_the_mels_are_those_of_synthesis_in_the_bundles_own_way(
    dataset: Dataset, tmp_path: Path, inference: Inference
) -> None:
    mask = torch.ones(32, 32, dtype=torch.uint8)
    mask[:, 20:] = 0
    bundle = bundle_for(dataset, inference, mask=mask)
    result = export_predicted(MelPredictor(dataset, saved(bundle, tmp_path / "m")))
    assert result.folder == dataset.root / "mels_ft_log_normalized" and result.made == 4
    model = bundle.build_acoustic()
    for row in dataset.utterances:
        frames = torch.from_numpy(np.array(dataset.frames(row))).float() / 255 * mask
        with torch.inference_mode():
            expected = model.predict(model.encode(frames), inference).numpy() * (np.log(10) / 10)
        found = np.load(result.folder / f"{row.id}.npy")
        assert found.shape == (16, row.n_frames) and found.dtype == np.float32
        assert np.allclose(found.T, expected, atol=1e-3)


def test_another_model_makes_the_mels_again(dataset: Dataset, tmp_path: Path) -> None:
    one, other = saved(bundle_for(dataset), tmp_path / "1"), saved(bundle_for(dataset, seed=1), tmp_path / "2")
    out = tmp_path / "out"
    assert export_predicted(MelPredictor(dataset, one), out).made == 4
    before = np.load(out / "u0.npy")
    assert export_predicted(MelPredictor(dataset, one), out).kept == 4
    assert export_predicted(MelPredictor(dataset, other), out).made == 4
    assert not np.array_equal(before, np.load(out / "u0.npy"))
    assert export_predicted(MelPredictor(dataset, other), out, overwrite=True).made == 4


def test_the_utterances_the_model_was_trained_on_are_counted_when_known(dataset: Dataset, tmp_path: Path) -> None:
    known = bundle_for(dataset, provenance={"dataset": dataset.fingerprint()})
    assert MelPredictor(dataset, saved(known, tmp_path / "1")).seen == 3
    unknown: list[dict[str, Any]] = [{}, {"dataset": "0" * 16}, {"dataset": 3}]
    for number, provenance in enumerate(unknown):
        path = saved(bundle_for(dataset, provenance=provenance), tmp_path / f"no{number}")
        assert MelPredictor(dataset, path).seen is None
    sizes = VocoderConfig(upsample_rates=(5, 4, 2), upsample_kernels=(9, 8, 4), initial_channels=16)
    vocoder = Bundle.from_vocoder(Generator(sizes, 16), dataset.meta.features, provenance={"dataset": "other"})
    assert MelPredictor(dataset, saved(join(known, vocoder), tmp_path / "2")).seen == 3
    with pytest.raises(BundleError, match="holds no acoustic model"):
        MelPredictor(dataset, saved(vocoder, tmp_path / "3"))


def test_a_model_for_other_data_is_refused_with_the_fields(dataset: Dataset, tmp_path: Path) -> None:
    bundle = bundle_for(dataset)
    features = bundle.features.model_copy(update={"preemphasis": 0.5})
    frames = dataset.meta.frames.model_copy(update={"mode": "robust"})
    path = saved(replace(bundle, features=features, frames=frames), tmp_path / "m")
    with pytest.raises(BundleError, match=r"preemphasis: 0\.5 against 0\.97; mode: robust against memo") as error:
        MelPredictor(dataset, path)
    assert str(path) in error.value.problem and str(dataset.root) in error.value.problem
    assert not (dataset.root / "mels_ft_log_normalized").exists()


def test_sound_alone_has_nothing_to_predict_from(dataset: Dataset, tmp_path: Path) -> None:
    path = saved(bundle_for(dataset), tmp_path / "m")
    meta = json.loads((dataset.root / "meta.json").read_text(encoding="utf-8"))
    (dataset.root / "meta.json").write_text(json.dumps({**meta, "frames": None}), encoding="utf-8")
    with pytest.raises(DatasetError, match="holds sound alone"):
        MelPredictor(Dataset(dataset.root), path)


def test_a_damaged_video_is_listed_and_the_others_are_done(dataset: Dataset, tmp_path: Path) -> None:
    (dataset.folder(dataset.utterances[0]) / "mri.npy").write_bytes(b"nothing")
    result = export_predicted(MelPredictor(dataset, saved(bundle_for(dataset), tmp_path / "m")))
    assert result.made == 3 and [path.name for path, _ in result.failures] == ["u0.npy"]
