"""The generator arranged for a CPU: the same wave as the one that is trained, at any geometry, in any pieces."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.errors import UserError
from rtmri2speech.models.vocoder import cpu_generator, winograd
from rtmri2speech.models.vocoder.cpu_generator import CpuGenerator, for_inference
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, add_weight_norm
from vocoders import audible, geometries


@given(config=geometries(), frames=st.integers(1, 30), batch=st.integers(1, 2), minimal=st.booleans())
@settings(max_examples=60, deadline=None)
def test_equals_the_trained_form(config: VocoderConfig, frames: int, batch: int, minimal: bool) -> None:
    model = audible(config, 3)
    mel = torch.randn(batch, 3, frames, dtype=torch.float64)
    with torch.inference_mode():
        expected = model(mel)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "_FORMS", {3: (6, 3, 1), 5: (4, 7, 1), 7: (5, 6, 1)} if minimal else {})
        made = for_inference(model)(mel)
    torch.testing.assert_close(made, expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("piece", [1, 1000, 1 << 17])
def test_however_the_work_is_shared(monkeypatch: pytest.MonkeyPatch, threads: int, piece: int) -> None:
    monkeypatch.setattr(cpu_generator, "_PIECE", piece)
    model = audible(VocoderConfig(initial_channels=16), 4)
    mel = torch.randn(1, 4, 5, dtype=torch.float64)
    with torch.inference_mode():
        expected = model(mel)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        torch.testing.assert_close(for_inference(model)(mel), expected, atol=1e-9, rtol=0)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_float32_with_minimal_filtering_in_pieces() -> None:
    """Channels enough that all forms of convolution are used."""
    config = VocoderConfig(upsample_rates=(3, 2), upsample_kernels=(5, 4), initial_channels=256)
    exact = audible(config, 8)
    mel = torch.randn(8, 70, dtype=torch.float64)
    with torch.inference_mode():
        expected = exact(mel[None])[0]
    model = for_inference(exact.float())
    whole = model(mel.float()[None])[0]
    peak = float(expected.abs().max())
    assert float((whole - expected).abs().max()) < 1e-5 * peak
    pieces = torch.cat(list(model.generate(mel.float(), chunk_frames=20)))
    assert float((pieces - whole).abs().max()) < 1e-5 * peak


def test_weight_norm_and_weights_of_its_own(generator: Generator) -> None:
    mel = torch.randn(1, 5, 12)
    add_weight_norm(generator)
    model = for_inference(generator)
    with torch.inference_mode():
        expected = generator(mel)
    with torch.no_grad():
        for part in generator.parameters():
            part.zero_()
    torch.testing.assert_close(model(mel), expected, atol=1e-6, rtol=0)
    assert model.hop_length == generator.hop_length


def test_the_plain_form_is_the_trained_one_and_others_are_refused(generator: Generator) -> None:
    assert for_inference(generator, "plain") is generator
    with pytest.raises(UserError, match="`generator=slow`: unknown form"):
        for_inference(generator, "slow")  # type: ignore[arg-type]


def test_what_stays_as_it_is(generator: Generator) -> None:
    assert isinstance(for_inference(generator), CpuGenerator)
    half = generator.to(torch.bfloat16)
    assert for_inference(half) is half
    elsewhere = generator.float().to("meta")
    assert for_inference(elsewhere) is elsewhere
