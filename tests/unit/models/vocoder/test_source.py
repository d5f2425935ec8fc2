"""The source of a vocoder: its phase, its harmonics, its noise, in whole and in parts, and how it enters the filter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.vocoder.adapt import MelInput, transfer
from rtmri2speech.models.vocoder.cpu_generator import for_inference
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, add_weight_norm
from rtmri2speech.models.vocoder.source import (
    FREQUENCIES,
    POINTS,
    HarmonicSource,
    SourceEntry,
    as_samples,
    points_of_frames,
)
from rtmri2speech.signal.features import FeatureConfig
from vocoders import audible, geometries

HOP = 40


@pytest.fixture
def source() -> HarmonicSource:
    torch.manual_seed(0)
    return HarmonicSource(5, HOP, 8)


def wave_of(source: HarmonicSource, f0: Tensor, voiced: float = 1.0) -> np.ndarray:
    frames = source.frames(f0, torch.full_like(f0, voiced))
    return as_samples(source.excitation(frames))[0, 0].numpy()


def harmonic(config: VocoderConfig) -> VocoderConfig:
    return config.model_copy(update={"source": "harmonic", "pitch_channels": 4})


def sounding(config: VocoderConfig, n_mels: int) -> Generator:
    """One whose source is heard."""
    model = audible(harmonic(config), n_mels)
    torch.nn.init.normal_(model.source.head.weight, 0.0, 0.2)  # type: ignore[union-attr]
    return model


def test_a_steady_voice_is_the_sum_of_its_harmonics(source: HarmonicSource) -> None:
    f0, samples = 0.0301, 30 * HOP
    wave = wave_of(source, torch.full((1, 30, POINTS), f0))
    turns = f0 * (np.arange(samples) + 0.5)
    count = int(0.5 / f0)
    cosines = sum(np.cos(2 * np.pi * k * turns) for k in range(1, count + 1))
    cosines = cosines + (0.5 / f0 - count) * np.cos(2 * np.pi * (count + 1) * turns)
    noise = wave - cosines / np.sqrt(0.25 / f0)
    assert np.std(noise) == pytest.approx(0.05, rel=0.1)
    assert abs(np.corrcoef(noise, cosines)[0, 1]) < 0.1
    assert np.std(wave) == pytest.approx(1.0, rel=0.05)


def test_the_phase_is_the_integral_of_f0(source: HarmonicSource) -> None:
    f0 = torch.linspace(0.01, 0.05, 25 * POINTS).reshape(1, 25, POINTS)
    wave = wave_of(source, f0)
    places = (np.arange(25 * POINTS) + 0.5) * HOP / POINTS
    course = np.interp(np.arange(25 * HOP) + 0.5, places, f0.flatten().numpy())
    turns = np.cumsum(course) - 0.5 * course
    peaks = np.flatnonzero((wave > np.roll(wave, 1)) & (wave > np.roll(wave, -1)) & (wave > 3.0))
    away = np.abs(turns[peaks] - np.rint(turns[peaks]))
    assert len(peaks) == pytest.approx(turns[-1], abs=2)
    assert away.max() < 0.6 * 0.05  # half a sample at the highest F0


def test_parts_of_the_frames_make_parts_of_the_wave(source: HarmonicSource) -> None:
    f0 = 0.02 + 0.01 * torch.rand(2, 20, POINTS)
    frames = source.frames(f0, torch.rand(2, 20, POINTS), phase=0.25, first=300)
    whole = source.excitation(frames)
    parts = [source.excitation(frames.part(start, start + 6)) for start in range(0, 20, 6)]
    torch.testing.assert_close(torch.cat(parts, dim=2), whole, atol=1e-4, rtol=0)
    later = source.frames(f0[:, 7:], torch.ones(2, 13, POINTS), frames.phase[:, 7:8], 307)
    torch.testing.assert_close(later.phase, frames.phase[:, 7:], atol=0.01, rtol=0)  # but for one point on the left
    assert later.number[0] == frames.number[7] == 307


def test_without_voice_there_is_noise(source: HarmonicSource) -> None:
    noise = wave_of(source, torch.full((1, 100, POINTS), 0.02), voiced=0.0)
    assert np.std(noise) == pytest.approx(0.3, rel=0.05)
    assert np.abs(np.corrcoef(noise[:-1], noise[1:])[0, 1]) < 0.05
    assert np.array_equal(noise, wave_of(source, torch.full((1, 100, POINTS), 0.05), voiced=0.0))


def test_f0_does_not_depend_on_the_level(source: HarmonicSource) -> None:
    mel = torch.randn(1, 5, 12)
    quiet, loud = source(mel), source(mel + 4.0)
    torch.testing.assert_close(quiet.log_f0, loud.log_f0, atol=1e-5, rtol=0)
    assert quiet.f0.shape == quiet.voiced.shape == (1, 12, POINTS)
    assert float(source(mel * 1e4).f0.detach().min()) >= FREQUENCIES[0]


def test_what_a_frame_depends_on(source: HarmonicSource) -> None:
    mel = torch.randn(1, 5, 30, requires_grad=True)
    found = source(mel)
    frames = source.frames(found.log_f0, found.voicing)
    frames.f0[:, 15].sum().backward()
    assert mel.grad is not None
    touched = torch.nonzero(mel.grad[0].abs().sum(0)).flatten()
    assert (int(touched[0]), int(touched[-1])) == (15 - source.reach, 15 + source.reach)


def test_points_of_frames() -> None:
    f0 = torch.tensor([[0.0, 0.02, 0.0, 0.04, 0.0]])
    fine, voiced = points_of_frames(f0, (f0 > 0).float())
    assert fine.shape == (1, 5, POINTS)
    torch.testing.assert_close(fine[0, 0], torch.full((POINTS,), 0.02))
    torch.testing.assert_close(fine[0, 4], torch.full((POINTS,), 0.04))
    assert (fine.flatten()[1:] >= fine.flatten()[:-1] - 1e-7).all()
    torch.testing.assert_close(fine[0, 2].log().mean().exp(), torch.tensor(0.02 * 2**0.5))
    torch.testing.assert_close(voiced[0, 1], torch.tensor([0.625, 0.875, 0.875, 0.625]))
    never, silent = points_of_frames(torch.zeros(1, 3), torch.zeros(1, 3))
    assert torch.isfinite(never).all() and not silent.any()


@pytest.mark.parametrize("stride", [1, 2, 3, 6, 7, 42])
def test_entries_have_a_step_per_stride(stride: int) -> None:
    entry = SourceEntry(3, stride)
    assert entry(torch.randn(2, 1, 5 * 42 * stride)).shape == (2, 3, 5 * 42)
    assert not entry(torch.randn(1, 1, 10 * stride)).any()


@given(config=geometries(), frames=st.integers(1, 30), chunk=st.integers(1, 11))
@settings(max_examples=40, deadline=None)
def test_pieces_and_the_fast_form_equal_the_whole(config: VocoderConfig, frames: int, chunk: int) -> None:
    model = sounding(config, 4)
    mel = torch.randn(4, frames, dtype=torch.float64)
    with torch.inference_mode():
        whole = model(mel[None])[0]
        torch.testing.assert_close(for_inference(model)(mel[None])[0], whole, atol=1e-9, rtol=0)
    pieces = torch.cat(list(model.generate(mel, chunk_frames=chunk)))
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=0)


def test_it_is_heard_and_may_be_given() -> None:
    model = sounding(VocoderConfig(initial_channels=16), 4).float()
    mel = torch.randn(1, 4, 20)
    f0 = torch.full((1, 20), 0.02)
    with torch.inference_mode():
        low, high = (model(mel, model.voice_of(mel, (f0 * factor, torch.ones(1, 20)))) for factor in (1.0, 1.5))
        own = model(mel)
    assert float((low - high).abs().max()) > 1e-2 and float((own - low).abs().max()) > 1e-2
    assert torch.equal(torch.cat(list(model.generate(mel[0]))), own[0])
    with pytest.raises(ValueError, match="no source"):
        audible(VocoderConfig(initial_channels=16), 4).voice_of(mel)


def test_without_a_source_nothing_is_different(vocoder_config: VocoderConfig) -> None:
    torch.manual_seed(3)
    plain = Generator(vocoder_config, 5)
    torch.manual_seed(3)
    more = Generator(harmonic(vocoder_config), 5)
    mine, theirs = plain.state_dict(), more.state_dict()
    assert all(torch.equal(theirs[name], value) for name, value in mine.items())
    assert {name.partition(".")[0] for name in theirs.keys() - mine.keys()} == {"source", "entries"}


def test_a_start_without_a_source_sounds_as_it_did(
    generator: Generator, features: FeatureConfig, vocoder_config: VocoderConfig
) -> None:
    target = Generator(harmonic(vocoder_config), features.n_mels)
    notes = transfer(generator, MelInput(features), target, features, "g")
    assert notes[-1] == "new: the source"
    add_weight_norm(target)
    assert not any("original" in name for name in target.state_dict() if name.startswith(("source", "entries")))
    mel = torch.randn(1, features.n_mels, 9)
    with torch.inference_mode():
        torch.testing.assert_close(target(mel), generator(mel))


def test_a_source_is_copied_or_left_out(features: FeatureConfig, vocoder_config: VocoderConfig) -> None:
    theirs = sounding(vocoder_config, features.n_mels).float()
    ours = Generator(harmonic(vocoder_config), features.n_mels)
    assert transfer(theirs, MelInput(features), ours, features, "g")[-1] == "copied: the source"
    assert all(torch.equal(ours.state_dict()[name], value) for name, value in theirs.state_dict().items())
    wider = Generator(harmonic(vocoder_config).model_copy(update={"pitch_channels": 6}), features.n_mels)
    assert "but for what has the same shape" in transfer(theirs, MelInput(features), wider, features, "g")[-1]
    assert torch.equal(wider.entries[0].conv.weight, theirs.entries[0].conv.weight)  # type: ignore[union-attr]
    plain = Generator(vocoder_config, features.n_mels)
    assert transfer(theirs, MelInput(features), plain, features, "g")[-1] == "left out: the source"


def test_a_bundle_keeps_it_and_its_precision(features: FeatureConfig, vocoder_config: VocoderConfig) -> None:
    model = sounding(vocoder_config, features.n_mels).float()
    bundle = Bundle.from_vocoder(model, features)
    mel = torch.randn(1, features.n_mels, 30)
    with torch.inference_mode():
        torch.testing.assert_close(bundle.build_vocoder()(mel), model(mel))
        half = bundle.build_vocoder(dtype=torch.bfloat16)
        voice, true = half.voice_of(mel), model.voice_of(mel)
        assert half(mel.bfloat16()).dtype == torch.bfloat16
    torch.testing.assert_close(voice.phase, true.phase)
    assert replace(voice, f0=true.f0).f0.dtype == torch.float32
