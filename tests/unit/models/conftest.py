"""Tiny models and bundles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

FEATURES = FeatureConfig(sample_rate=2000, n_fft=32, win_length=32, hop_length=6, n_mels=5)
TINY_VOCODER = VocoderConfig(
    upsample_rates=(3, 2),
    upsample_kernels=(5, 4),
    initial_channels=8,
    resblock_kernels=(3, 5),
    resblock_dilations=((1, 2), (1, 3)),
)


@pytest.fixture(scope="session", autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


def shake(module: nn.Module, seed: int) -> None:
    """Give every parameter and statistic a value of its own, so that no mix-up goes unseen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith(("running_var", "std")):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
            elif tensor.is_floating_point():
                tensor.add_(0.1 * torch.randn(tensor.shape, generator=generator))


@pytest.fixture(name="shake")
def shake_fixture() -> Callable[[nn.Module, int], None]:
    return shake


@pytest.fixture
def features() -> FeatureConfig:
    return FEATURES


@pytest.fixture
def acoustic_config() -> AcousticConfig:
    return AcousticConfig(backbone="test_efficientnet", hidden=7, ref_frames=3)


@pytest.fixture
def vocoder_config() -> VocoderConfig:
    return TINY_VOCODER


@pytest.fixture
def acoustic(acoustic_config: AcousticConfig) -> AcousticModel:
    torch.manual_seed(0)
    model = AcousticModel(acoustic_config, FEATURES.n_mels)
    shake(model, 1)
    return model.eval()


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    model = Generator(TINY_VOCODER, FEATURES.n_mels)
    shake(model, 2)
    return model.eval()


@pytest.fixture
def acoustic_bundle(acoustic: AcousticModel) -> Bundle:
    frames = FrameConfig(size=32)
    mask = torch.ones(32, 32)
    mask[:, :8] = 0
    provenance = {"seed": 42, "metrics": {"mae": 1.25, "text": "é"}}
    return Bundle.from_acoustic(acoustic, FEATURES, frames, mask=mask, provenance=provenance, card="An acoustic model.")


@pytest.fixture
def vocoder_bundle(generator: Generator) -> Bundle:
    return Bundle.from_vocoder(generator, FEATURES, provenance={"seed": 7}, card="A vocoder.")
