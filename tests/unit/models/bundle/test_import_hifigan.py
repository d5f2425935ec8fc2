"""HiFi-GAN checkpoints: wrappers, weight norm, their JSON, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.models.bundle.import_hifigan import find_config, import_hifigan
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig


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


@pytest.mark.parametrize(
    ("rate", "fmax", "taken", "said"),
    [
        (11413, 5706, None, "fmax 5706 Hz: taken as the Nyquist frequency, 5706.5 Hz"),
        (11413, 5707, None, "fmax 5707 Hz: taken as the Nyquist frequency, 5706.5 Hz"),
        (11413, 5706.5, None, None),
        (11413, 5705, 5705, None),
        (11413, 8000, None, "above the Nyquist frequency 5706.5 Hz, where there is no sound: taken is 5706.5 Hz"),
        (2000, 999, 999, None),
    ],
)
def test_the_highest_frequency_is_a_sensible_one(
    generator: Generator,
    hifigan_json: Path,
    tmp_path: Path,
    rate: int,
    fmax: float,
    taken: float | None,
    said: str | None,
) -> None:
    torch.save({"generator": generator.state_dict()}, tmp_path / "g_1")
    bundle = import_hifigan(tmp_path / "g_1", edit(hifigan_json, sampling_rate=rate, fmax=fmax))
    assert bundle.features.fmax == taken
    assert (said in bundle.card) if said else ("Hz" not in bundle.card)


def test_the_json_next_to_a_checkpoint_is_found(generator: Generator, hifigan_json: Path, tmp_path: Path) -> None:
    torch.save({"generator": generator.state_dict()}, tmp_path / "g_1")
    assert "config.json" in import_hifigan(tmp_path / "g_1").card
    hifigan_json.unlink()
    with pytest.raises(BundleError, match=r"without its config\.json next to it"):
        import_hifigan(tmp_path / "g_1")


def test_what_is_no_generator_is_named(generator: Generator, hifigan_json: Path, tmp_path: Path) -> None:
    def refuse(name: str, message: str) -> str:
        with pytest.raises(BundleError, match=message) as caught:
            import_hifigan(tmp_path / name, hifigan_json)
        return caught.value.remedy

    torch.save({"mpd": {}, "msd": {}, "optim_g": {}, "optim_d": {}, "steps": 1, "epoch": 1}, tmp_path / "do_00055000")
    assert "g_00055000" in refuse("do_00055000", "holds the discriminators")
    save_bundle(Bundle.from_vocoder(generator, FeatureConfig(n_mels=5, hop_length=6)), tmp_path / "x.pt")
    assert "needs no import" in refuse("x.pt", r"x\.pt: a \.safetensors file, whatever its name says")
    torch.save({"generator": generator.state_dict()}, tmp_path / "g_1")
    edit(hifigan_json, num_mels=80)
    assert "was trained on 5 mel bands" in refuse("g_1", r"conv_pre.weight \(8, 5, 7\) instead of \(8, 80, 7\)")


def test_a_pytorch_file_as_a_model_names_the_import(generator: Generator, tmp_path: Path) -> None:
    torch.save(generator.state_dict(), tmp_path / "m.pt")
    with pytest.raises(BundleError, match=r"m\.pt: a PyTorch checkpoint, not a model file") as caught:
        load_bundle(tmp_path / "m.pt")
    assert "import acoustic" in caught.value.remedy and "import hifigan" in caught.value.remedy


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_hifigan_of_a_diverged_training(generator: Generator, hifigan_json: Path, tmp_path: Path, value: float) -> None:
    with torch.no_grad():
        generator.conv_post.bias[0] = value
    torch.save({"generator": generator.state_dict()}, tmp_path / "g_1")
    with pytest.raises(BundleError, match=r"g_1: .* not numbers \(NaN or infinity\), in conv_post\.bias") as caught:
        import_hifigan(tmp_path / "g_1", hifigan_json)
    assert "earlier checkpoint" in caught.value.remedy


def test_hifigan_names_the_jsons_fields(hifigan_json: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json: upsample_initial_channel"):
        import_hifigan(tmp_path / "g", edit(hifigan_json, upsample_initial_channel="many"))
    with pytest.raises(ConfigError, match=r"config\.json: .*num_mels"):
        import_hifigan(tmp_path / "g", edit(hifigan_json, upsample_initial_channel=8, num_mels=0))


def test_find_config(tmp_path: Path) -> None:
    one, other = tmp_path / "g_02500000", tmp_path / "v1.pth.tar"

    def find(checkpoint: Path, *names: str) -> str:
        for path in tmp_path.glob("*.json"):
            path.unlink()
        for name in names:
            (tmp_path / name).touch()
        return find_config(checkpoint).name

    assert find(one, "config.json", "a.json") == "config.json"
    assert find(one, "config.json", "g_02500000.json") == "g_02500000.json"
    assert find(one, "config_v1.json") == "config_v1.json"
    assert find(other, "v1.json", "v.json", "config.json") == "v1.json"
    assert find(other, "v1.json", "v1.pth.json", "v1.pth.tar.json") == "v1.pth.tar.json"
    with pytest.raises(BundleError, match=r"without its config\.json next to it \(a\.json, g_0\.json are"):
        find(one, "a.json", "g_0.json")
    with pytest.raises(BundleError, match=r"without its config\.json next to it\."):
        find(one)
