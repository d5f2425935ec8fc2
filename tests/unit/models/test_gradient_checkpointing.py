"""Gradient checkpointing: same gradients, same statistics, less memory."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rtmri2speech.errors import ConfigError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.gradient_checkpointing import require_recomputable


@pytest.fixture
def model() -> AcousticModel:
    torch.manual_seed(0)
    return AcousticModel(AcousticConfig(backbone="test_efficientnet", hidden=8, dropout=0.0), 16).train()


def train_once(model: AcousticModel, segments: int) -> tuple[dict[str, Tensor], dict[str, Tensor], int]:
    """Gradients, state afterwards, and the bytes kept for the gradient; the model is as before."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.zero_grad()
    model.checkpoint_segments = segments
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    torch.manual_seed(1)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(torch.rand(2, 6, 64, 64)).square().mean()
    stored = sum(kept.values())
    loss.backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    after = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(before)
    return gradients, after, stored


@pytest.mark.parametrize("segments", [1, 2, 3, 50])
def test_gradients_and_running_statistics_are_the_same(model: AcousticModel, segments: int) -> None:
    plain, state, _ = train_once(model, 0)
    again, other, _ = train_once(model, segments)
    assert plain.keys() == again.keys() and len(plain) > 20
    for name, gradient in plain.items():
        assert torch.equal(gradient, again[name]), name
    for name, value in state.items():
        assert torch.equal(value, other[name]), name


def test_it_keeps_less(model: AcousticModel) -> None:
    _, _, plain = train_once(model, 0)
    _, _, two = train_once(model, 2)
    assert two < 0.35 * plain, (two, plain)


def test_it_is_off_where_no_gradient_is_asked_for(model: AcousticModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Tensor:
        raise AssertionError("nothing to compute again")

    monkeypatch.setattr("rtmri2speech.models.acoustic.recomputed", refuse)
    model.checkpoint_segments = 2
    with torch.no_grad():
        model(torch.rand(1, 4, 32, 32))
    model.eval()(torch.rand(1, 4, 32, 32))


def test_other_families_are_refused() -> None:
    with pytest.raises(ConfigError, match="EfficientNets only"):
        require_recomputable(nn.Linear(2, 2))
