"""A code of the speaker, made of what the frames look like on average, tells the LSTM who speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from rtmri2speech.errors import BundleError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel, Inference
from rtmri2speech.models.bundle.container import read_container, write_container
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

CODE = 3

Shake = Callable[[nn.Module, int], None]


@pytest.fixture
def coded(acoustic_config: AcousticConfig, features: FeatureConfig, shake: Shake) -> AcousticModel:
    torch.manual_seed(0)
    model = AcousticModel(acoustic_config.model_copy(update={"speaker_code": CODE}), features.n_mels)
    shake(model, 1)
    return model.eval()


def vectors(model: AcousticModel, count: int, seed: int = 2) -> Tensor:
    return torch.randn(count, model.channels, generator=torch.Generator().manual_seed(seed))


def test_a_model_without_a_code_is_what_it_was(acoustic: AcousticModel) -> None:
    features = vectors(acoustic, 9)
    assert acoustic.speaker is None and acoustic.config.views == 0
    assert acoustic.lstm.input_size == acoustic.channels
    assert not any("speaker" in name for name in acoustic.state_dict())
    assert acoustic.for_speaker(features) is acoustic
    assert acoustic.with_speaker(features[None]).data_ptr() == features.data_ptr()


@torch.inference_mode()
def test_the_code_is_a_linear_function_of_the_mean_frame(coded: AcousticModel) -> None:
    features = vectors(coded, 9)
    assert coded.speaker is not None
    both = coded.with_speaker(features[None])
    wanted = torch.stack([coded.speaker(feature) for feature in features]).mean(dim=0)
    torch.testing.assert_close(both[0, :, coded.channels :], wanted.expand(9, CODE), atol=1e-6, rtol=1e-5)
    assert torch.equal(both[..., : coded.channels], features[None])
    order = torch.randperm(9)
    torch.testing.assert_close(coded.with_speaker(features[order][None])[0], both[0, order], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("mode", get_args(Inference))
@pytest.mark.parametrize("count", [1, 2, 3, 9])
@torch.inference_mode()
def test_the_model_of_one_speaker_predicts_the_same(coded: AcousticModel, mode: Inference, count: int) -> None:
    features, other = vectors(coded, count), vectors(coded, count, seed=5)
    whole, held = coded.predict(features, mode), coded.for_speaker(features)
    assert whole.shape == (count, coded.n_mels)
    torch.testing.assert_close(held.predict(features, mode), whole, atol=2e-5, rtol=1e-5)
    assert held.config.speaker_code == 0 and held.speaker is None and held.cnn is coded.cnn
    assert coded.speaker is not None, "itself unchanged"
    assert (coded.for_speaker(other).predict(features, mode) - whole).abs().max() > 1e-3, "another one's code counts"


def test_a_mel_depends_on_frames_out_of_its_window_by_the_code_alone(coded: AcousticModel) -> None:
    features = vectors(coded, 12).requires_grad_()
    coded.predict(features, "last")[-1].sum().backward()
    assert features.grad is not None and coded.speaker is not None
    far = features.grad[: -coded.config.ref_frames]
    assert far.abs().max() > 0
    torch.testing.assert_close(far, far[:1].expand_as(far))
    held = features.detach().clone().requires_grad_()
    coded.for_speaker(held).predict(held, "last")[-1].sum().backward()
    assert held.grad is not None and not held.grad[: -coded.config.ref_frames].any()


@torch.inference_mode()
def test_windows_of_frames_have_the_code_of_their_segment(coded: AcousticModel) -> None:
    frames = torch.rand(2, 5, 32, 32, generator=torch.Generator().manual_seed(3))
    made = coded(frames)
    for segment, found in zip(frames, made, strict=True):
        features = coded.encode(segment)
        held = coded.for_speaker(features)
        wanted = held.decode(held.windows(features[None])[0])
        torch.testing.assert_close(found, wanted, atol=2e-5, rtol=1e-5)


def test_files_keep_it_and_older_files_have_none(
    coded: AcousticModel, acoustic_bundle: Bundle, features: FeatureConfig, tmp_path: Path
) -> None:
    path = tmp_path / "coded.safetensors"
    bundle = Bundle.from_acoustic(coded, features, FrameConfig(size=32))
    save_bundle(bundle, path)
    opened = load_bundle(path)
    assert opened.acoustic is not None and opened.acoustic.speaker_code == CODE
    given = vectors(coded, 6)
    with torch.inference_mode():
        assert torch.equal(opened.build_acoustic().predict(given), coded.predict(given))
        low = opened.build_acoustic(dtype=torch.bfloat16).predict(given.bfloat16())
    assert low.isfinite().all() and (low - coded.predict(given)).abs().max() < 2.0

    plain = tmp_path / "plain.safetensors"
    save_bundle(acoustic_bundle, plain)
    assert "speaker_code" not in read_container(plain)[0]["model"]["acoustic"], "as files of before"
    again = load_bundle(plain).acoustic
    assert again is not None and again.speaker_code == 0

    wrong = tmp_path / "wrong.safetensors"
    header = {**bundle.header(), "model": acoustic_bundle.header()["model"]}
    write_container(wrong, header, bundle.tensors)
    with pytest.raises(BundleError):
        load_bundle(wrong).build_acoustic()
