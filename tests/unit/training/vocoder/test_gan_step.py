"""The steps of adversarial training against the plain way: two backward passes, gradients left where they fall."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rtmri2speech.models.vocoder.discriminators import build_discriminator
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.recipes import VocoderLossConfig
from rtmri2speech.training.vocoder.gan_step import CapturedGanStep, GanStep
from rtmri2speech.training.vocoder.mel_losses import MelLosses

FEATURES = FeatureConfig()
FRAMES = 8
LOSSES = VocoderLossConfig(adversarial=1.5, feature=2.0, mel=45.0, multi_scale_mel=15.0)


def networks(device: str = "cpu") -> tuple[Generator, nn.ModuleList]:
    torch.manual_seed(0)
    config = VocoderConfig(initial_channels=16, resblock_kernels=(3,), resblock_dilations=((1, 3),))
    generator = Generator(config, FEATURES.n_mels)
    add_weight_norm(generator)
    # Without the spectral norm of the scales, which moves at every look.
    names = ("period", "resolution")
    return generator.to(device), nn.ModuleList(build_discriminator(name, 16) for name in names).to(device)


def batch(device: str = "cpu", size: int = 3) -> tuple[Tensor, Tensor]:
    wave = 0.1 * torch.randn(size, FRAMES * FEATURES.hop_length)
    return torch.randn(size, FEATURES.n_mels, FRAMES).to(device), wave.to(device)


def judged(discriminators: nn.ModuleList, wave: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    found = [part(wave) for part in discriminators]
    maps = [layer for _, families in found for family in families for layer in family]
    return [value for logits, _ in found for value in logits], maps


@pytest.mark.parametrize("listen", [0.0, 1.0])
def test_gradients_are_those_of_the_plain_way(listen: float) -> None:
    generator, discriminators = networks()
    ln_mel, real = batch()
    gan = GanStep(generator, discriminators, MelLosses(LOSSES, FEATURES), LOSSES)

    values, for_discriminators = gan.discriminator_gradients(ln_mel, real)
    fake = generator(ln_mel)
    loss = sum(
        ((1 - r) ** 2).mean() + (f**2).mean()
        for r, f in zip(judged(discriminators, real)[0], judged(discriminators, fake.detach())[0], strict=True)
    )
    assert isinstance(loss, Tensor)
    torch.testing.assert_close(values["train/discriminator"], loss)
    expected = torch.autograd.grad(loss, list(discriminators.parameters()))
    for mine, theirs in zip(for_discriminators, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-6)

    # The discriminators step before the generator's step.
    with torch.no_grad():
        for parameter, gradient in zip(discriminators.parameters(), expected, strict=True):
            parameter -= 0.01 * gradient
    values, for_generator = gan.generator_gradients(real, torch.tensor(listen))
    logits, maps = judged(discriminators, fake)
    adversarial = sum(((1 - f) ** 2).mean() for f in logits)
    feature = sum((f - r.detach()).abs().mean() for f, r in zip(maps, judged(discriminators, real)[1], strict=True))
    similar = MelLosses(LOSSES, FEATURES)(fake, real)
    total = listen * (1.5 * adversarial + 2.0 * feature)
    total = total + 45.0 * similar["train/mel"] + 15.0 * similar["train/multi_scale_mel"]
    torch.testing.assert_close(values["train/generator"], total)
    torch.testing.assert_close(values["train/adversarial"], adversarial)
    torch.testing.assert_close(values["train/feature"], feature)
    expected = torch.autograd.grad(total, list(generator.parameters()))
    for mine, theirs in zip(for_generator, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)
    assert all(value.grad is None for value in [*generator.parameters(), *discriminators.parameters()])


def test_discriminators_in_low_precision_leave_the_rest_as_it_is() -> None:
    ln_mel, real = batch()
    found = []
    for low in (False, True):
        generator, discriminators = networks()
        gan = GanStep(generator, discriminators, MelLosses(LOSSES, FEATURES), LOSSES, low_precision=low)
        values, gradients = gan.discriminator_gradients(ln_mel, real)
        more, _ = gan.generator_gradients(real, torch.ones(()))
        assert all(value.dtype is torch.float32 for value in [*values.values(), *more.values(), *gradients])
        found.append(values | more)
    plain, low = found
    assert plain["train/mel"] == low["train/mel"]
    assert plain["train/discriminator"] != low["train/discriminator"]
    torch.testing.assert_close(low["train/discriminator"], plain["train/discriminator"], rtol=0.02, atol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
@pytest.mark.parametrize("low_precision", [False, True])
@pytest.mark.parametrize("search", [False, True])
def test_replayed_steps_are_those_of_training_without(low_precision: bool, search: bool) -> None:
    torch.manual_seed(1)
    batches = [batch("cuda", size) for size in (3, 3, 2, 3)]
    results = []
    for recorded in (False, True):
        generator, discriminators = networks("cuda")
        gan: GanStep | CapturedGanStep = GanStep(
            generator, discriminators, MelLosses(LOSSES, FEATURES), LOSSES, low_precision=low_precision
        )
        if recorded:
            assert isinstance(gan, GanStep)
            gan = CapturedGanStep(gan, search=search)
        losses = []
        for ln_mel, real in batches:
            for parts, (values, gradients) in (
                (discriminators, gan.discriminator_gradients(ln_mel, real)),
                (generator, gan.generator_gradients(real, torch.ones((), device="cuda"))),
            ):
                losses.append({name: float(value) for name, value in values.items()})
                with torch.no_grad():
                    for parameter, gradient in zip(parts.parameters(), gradients, strict=True):
                        parameter -= 1e-4 * gradient
        results.append(losses)
        assert not torch.backends.cudnn.benchmark
    for plain, replayed in zip(*results, strict=True):
        assert replayed == pytest.approx(plain, rel=1e-2)
