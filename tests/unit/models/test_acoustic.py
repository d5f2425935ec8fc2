"""Acoustic model: shared features, inference modes, weights files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from rtmri2speech.errors import ConfigError
from rtmri2speech.models import acoustic as module
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.backbone import fold_batch_norm

M = 5


def predict_window_by_window(model: AcousticModel, frames: Tensor) -> Tensor:
    """Every window through the whole network on its own: (L, H, W) to (L - r + 1, r, M), scaled."""
    size = model.config.ref_frames
    rows = []
    for start in range(len(frames) - size + 1):
        window = frames[start : start + size]
        rows.append(model.decode(torch.stack([model.encode(frame[None])[0] for frame in window])[None])[0])
    return torch.stack(rows)


@pytest.fixture
def frames() -> Tensor:
    return torch.rand(8, 32, 32, generator=torch.Generator().manual_seed(3))


@torch.inference_mode()
def test_shared_features_equal_window_by_window(acoustic: AcousticModel, frames: Tensor) -> None:
    together = acoustic(frames.reshape(2, 4, 32, 32))
    assert together.shape == (2, 2, 3, M)
    for row, clip in zip(together, frames.reshape(2, 4, 32, 32), strict=True):
        torch.testing.assert_close(row, predict_window_by_window(acoustic, clip), atol=1e-5, rtol=0)


def test_cnn_sees_each_frame_once(acoustic: AcousticModel, frames: Tensor) -> None:
    seen = []
    acoustic.cnn.register_forward_hook(lambda _module, inputs, _output: seen.append(len(inputs[0])))
    with torch.inference_mode():
        acoustic(frames[None])
    assert seen == [len(frames)]


@torch.inference_mode()
def test_encode_is_the_mean_of_the_last_map(acoustic: AcousticModel, frames: Tensor) -> None:
    direct = acoustic.cnn(torch.stack([frames] * 3, dim=1))
    assert len(direct) == 1
    torch.testing.assert_close(acoustic.encode(frames), direct[0].flatten(2).mean(dim=2), atol=1e-5, rtol=0)


@torch.inference_mode()
def test_directions_are_summed(acoustic: AcousticModel) -> None:
    features = torch.randn(2, 6, acoustic.lstm.input_size)
    one_way = nn.LSTM(acoustic.lstm.input_size, 7, batch_first=True)
    outputs = []
    for end in ("", "_reverse"):
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        one_way.load_state_dict({name: acoustic.lstm.state_dict()[name + end] for name in names})
        outputs.append(one_way(features.flip(1))[0].flip(1) if end else one_way(features)[0])
    expected = acoustic.head(outputs[0] + outputs[1])
    torch.testing.assert_close(acoustic.decode(features), expected, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_dropout_in_training_only(acoustic: AcousticModel) -> None:
    features = torch.randn(1, 6, acoustic.lstm.input_size)
    assert torch.equal(acoustic.decode(features), acoustic.decode(features))
    acoustic.train()
    assert not torch.equal(acoustic.decode(features), acoustic.decode(features))


def reference(model: AcousticModel, features: Tensor, mode: str) -> Tensor:
    """The inference modes, one frame at a time."""
    size, length = model.config.ref_frames, len(features)
    if mode == "sequence":
        return model.scaler.inverse(model.decode(features[None])[0])
    windows = [model.decode(features[start : start + size][None])[0] for start in range(length - size + 1)]
    rows = []
    for frame in range(length):
        if mode == "last":
            rows.append(windows[0][frame] if frame < size - 1 else windows[frame - size + 1][-1])
        else:
            holding = [windows[start][frame - start] for start in range(len(windows)) if 0 <= frame - start < size]
            rows.append(sum(holding[1:], holding[0]) / len(holding))
    return model.scaler.inverse(torch.stack(rows))


@pytest.mark.parametrize("mode", ["last", "average", "sequence"])
@pytest.mark.parametrize("length", [3, 4, 5, 11])
@torch.inference_mode()
def test_inference_modes(acoustic: AcousticModel, mode: str, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(length, acoustic.lstm.input_size)
    expected = reference(acoustic, features, mode)
    for at_once in (1, 4, 512):
        monkeypatch.setattr(module, "_WINDOWS_AT_ONCE", at_once)
        monkeypatch.setattr(module, "_FRAMES_AT_ONCE", at_once)
        predicted = acoustic.predict(features, mode)  # type: ignore[arg-type]
        assert predicted.shape == (length, M) and predicted.dtype == torch.float32
        torch.testing.assert_close(predicted, expected, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_mode_of_the_configuration_is_the_default(acoustic_config: AcousticConfig) -> None:
    model = AcousticModel(acoustic_config.model_copy(update={"inference": "last"}), M).eval()
    features = torch.randn(9, model.lstm.input_size)
    assert torch.equal(model.predict(features), model.predict(features, "last"))
    assert not torch.equal(model.predict(features), model.predict(features, "average"))


@pytest.mark.parametrize("mode", ["last", "average", "sequence"])
@torch.inference_mode()
def test_short_recordings_repeat_the_first_frame(acoustic: AcousticModel, mode: str) -> None:
    features = torch.randn(2, acoustic.lstm.input_size)
    padded = torch.cat([features[:1], features])
    expected = acoustic.predict(padded, mode)[1:]  # type: ignore[arg-type]
    assert torch.equal(acoustic.predict(features, mode), expected)  # type: ignore[arg-type]
    assert acoustic.predict(features[:0], mode).shape == (0, M)  # type: ignore[arg-type]


def test_predict_passes_gradients(acoustic: AcousticModel) -> None:
    features = torch.randn(6, acoustic.lstm.input_size, requires_grad=True)
    torch.autograd.backward(acoustic.predict(features, "average")[2].sum())
    assert features.grad is not None
    # Windows of 3: frame 2 hears frames 0 to 4 and no other.
    assert (features.grad.abs().sum(dim=1) > 0).tolist() == [True] * 5 + [False]


def test_too_few_frames_for_a_window(acoustic: AcousticModel, frames: Tensor) -> None:
    with pytest.raises(ValueError, match="window"):
        acoustic(frames[None, :2])


@torch.inference_mode()
def test_folded_batch_norm_changes_nothing(acoustic: AcousticModel, frames: Tensor) -> None:
    before = acoustic.encode(frames)
    acoustic.fuse()
    assert not any(isinstance(part, nn.BatchNorm2d) for part in acoustic.cnn.modules())
    torch.testing.assert_close(acoustic.encode(frames), before, atol=1e-4 * float(before.abs().max()), rtol=0)


def test_folding_needs_eval_mode_and_an_efficientnet(acoustic: AcousticModel) -> None:
    with pytest.raises(ValueError, match="eval"):
        fold_batch_norm(acoustic.train().cnn)
    assert fold_batch_norm(nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).eval()) == 0


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_file(
    acoustic_config: AcousticConfig, tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = timm.create_model("test_efficientnet")
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(whole.state_dict(), path)
    else:
        save_file(whole.state_dict(), path)
    with caplog.at_level(logging.WARNING):
        model = AcousticModel(acoustic_config.model_copy(update={"cnn_weights": str(path)}), M)
    assert not caplog.records
    assert model.config.cnn_weights is None
    for name, value in model.cnn.state_dict().items():
        assert torch.equal(value, whole.state_dict()[name]), name


def test_weights_file_that_is_missing_or_foreign(acoustic_config: AcousticConfig, tmp_path: Path) -> None:
    def build(name: str) -> None:
        AcousticModel(acoustic_config.model_copy(update={"cnn_weights": str(tmp_path / name)}), M)

    with pytest.raises(ConfigError, match=r"none\.pth: no such file"):
        build("none.pth")
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(ConfigError, match=r"text\.pth: not weights"):
        build("text.pth")
    torch.save({"conv.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ConfigError, match=r"other\.pth: not weights .* missing"):
        build("other.pth")
    shapes = {name: torch.zeros(1) for name in timm.create_model("test_efficientnet").state_dict()}
    torch.save(shapes, tmp_path / "shapes.pth")
    with pytest.raises(ConfigError, match=r"shapes\.pth: not weights"):
        build("shapes.pth")


class Stranger:
    """Runs code when it is read by pickle."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("name", ["w.pth", "w.bin", "w.safetensors"])
def test_code_in_a_weights_file_is_never_run(
    acoustic_config: AcousticConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def read_as_in_timm_1_0_9(checkpoint_path: str, *_: Any, **__: Any) -> Any:
        return torch.load(checkpoint_path, map_location="cpu", weights_only=False)

    monkeypatch.setattr("timm.models._builder.load_state_dict", read_as_in_timm_1_0_9)
    monkeypatch.setattr("timm.models._helpers.load_state_dict", read_as_in_timm_1_0_9)
    state = dict(timm.create_model("test_efficientnet").state_dict())
    torch.save({"state_dict": state, "args": Stranger(tmp_path / "run")}, tmp_path / name)
    update = {"cnn_weights": str(tmp_path / name)}
    with pytest.raises(ConfigError, match=f"{name}: not weights of test_efficientnet") as caught:
        AcousticModel(acoustic_config.model_copy(update=update), M)
    assert "\n" not in caught.value.problem and not (tmp_path / "run").exists()


def test_weights_file_of_a_training(acoustic_config: AcousticConfig, tmp_path: Path) -> None:
    """Inside what a training saves, the moving average first, under the names of a model that runs on several GPUs."""
    whole = timm.create_model("test_efficientnet").state_dict()
    average = {f"module.{name}": value for name, value in whole.items()}
    other = {name: torch.zeros_like(value) for name, value in average.items()}
    path = tmp_path / "w.pth"
    torch.save({"epoch": 3, "state_dict": other, "state_dict_ema": average}, path)
    model = AcousticModel(acoustic_config.model_copy(update={"cnn_weights": str(path)}), M)
    assert all(torch.equal(value, whole[name]) for name, value in model.cnn.state_dict().items())
    assert "state_dict" not in getattr(model.cnn, "pretrained_cfg", {})


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_weights_file_without_numbers(acoustic_config: AcousticConfig, tmp_path: Path, name: str) -> None:
    def refuse(state: dict[str, Tensor], message: str) -> None:
        (torch.save if name.endswith("pth") else save_file)(state, tmp_path / name)
        with pytest.raises(ConfigError, match=message):
            AcousticModel(acoustic_config.model_copy(update={"cnn_weights": str(tmp_path / name)}), M)

    state = dict(timm.create_model("test_efficientnet").state_dict())
    state["conv_stem.weight"] = torch.full_like(state["conv_stem.weight"], torch.inf)
    refuse(state, r"not numbers \(NaN or infinity\), in conv_stem\.weight")
    refuse({}, "holds no weights by name")


def test_weights_file_of_a_wrapped_backbone(acoustic_config: AcousticConfig, tmp_path: Path) -> None:
    whole = timm.create_model("test_resnet")
    torch.save(whole.state_dict(), tmp_path / "w.pth")
    update = {"backbone": "test_resnet", "cnn_weights": str(tmp_path / "w.pth")}
    model = AcousticModel(acoustic_config.model_copy(update=update), M).eval()
    assert torch.equal(model.cnn.state_dict()["conv1.0.weight"], whole.state_dict()["conv1.0.weight"])
    torch.save({"conv.weight": torch.zeros(2)}, tmp_path / "w.pth")
    with pytest.raises(ConfigError, match="not weights of test_resnet"):
        AcousticModel(acoustic_config.model_copy(update=update), M)


def test_gradient_checkpointing_gives_the_same_gradients(acoustic: AcousticModel, frames: Tensor) -> None:
    gradients = []
    for checkpointing in (False, True):
        acoustic.zero_grad()
        acoustic.cnn.set_grad_checkpointing(checkpointing)  # type: ignore[operator]
        acoustic(frames[None]).square().sum().backward()
        gradients.append([value.grad.clone() for value in acoustic.cnn.parameters() if value.grad is not None])
    assert len(gradients[0]) == len(list(acoustic.cnn.parameters()))
    for plain, saving in zip(*gradients, strict=True):
        torch.testing.assert_close(saving, plain)


def test_unknown_backbone() -> None:
    with pytest.raises(ConfigError, match="no_such_net"):
        AcousticModel(AcousticConfig(backbone="no_such_net"), M)


def test_default_model_is_the_memos(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.WARNING):
        model = AcousticModel(AcousticConfig(), M)
    assert (model.lstm.input_size, model.lstm.hidden_size, model.lstm.bidirectional) == (208, 640, True)
    assert (model.head.in_features, model.dropout.p, model.config.ref_frames) == (640, 0.5, 4)
    with torch.inference_mode():
        assert model.eval().feature_map(torch.rand(1, 64, 64)).shape == (1, 208, 2, 2)
    assert not caplog.records and capsys.readouterr() == ("", "")
