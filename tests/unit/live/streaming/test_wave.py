from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.encoder import predict
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.vocoding import ContinuedVocoder, vocode
from rtmri2speech.live.streaming.speech import SpeechStream, StreamOptions, speech_of_features
from rtmri2speech.live.streaming.wave import WaveStream
from rtmri2speech.models.vocoder.generator import VocoderConfig
from vocoders import audible

Wave = NDArray[np.float32]


@pytest.fixture(scope="module")
def model(make_bundle) -> Model:  # type: ignore[no-untyped-def]
    return Model(make_bundle())


def a_mel(frames: int) -> Wave:
    rng = np.random.default_rng(0)
    return (-45 + 12 * np.cumsum(rng.standard_normal((frames, 64)), axis=0) / 3).astype(np.float32).clip(-90, 0)


def streamed(model: Model, mel: Wave, chunk: int, look_ahead: int, context: int, step: int = 1) -> list[Wave]:
    stream = WaveStream(ContinuedVocoder(model.vocoder), model.features.hop_length, chunk, look_ahead, context)
    made = [piece for start in range(0, len(mel), step) for piece in stream.push(mel[start : start + step])]
    return [*made, *stream.finish()]


@pytest.mark.parametrize(("chunk", "step"), [(1, 1), (3, 1), (3, 7), (50, 5)])
def test_equals_offline_where_the_context_covers_everything(model: Model, chunk: int, step: int) -> None:
    mel, reach = a_mel(31), model.vocoder.config.context_frames
    pieces = streamed(model, mel, chunk, reach, reach, step)
    assert all(len(piece) == chunk * model.features.hop_length for piece in pieces[:-1])
    np.testing.assert_allclose(np.concatenate(pieces), model.vocode(mel), atol=1e-5)


@pytest.mark.parametrize(("chunk", "step"), [(1, 1), (3, 7)])
def test_a_harmonic_source_goes_on_from_window_to_window(chunk: int, step: int) -> None:
    config = VocoderConfig(initial_channels=16, source="harmonic", pitch_channels=8)
    vocoder = audible(config, 64).float()
    assert vocoder.source is not None
    torch.nn.init.normal_(vocoder.source.head.weight, 0.0, 0.05)
    for entry in vocoder.entries:
        torch.nn.init.normal_(entry.conv.weight, 0.0, 0.3)
    mel, reach = a_mel(40), config.context_frames + vocoder.source.reach
    stream = WaveStream(ContinuedVocoder(vocoder), config.hop_length, chunk, reach, reach)
    pieces = [piece for start in range(0, len(mel), step) for piece in stream.push(mel[start : start + step])]
    made, whole = np.concatenate([*pieces, *stream.finish()]), vocode(vocoder, mel)
    assert np.std(whole) > 0.01
    np.testing.assert_allclose(made, whole, atol=2e-4)


def test_less_context_is_not_the_same_and_more_comes_closer(model: Model) -> None:
    mel = a_mel(31)
    whole = model.vocode(mel)
    errors = [np.abs(np.concatenate(streamed(model, mel, 3, n, n)) - whole).max() for n in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2] >= 0 and errors[1] > 1e-6


def test_chunks_join_without_a_jump() -> None:
    # A vocoder whose windows do not agree: each starts at another level.
    calls = iter(range(100))
    hop = 50

    def vocode(mel: Wave, before: int, count: int) -> Wave:
        return np.full(len(mel) * hop, float(next(calls) % 2), np.float32)

    stream = WaveStream(vocode, hop, 2, 1, 1)
    wave = np.concatenate([*stream.push(np.zeros((20, 1), np.float32)), *stream.finish()])
    assert len(wave) == 20 * hop
    assert wave.min() == 0 and wave.max() == 1
    # pi / 2 per fade is the steepest slope of a raised cosine.
    assert np.abs(np.diff(wave)).max() < 1.01 * np.pi / 2 / hop


def test_no_jump_at_the_borders_of_a_real_vocoder(model: Model) -> None:
    mel, hop = a_mel(60), model.features.hop_length
    whole = np.abs(np.diff(model.vocode(mel))).max()
    wave = np.concatenate(streamed(model, mel, 2, 1, 1))
    borders = np.abs(np.diff(wave))[2 * hop - 1 :: 2 * hop]
    assert borders.max() <= whole


@torch.inference_mode()
def test_speech_equals_offline_where_everything_is_covered(model: Model) -> None:
    features = torch.randn(40, model.acoustic.lstm.input_size, generator=torch.Generator().manual_seed(0))
    options = StreamOptions(look_ahead=40, vocoder_look_ahead=11, context=11)
    made = speech_of_features(model, features, options)
    np.testing.assert_allclose(made, model.vocode(predict(model.acoustic, features)), atol=1e-4)


@torch.inference_mode()
def test_sound_comes_after_the_delay_that_is_stated(model: Model) -> None:
    stream = SpeechStream(model, StreamOptions(look_ahead=2, vocoder_look_ahead=3, chunk=4))
    counts = [len(list(stream.push(torch.zeros(model.acoustic.lstm.input_size)))) for _ in range(20)]
    assert stream.delay == 2 + 3 + 3
    assert counts.index(1) == stream.delay
    assert [number for number, count in enumerate(counts) if count] == [8, 12, 16]


@torch.inference_mode()
def test_frames_are_turned_down(model: Model) -> None:
    def loudness(quieter_db: float) -> float:
        stream = SpeechStream(model, StreamOptions())
        feature = torch.ones(model.acoustic.lstm.input_size)
        pieces = [piece for _ in range(20) for piece in stream.push(feature, quieter_db)]
        seen.append(np.concatenate([*pieces, *stream.finish()]))
        return float(np.std(seen[-1]))

    seen: list[Wave] = []
    loudness(0.0), loudness(60.0)
    assert len(seen[0]) == len(seen[1]) == 20 * model.features.hop_length
    assert not np.allclose(seen[0], seen[1])


def test_too_few_frames_are_refused() -> None:
    for name in ("look_ahead", "vocoder_look_ahead", "chunk", "context"):
        with pytest.raises(ConfigError, match=f"`{name}=-1`"):
            StreamOptions(**{name: -1})


def test_what_has_come_at_once_is_made_at_once_in_few_lengths(model: Model) -> None:
    mel, reach, hop = a_mel(60), model.vocoder.config.context_frames, model.features.hop_length
    lengths: list[int] = []
    continued = ContinuedVocoder(model.vocoder)

    def vocode(mel: Wave, before: int, count: int) -> Wave:
        lengths.append(count)
        return continued(mel, before, count)

    stream = WaveStream(vocode, hop, 3, reach, reach, 12)
    pieces = [*stream.push(mel[:30]), *stream.push(mel[30:31]), *stream.push(mel[31:])]
    np.testing.assert_allclose(np.concatenate([*pieces, *stream.finish()]), model.vocode(mel), atol=1e-5)
    # Not before the context is full: windows there have other lengths.
    assert lengths[0] == 3 and 12 in lengths and set(lengths[:-1]) <= {3, 6, 12}


def test_sound_waits_for_frames_that_are_there_already(model: Model) -> None:
    options = StreamOptions(look_ahead=3, vocoder_look_ahead=11, context=11)
    features = torch.from_numpy(np.random.default_rng(0).standard_normal((40, model.acoustic.channels))).float()
    stream, made = SpeechStream(model, options), []
    for number, feature in enumerate(features):
        pieces = list(stream.push(feature, more=number % 4 != 3))
        assert not pieces or number % 4 == 3
        made += pieces
    whole = np.concatenate([*made, *stream.finish()])
    assert max(map(len, made)) > 3 * model.features.hop_length
    np.testing.assert_allclose(whole, speech_of_features(model, features, options), atol=2e-3)
