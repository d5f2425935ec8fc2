"""Own-frame gradients: the written-down step equals one backward pass a frame, in every mode."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.analysis.attribution.frame_gradients import frame_gradients, gradients_by_frame
from rtmri2speech.analysis.attribution.targets import Band, Target, make_target
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel, Inference
from rtmri2speech.signal.features import FeatureConfig

FEATURES = FeatureConfig()
CHANNELS = 12


def eyeless(hidden: int = 7, seed: int = 0, ref_frames: int = 4) -> AcousticModel:
    """A model in double precision whose LSTM reads short vectors, as if some network had made them."""
    torch.manual_seed(seed)
    config = AcousticConfig(backbone="test_efficientnet", hidden=hidden, ref_frames=ref_frames)
    model = AcousticModel(config, FEATURES.n_mels)
    model.lstm = torch.nn.LSTM(CHANNELS, hidden, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for weight in model.lstm.parameters():
            weight.mul_(3.0)
        model.scaler.mean.fill_(-45.0)
        model.scaler.std.copy_(torch.linspace(8.0, 14.0, FEATURES.n_mels))
    return model.double().eval()


def coded(seed: int = 0) -> AcousticModel:
    """The same with a code of the speaker."""
    torch.manual_seed(seed)
    model = eyeless(seed=seed)
    model.config = model.config.model_copy(update={"speaker_code": 2})
    model.channels, model.speaker = CHANNELS, torch.nn.Linear(CHANNELS, 2)
    model.lstm = torch.nn.LSTM(CHANNELS + 2, 7, batch_first=True, bidirectional=True)
    return model.double().eval()


def band(name: str, low: float, high: float) -> Band:
    return Band(name, low, high, FEATURES.band_bins(low, high))


def targets(kind: Any = "log-energy") -> list[Target]:
    return [make_target(band("F1", 300, 900), kind, FEATURES), make_target(band("F2", 900, 2500), kind, FEATURES)]


@pytest.fixture(autouse=True, scope="module")
def double() -> Iterator[None]:
    """No rounding to float32 in predict(), so that the comparison is exact to 1e-12."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "float", lambda self: self)
        torch.set_default_dtype(torch.float64)
        yield
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("mode", get_args(Inference))
@pytest.mark.parametrize("frames", [1, 3, 4, 5, 9, 23])
@pytest.mark.parametrize("kind", ["energy", "log-energy", "centroid"])
def test_equal_to_one_backward_pass_a_frame(mode: Inference, frames: int, kind: str) -> None:
    model, both = eyeless(), targets(kind)
    features = torch.randn(frames, CHANNELS, dtype=torch.float64)
    found = frame_gradients(model, features, both, mode)
    assert found.values.shape == (2, frames) and found.gradients.shape == (2, frames, CHANNELS)
    for index, target in enumerate(both):
        slow = gradients_by_frame(model, features, target, mode)
        assert slow.abs().max() > 0
        torch.testing.assert_close(found.gradients[index], slow, rtol=1e-9, atol=1e-12 * float(slow.abs().max()))
        torch.testing.assert_close(found.values[index], target(model.predict(features, mode)))


@settings(deadline=None, max_examples=25)
@given(
    frames=st.integers(1, 14),
    ref_frames=st.integers(1, 6),
    mode=st.sampled_from(get_args(Inference)),
    seed=st.integers(0, 99),
)
def test_equal_for_every_window_and_length(frames: int, ref_frames: int, mode: Inference, seed: int) -> None:
    model, (target, _) = eyeless(hidden=3, seed=seed, ref_frames=ref_frames), targets()
    features = torch.randn(frames, CHANNELS, dtype=torch.float64)
    fast = frame_gradients(model, features, [target], mode).gradients[0]
    slow = gradients_by_frame(model, features, target, mode)
    torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-12 * float(slow.abs().max()))


@pytest.mark.parametrize("mode", get_args(Inference))
def test_blocks_of_windows_change_nothing(mode: Inference, monkeypatch: pytest.MonkeyPatch) -> None:
    model, features = eyeless(), torch.randn(21, CHANNELS, dtype=torch.float64)
    whole = frame_gradients(model, features, targets(), mode).gradients
    monkeypatch.setattr("rtmri2speech.analysis.attribution.frame_gradients._STEPS_AT_ONCE", 5)
    torch.testing.assert_close(frame_gradients(model, features, targets(), mode).gradients, whole)


def test_the_gradient_of_the_sum_over_frames_is_another_one() -> None:
    # What a single backward pass over the whole clip would give: neighbours' targets leak in.
    model, (target, _) = eyeless(), targets()
    features = torch.randn(12, CHANNELS, dtype=torch.float64, requires_grad=True)
    (mixed,) = torch.autograd.grad(target(model.predict(features)).sum(), features)
    own = frame_gradients(model, features.detach(), [target]).gradients[0]
    assert (mixed - own).norm() > 0.1 * own.norm()


@given(weights=st.lists(st.floats(-3, 3), min_size=2, max_size=2), seed=st.integers(0, 20))
@settings(deadline=None, max_examples=15)
def test_gradients_are_linear_in_the_target(weights: list[float], seed: int) -> None:
    model, both = eyeless(seed=seed), targets("energy")

    def mixed(mel: torch.Tensor) -> torch.Tensor:
        return weights[0] * both[0](mel) + weights[1] * both[1](mel)

    features = torch.randn(8, CHANNELS, dtype=torch.float64)
    apart = frame_gradients(model, features, both).gradients
    together = frame_gradients(model, features, [mixed]).gradients[0]  # type: ignore[list-item]
    expected = weights[0] * apart[0] + weights[1] * apart[1]
    torch.testing.assert_close(together, expected, rtol=1e-9, atol=1e-12 * float(apart.abs().max()))


def test_a_step_of_the_features_moves_the_target_by_the_gradient() -> None:
    model, (target, _) = eyeless(), targets()
    features = torch.randn(10, CHANNELS, dtype=torch.float64)
    gradient = frame_gradients(model, features, [target]).gradients[0]
    for frame in (0, 4, 9):
        step = torch.zeros_like(features)
        step[frame] = 1e-6 * torch.randn(CHANNELS, dtype=torch.float64)
        change = target(model.predict(features + step))[frame] - target(model.predict(features - step))[frame]
        assert float(change.detach()) == pytest.approx(2 * float((gradient[frame] * step[frame]).sum()), rel=1e-5)


def test_training_mode_is_refused(make_model: Callable[..., AcousticModel] = eyeless) -> None:
    with pytest.raises(ValueError, match="eval mode"):
        frame_gradients(make_model().train(), torch.randn(5, CHANNELS, dtype=torch.float64), targets())


@pytest.mark.parametrize("mode", get_args(Inference))
@pytest.mark.parametrize("frames", [3, 9])
def test_the_code_of_the_speaker_is_held(mode: Inference, frames: int) -> None:
    model, target = coded(), targets()[0]
    features = torch.randn(frames, CHANNELS)
    found = frame_gradients(model, features, [target], mode)
    torch.testing.assert_close(found.mel_db, model.predict(features, mode), rtol=1e-9, atol=1e-9)
    # By differences: a frame is changed, and the code stays that of the recording as it was.
    code = model.with_speaker(features[None])[0, :, CHANNELS:]
    plain = copy.copy(model)
    plain.with_speaker = lambda given: torch.cat([given, code[None].expand(len(given), -1, -1)], dim=-1)  # type: ignore[method-assign, assignment, misc]
    step = 1e-5
    for frame, channel in ((0, 1), (frames - 1, 5)):
        ends = []
        ends = []
        for sign in (1, -1):
            moved = features.clone()
            moved[frame, channel] += sign * step
            ends.append(float(target(plain.predict(moved, mode))[frame].detach()))
        assert float(found.gradients[0, frame, channel]) == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8
        )
    torch.testing.assert_close(
        gradients_by_frame(model, features, target, mode), found.gradients[0], rtol=1e-9, atol=1e-9
    )
