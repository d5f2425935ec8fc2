"""Foreign checkpoints: other names, wrappers, weight norm, and what is refused."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rtmri2speech.errors import BundleError, ConfigError, DatasetError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle.foreign import config_beside, import_acoustic, import_hifigan
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel_statistics import MelStatistics


@pytest.fixture
def hifigan_json(features: FeatureConfig, vocoder_config: VocoderConfig, tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    values = {
        "resblock": "1",
        "batch_size": 16,
        "upsample_rates": vocoder_config.upsample_rates,
        "upsample_kernel_sizes": vocoder_config.upsample_kernels,
        "upsample_initial_channel": vocoder_config.initial_channels,
        "resblock_kernel_sizes": vocoder_config.resblock_kernels,
        "resblock_dilation_sizes": vocoder_config.resblock_dilations,
        "num_mels": features.n_mels,
        "n_fft": features.n_fft,
        "hop_size": features.hop_length,
        "win_size": features.win_length,
        "sampling_rate": features.sample_rate,
        "fmin": 0,
        "fmax": None,
    }
    path.write_text(json.dumps(values))
    return path


def edit(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


def old_weight_norm(generator: Generator) -> None:
    for part in list(generator.modules()):
        if isinstance(part, nn.Conv1d | nn.ConvTranspose1d):
            nn.utils.weight_norm(part)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("norm", [old_weight_norm, add_weight_norm, lambda _: None])
@pytest.mark.parametrize("wrapped", [True, False])
def test_hifigan(
    generator: Generator, hifigan_json: Path, tmp_path: Path, norm: Callable[[Generator], None], wrapped: bool
) -> None:
    mel = torch.randn(1, 5, 11)
    with torch.inference_mode():
        expected = generator(mel)
    norm(generator)
    state = generator.state_dict()
    torch.save({"generator": state} if wrapped else state, tmp_path / "g_00055000")
    bundle = import_hifigan(tmp_path / "g_00055000", hifigan_json)
    with torch.inference_mode():
        torch.testing.assert_close(bundle.build_vocoder()(mel), expected, atol=1e-6, rtol=0)
    assert bundle.kind == "vocoder" and bundle.features.hop_length == 6 and bundle.features.fmax is None
    assert bundle.features.preemphasis == FeatureConfig().preemphasis
    assert bundle.source == str(tmp_path / "g_00055000")
    assert "cannot be known" in bundle.card and "g_00055000" in bundle.card and "Nyquist" not in bundle.card


def test_hifigan_features(generator: Generator, hifigan_json: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "g"
    torch.save({"generator": generator.state_dict()}, checkpoint)
    bundle = import_hifigan(checkpoint, edit(hifigan_json, fmax=8000), preemphasis=0.0)
    assert bundle.features.fmax is None and bundle.features.preemphasis == 0
    assert "fmax 8000 Hz, above the Nyquist frequency 1000 Hz" in bundle.card
    assert "Nyquist" not in import_hifigan(checkpoint, edit(hifigan_json, fmax=1000.0)).card
    assert import_hifigan(checkpoint, edit(hifigan_json, fmax=900.0)).features.fmax == 900


def test_hifigan_refusals(generator: Generator, hifigan_json: Path, tmp_path: Path) -> None:
    checkpoint, good = tmp_path / "g", hifigan_json.read_text()
    torch.save({"generator": generator.state_dict()}, checkpoint)
    for changes, message in (
        ({"resblock": "2"}, "residual blocks of type 2"),
        ({"hop_size": 7}, "upsample_rates make 6, but hop_size is 7"),
        ({"num_mels": 6}, r"conv_pre.weight \(8, 5, 7\) instead of \(8, 6, 7\)"),
        ({"resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 2]]}, "unknown: resblocks.2"),
    ):
        hifigan_json.write_text(good)
        with pytest.raises(BundleError, match=message):
            import_hifigan(checkpoint, edit(hifigan_json, **changes))
    hifigan_json.write_text(good)
    state = {name.replace("ups.0.weight", "ups.0.weight_g"): value for name, value in generator.state_dict().items()}
    torch.save({"generator": state}, tmp_path / "half_a_pair")
    with pytest.raises(BundleError, match=r"missing: ups\.0\.weight; unknown: ups\.0\.weight_g"):
        import_hifigan(tmp_path / "half_a_pair", hifigan_json)
    hifigan_json.write_text(json.dumps({"resblock": "1", "num_mels": 5}))
    with pytest.raises(BundleError, match="lacks hop_size, n_fft"):
        import_hifigan(checkpoint, hifigan_json)
    hifigan_json.write_text("{")
    with pytest.raises(BundleError, match="not JSON"):
        import_hifigan(checkpoint, hifigan_json)
    with pytest.raises(BundleError, match="cannot be read"):
        import_hifigan(checkpoint, tmp_path / "none.json")


def test_hifigan_names_the_jsons_fields(hifigan_json: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json: upsample_initial_channel"):
        import_hifigan(tmp_path / "g", edit(hifigan_json, upsample_initial_channel="many"))
    with pytest.raises(ConfigError, match=r"config\.json: .*num_mels"):
        import_hifigan(tmp_path / "g", edit(hifigan_json, upsample_initial_channel=8, num_mels=0))


def test_config_beside(tmp_path: Path) -> None:
    one, other = tmp_path / "g_02500000", tmp_path / "v1.pth.tar"

    def find(checkpoint: Path, *names: str) -> str:
        for path in tmp_path.glob("*.json"):
            path.unlink()
        for name in names:
            (tmp_path / name).touch()
        return config_beside(checkpoint).name

    assert find(one, "config.json", "a.json") == "config.json"
    assert find(one, "config.json", "g_02500000.json") == "g_02500000.json"
    assert find(one, "config_v1.json") == "config_v1.json"
    assert find(other, "v1.json", "v.json", "config.json") == "v1.json"
    assert find(other, "v1.json", "v1.pth.json", "v1.pth.tar.json") == "v1.pth.tar.json"
    with pytest.raises(BundleError, match=r"g_02500000: .*without its config\.json beside it \(a\.json, g_0\.json are"):
        find(one, "a.json", "g_0.json")
    with pytest.raises(BundleError, match=r"without its config\.json beside it\."):
        find(one)


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
        assert torch.equal(model.predict(model.encode(frames)), acoustic.predict(acoustic.encode(frames)))


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
    assert "torch.save(model.state_dict()" in refuse(r"objects beside tensors \(argparse\.Namespace\)")
    torch.save(nn.Linear(1, 1), path)
    refuse("objects beside tensors")
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
