"""Derivatives of each target by every frame's features equal those of plain backward passes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from rtmri2speech.analysis.widening.cotangents import cotangents
from rtmri2speech.models.acoustic import AcousticModel, Inference
from rtmri2speech.models.bundle.model_file import Bundle


@pytest.fixture(scope="module")
def acoustic(make_bundle: Callable[..., Bundle]) -> AcousticModel:
    return make_bundle("acoustic").build_acoustic("cpu", torch.float32).eval()


@pytest.mark.parametrize("mode", ["last", "average", "sequence"])
@pytest.mark.parametrize("count", [1, 3, 9])
def test_they_equal_backward_passes(acoustic: AcousticModel, mode: Inference, count: int) -> None:
    torch.manual_seed(1)
    features = torch.randn(count, acoustic.lstm.input_size)
    by_mel = torch.randn(2, count, acoustic.n_mels)
    found = cotangents(acoustic, features, by_mel, mode, reach=count)
    leaf = features.clone().requires_grad_()
    mel = acoustic.predict(leaf, mode)
    for number in range(2):
        for target in range(count):
            (wanted,) = torch.autograd.grad((mel[target] * by_mel[number, target]).sum(), leaf, retain_graph=True)
            for frame in range(count):
                values, targets = found.of_frame(frame)
                at = np.flatnonzero(targets.numpy() == target)
                ours = values[number, int(at[0])] if len(at) else torch.zeros_like(wanted[0])
                torch.testing.assert_close(ours, wanted[frame], atol=1e-5, rtol=1e-4)


def test_what_lies_out_of_reach_is_left_out_and_nothing_else(acoustic: AcousticModel) -> None:
    torch.manual_seed(1)
    features = torch.randn(9, acoustic.lstm.input_size)
    by_mel = torch.randn(1, 9, acoustic.n_mels)
    near, far = (cotangents(acoustic, features, by_mel, "sequence", reach=reach) for reach in (2, 8))
    torch.testing.assert_close(near.values, far.values[:, :, 6:11], atol=1e-5, rtol=1e-4)


def test_training_mode_is_refused(acoustic: AcousticModel) -> None:
    acoustic.train()
    try:
        with pytest.raises(ValueError, match="eval mode"):
            cotangents(acoustic, torch.zeros(4, acoustic.lstm.input_size), torch.zeros(1, 4, acoustic.n_mels))
    finally:
        acoustic.eval()


@pytest.mark.parametrize("mode", ["last", "average", "sequence"])
def test_the_code_of_the_speaker_is_held(acoustic: AcousticModel, mode: Inference) -> None:
    torch.manual_seed(1)
    config = acoustic.config.model_copy(update={"speaker_code": 3})
    coded = AcousticModel(config, acoustic.n_mels).eval()
    features, by_mel = torch.randn(7, coded.channels), torch.randn(1, 7, coded.n_mels)
    found = cotangents(coded, features, by_mel, mode, reach=7)
    wanted = cotangents(coded.for_speaker(features), features, by_mel, mode, reach=7)
    assert torch.equal(found.values, wanted.values) and found.values.any()
