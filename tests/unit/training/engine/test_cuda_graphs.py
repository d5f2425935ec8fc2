"""A recording of the image network does what the network does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rtmri2speech.errors import ConfigError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.training.engine.cuda_graphs import CapturedEncoder

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")


def small() -> AcousticModel:
    torch.manual_seed(0)
    return AcousticModel(AcousticConfig(backbone="test_efficientnet", hidden=8), n_mels=4).cuda()


def trained(batches: list[torch.Tensor], *, captured: bool, dtype: torch.dtype) -> AcousticModel:
    """The model after a step of gradient descent a batch."""
    model = small()
    encode = CapturedEncoder(model.encode, model.cnn) if captured else model.encode
    for frames in batches:
        model.zero_grad()
        with torch.autocast("cuda", dtype, enabled=dtype is not torch.float32):
            loss = encode(frames).float().square().mean()
        loss.backward()
        with torch.no_grad():
            for value in model.cnn.parameters():
                assert value.grad is not None
                value -= 0.1 * value.grad
    return model


@needs_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_weights_and_statistics_are_those_of_training_without(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In TF32, two trainings without a recording differ by as much as a hundredth.
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    torch.manual_seed(1)
    # Two shapes in turn, as the smaller last batch of an epoch comes back.
    batches = [torch.rand(6 if step % 3 < 2 else 4, 64, 64, device="cuda") for step in range(9)]
    plain, captured = (trained(batches, captured=captured, dtype=dtype) for captured in (False, True))
    before = small().state_dict()
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(captured.state_dict()[name], value, rtol=1e-3, atol=1e-4, msg=name)
    assert any(not torch.equal(value, before[name]) for name, value in captured.state_dict().items())


@needs_gpu
def test_later_batches_of_the_first_shape_are_replayed_and_others_are_not() -> None:
    calls = []
    network = nn.Linear(3, 2).cuda()

    def encode(frames: torch.Tensor) -> torch.Tensor:
        calls.append(len(frames))
        features: torch.Tensor = network(frames)
        return features

    captured = CapturedEncoder(encode, network)
    captured(torch.ones(4, 3, device="cuda"))
    so_far = len(calls)
    twos = torch.full((4, 3), 2.0, device="cuda")
    torch.testing.assert_close(captured(twos), network(twos))
    assert len(calls) == so_far
    captured(torch.ones(5, 3, device="cuda"))
    assert calls[so_far:] == [5]


@needs_gpu
def test_what_cannot_be_recorded_says_how_to_go_without() -> None:
    network = nn.Linear(3, 2).cuda()

    def encode(frames: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = network(frames)
        return features * float(features.sum())  # the CPU waits for the GPU

    with pytest.raises(ConfigError, match="cannot be captured"):
        CapturedEncoder(encode, network)(torch.ones(4, 3, device="cuda"))
