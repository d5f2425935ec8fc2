"""Acoustic models from elsewhere: other names, wrappers, and what is refused."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rtmri2speech.errors import BundleError, DatasetError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel, Inference
from rtmri2speech.models.bundle.import_acoustic import import_acoustic
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel_statistics import MelStatistics


@pytest.fixture
def config() -> AcousticConfig:
    return AcousticConfig(backbone="test_efficientnet", ref_frames=3)


@pytest.fixture
def scaler_json(acoustic: AcousticModel, tmp_path: Path) -> Path:
    path = tmp_path / "scaler.json"
    scaler = acoustic.scaler
    path.write_text(MelStatistics(scaler.mean.numpy(), scaler.std.numpy()).to_json())
    return path


def foreign_names(model: AcousticModel, cnn: str, lstm: str, head: str) -> dict[str, Tensor]:
    parts = {"cnn.": cnn, "lstm.": lstm, "head.": head}
    return {
        parts[ours] + name.removeprefix(ours): value
        for name, value in model.state_dict().items()
        for ours in parts
        if name.startswith(ours)
    }


@pytest.mark.parametrize(
    ("cnn", "lstm", "head"),
    [
        ("cnn.", "lstm.", "head."),
        ("module.encoder.backbone.", "module.temporal.rnn.", "module.out.1."),
        ("", "rnn.", "fc."),
        ("net.model.cnn.", "net.model.", "net.model.proj."),
    ],
)
@pytest.mark.parametrize("wrapper", [None, "model", "state_dict", "model_state_dict"])
def test_acoustic(
    acoustic: AcousticModel,
    config: AcousticConfig,
    scaler_json: Path,
    tmp_path: Path,
    cnn: str,
    lstm: str,
    head: str,
    wrapper: str | None,
) -> None:
    state: dict[str, Any] = dict(foreign_names(acoustic, cnn, lstm, head))
    if wrapper is not None:
        state = {"epoch": 3, wrapper: state, "optimizer": {"lr": 1e-4}}
    torch.save(state, tmp_path / "mri_acoustic_model.pt")
    bundle = import_acoustic(tmp_path / "mri_acoustic_model.pt", scaler_json, config)
    assert bundle.acoustic is not None and bundle.acoustic.hidden == 7 and bundle.features.n_mels == 5
    assert bundle.acoustic.ref_frames == 3 and "mri_acoustic_model.pt" in bundle.card
    model, frames = bundle.build_acoustic(), torch.rand(5, 32, 32)
    with torch.inference_mode():
        assert torch.equal(model.predict(model.encode(frames)), acoustic.predict(acoustic.encode(frames), "average"))
    assert "Inference: average, with windows of 3 frames" in bundle.card


@pytest.mark.parametrize("inference", ["average", "last", "sequence"])
def test_the_way_of_inference_that_is_asked_for(
    acoustic: AcousticModel, config: AcousticConfig, scaler_json: Path, tmp_path: Path, inference: Inference
) -> None:
    torch.save(acoustic.state_dict(), tmp_path / "m.pt")
    state = torch.load(tmp_path / "m.pt", weights_only=True)
    torch.save({name: value for name, value in state.items() if "scaler" not in name}, tmp_path / "m.pt")
    asked = AcousticConfig(backbone=config.backbone, ref_frames=3, inference=inference)
    bundle = import_acoustic(tmp_path / "m.pt", scaler_json, asked)
    assert bundle.acoustic is not None and bundle.acoustic.inference == inference
    assert f"Inference: {inference}" in bundle.card


def test_acoustic_without_counters(
    acoustic: AcousticModel, config: AcousticConfig, scaler_json: Path, tmp_path: Path
) -> None:
    state = foreign_names(acoustic, "a.", "b.", "c.")
    state = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / "m.pt")
    import_acoustic(tmp_path / "m.pt", scaler_json, config).build_acoustic()


def test_acoustic_refusals(acoustic: AcousticModel, config: AcousticConfig, scaler_json: Path, tmp_path: Path) -> None:
    good, path = foreign_names(acoustic, "a.", "b.", "c."), tmp_path / "m.pt"
    cases: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
        ({"x.stray": torch.zeros(2)}, (), "no part of the acoustic model: x.stray"),
        ({"a.conv_head.weight": torch.zeros(1)}, (), "no part of the acoustic model: a.conv_head.weight"),
        ({"b.weight_ih_l1": torch.zeros(28, 14)}, (), "no part of the acoustic model: b.weight_ih_l1"),
        ({}, ("a.bn1.weight",), r"not test_efficientnet: a.bn1.weight missing"),
        ({"a.conv_stem.weight": torch.zeros(16, 12, 3, 3)}, (), r"a.conv_stem.weight \(16, 12, 3, 3\) instead"),
        ({}, ("a.conv_stem.weight",), "no tensor 'conv_stem.weight'"),
        ({}, ("b.weight_hh_l0",), "holds 0 recurrent layers"),
        ({"d.weight_hh_l0": torch.zeros(1)}, (), "holds 2 recurrent layers"),
        ({}, ("b.weight_ih_l0_reverse",), "not a bidirectional LSTM, missing: b.weight_ih_l0_reverse"),
        ({"b.weight_hh_l0": torch.zeros(21, 7)}, (), "not an LSTM"),
        ({"b.weight_hh_l0": torch.zeros(7)}, (), "not an LSTM"),
        ({"b.bias_hh_l0": torch.zeros(3)}, (), r"lstm.bias_hh_l0 \(3,\) instead"),
        ({"c.weight": torch.zeros(5, 14)}, (), r"found 0; matrices: .*c.weight \(5, 14\)"),
        ({"d.weight": torch.zeros(9, 7)}, (), "found 2"),
        ({}, ("c.bias",), "'c.bias' is missing"),
    ]
    for more, fewer, message in cases:
        torch.save({name: value for name, value in {**good, **more}.items() if name not in fewer}, path)
        with pytest.raises(BundleError, match=message):
            import_acoustic(path, scaler_json, config)
    torch.save(good | {"c.bias": torch.full((5,), torch.nan)}, path)
    with pytest.raises(BundleError, match=r"m\.pt: .*not numbers \(NaN or infinity\), in head\.bias"):
        import_acoustic(path, scaler_json, config)
    torch.save(good, path)
    with pytest.raises(BundleError, match="5 mel bands, but the features have 6"):
        import_acoustic(path, scaler_json, config, FeatureConfig(n_mels=6))
    scaler_json.write_text('{"mean": [0, 1], "std": [1, 1]}')
    with pytest.raises(DatasetError, match=r"scaler\.json"):
        import_acoustic(path, scaler_json, config)


def test_unreadable_checkpoints(scaler_json: Path, config: AcousticConfig, tmp_path: Path) -> None:
    path = tmp_path / "m.pt"

    def refuse(message: str) -> str:
        with pytest.raises(BundleError, match=message) as caught:
            import_acoustic(path, scaler_json, config)
        assert str(path) in caught.value.problem
        return caught.value.remedy

    refuse("cannot be read")
    torch.save({"args": argparse.Namespace(lr=1), "model": {}}, path)
    assert "torch.save(model.state_dict()" in refuse(r"objects besides tensors \(argparse\.Namespace\)")
    torch.save(nn.Linear(1, 1), path)
    refuse("objects besides tensors")
    content = path.read_bytes()
    for damaged in (b"", b"garbage garbage", content[:100], content[: len(content) // 2], b"\x80\x02x"):
        path.write_bytes(damaged)
        refuse("not a PyTorch checkpoint, or damaged")
    others: list[object] = [torch.zeros(3), {}, [1]]
    for other in others:
        torch.save(other, path)
        refuse("holds no weights by name")
    torch.save({"a": torch.zeros(1), "epoch": 3}, path)
    refuse("other things than tensors: epoch")
