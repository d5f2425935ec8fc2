"""F0 of recorded segments as a target: its points, its losses, and the voice that a filter is trained with."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset as TorchDataset

from rtmri2speech.errors import UserError
from rtmri2speech.models.vocoder.discriminators import build_discriminator
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, add_weight_norm
from rtmri2speech.models.vocoder.source import FREQUENCIES, POINTS, HarmonicSource, PitchPoints
from rtmri2speech.phonetics import praat
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.recipes import VocoderLossConfig
from rtmri2speech.training.vocoder.gan_step import GanStep
from rtmri2speech.training.vocoder.mel_losses import MelLosses
from rtmri2speech.training.vocoder.pitch_targets import (
    SoundsWithPitch,
    pitch_losses,
    pitch_points,
    training_voice,
)

FEATURES = FeatureConfig()
RATE, HOP = FEATURES.sample_rate, FEATURES.hop_length


def glide(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """A buzz from 100 to 200 Hz with silence after it, and its F0 at the points of the frames."""
    samples = frames * HOP
    f0 = np.linspace(100.0, 200.0, samples)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    wave = sum(np.cos(k * phase) / k for k in range(1, 9))
    wave = 0.2 * np.asarray(wave) + 1e-3 * np.random.default_rng(0).standard_normal(samples)
    wave[samples // 2 :] *= 1e-3
    points = (np.arange(frames * POINTS) + 0.5) * HOP / POINTS
    return wave.astype(np.float32), np.interp(points, np.arange(samples), f0).reshape(frames, POINTS) / RATE


def test_points_have_the_f0_of_their_time() -> None:
    wave, true = glide(40)
    found = pitch_points(wave, RATE, HOP)
    assert found.shape == (40, POINTS) and found.dtype == np.float32
    voiced = found > 0
    assert voiced[1:19].mean() > 0.9 and not voiced[21:].any()
    error = 1200 * np.log2(found[voiced] / true[voiced])
    assert np.median(np.abs(error)) < 8
    assert np.isnan(found[0, 0]) and np.isnan(found[-1, -1])
    assert np.nansum(found[25:35]) == 0 and not np.isnan(found[25:35]).any()


def test_what_is_too_short_is_not_known() -> None:
    assert np.isnan(pitch_points(np.zeros(HOP, np.float32), RATE, HOP)).all()
    assert np.nanmax(pitch_points(np.zeros(30 * HOP, np.float32), RATE, HOP)) == 0


class Sounds(TorchDataset[tuple[Tensor, Tensor]]):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        return torch.zeros(20, 64), torch.from_numpy(glide(20)[0])


def test_segments_with_pitch(monkeypatch: pytest.MonkeyPatch) -> None:
    sounds = SoundsWithPitch(Sounds(), RATE, HOP)
    assert len(sounds) == 3
    mel, wave, f0, recorded = sounds[(2, 0)]
    assert mel.shape == (20, 64) and wave.shape == (20 * HOP,) and f0.shape == (20, POINTS)
    assert recorded and not sounds[(2, 1)][3] and sounds[(3, 1)][3]
    monkeypatch.setattr(praat, "available", lambda: False)
    with pytest.raises(UserError, match="learns F0 from Praat"):
        SoundsWithPitch(Sounds(), RATE, HOP)


def test_losses_of_pitch_and_voicing() -> None:
    f0 = torch.full((1, 2, POINTS), 0.02)
    f0[0, 1, 0], f0[0, 1, 1] = 0.0, float("nan")
    octave = PitchPoints(f0.nan_to_num(0.01).clamp(min=0.01).log2() + 0.25, torch.full((1, 2, POINTS), 20.0))
    found = pitch_losses(octave, f0)
    assert float(found["train/pitch"]) == pytest.approx(0.275)  # a quarter of an octave, and a tenth of it
    assert float(found["train/voicing"]) == pytest.approx(20.0 / 7)  # one of seven that are known is wrong
    far = PitchPoints(octave.log_f0 + 2.0, octave.voicing)
    assert float(pitch_losses(far, f0)["train/pitch"]) == pytest.approx(0.5 + 0.225)
    silent = pitch_losses(octave, torch.full_like(f0, float("nan")))
    assert float(silent["train/pitch"]) == float(silent["train/voicing"]) == 0.0


def test_the_voice_of_training() -> None:
    torch.manual_seed(0)
    source = HarmonicSource(5, 12, 8)
    predicted = source(torch.randn(2, 5, 4))
    f0 = torch.full((2, 4, POINTS), 0.03)
    f0[:, 1] = 0.0
    f0[:, 2] = float("nan")
    voice = training_voice(source, predicted, f0, torch.tensor([True, False]))
    own = source.frames(predicted.f0.detach(), predicted.voiced.detach())
    torch.testing.assert_close(voice.f0[1], own.f0[1])
    torch.testing.assert_close(voice.voiced[1], own.voiced[1])
    inner = slice(1, -1)  # without the neighbors' points
    assert (voice.f0[0, 0, inner] == 0.03).all() and (voice.voiced[0, 0, inner] == 1).all()
    assert not voice.voiced[0, 1, inner].any()
    torch.testing.assert_close(voice.f0[0, 1:3, inner], predicted.f0.detach()[0, 1:3])
    torch.testing.assert_close(voice.voiced[0, 2, inner], predicted.voiced.detach()[0, 2])
    assert not voice.f0.requires_grad and not voice.voiced.requires_grad
    assert float(voice.f0.min()) >= FREQUENCIES[0]


def test_a_step_trains_the_source_too() -> None:
    torch.manual_seed(0)
    config = VocoderConfig(
        initial_channels=16, resblock_kernels=(3,), resblock_dilations=((1, 3),), source="harmonic", pitch_channels=8
    )
    generator = Generator(config, FEATURES.n_mels)
    add_weight_norm(generator)
    losses = VocoderLossConfig(mel=45.0, pitch=3.0)
    discriminators = nn.ModuleList([build_discriminator("period", 16)])
    gan = GanStep(generator, discriminators, MelLosses(losses, FEATURES), losses)
    mel, real = torch.randn(2, FEATURES.n_mels, 8), 0.1 * torch.randn(2, 8 * HOP)
    f0 = torch.full((2, 8, POINTS), 0.02)
    gan.discriminator_gradients(mel, real, f0, torch.tensor([True, False]))
    values, gradients = gan.generator_gradients(real, torch.ones(()))
    named = dict(zip((name for name, _ in generator.named_parameters()), gradients, strict=True))
    assert all(bool(named[f"entries.{stage}.conv.weight"].any()) for stage in range(4))
    assert named["source.head.weight"].any()
    parts = [f"train/{name}" for name in ("adversarial", "feature", "mel", "pitch", "voicing")]
    weights = (1.0, 2.0, 45.0, 3.0, 3.0)
    total = sum(weight * float(values[part]) for weight, part in zip(weights, parts, strict=True))
    assert float(values["train/generator"]) == pytest.approx(total, rel=1e-5)
    expected = torch.autograd.grad(
        3.0 * sum(pitch_losses(generator.source(mel), f0).values()), generator.source.head.weight
    )  # type: ignore[misc, union-attr, arg-type]
    torch.testing.assert_close(named["source.head.weight"], expected[0])
