from __future__ import annotations

from typing import Literal

import pytest
import torch

from rtmri2speech.live.streaming.mel import MelStream, default_look_ahead, full_look_ahead
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel

T, SIZE = 23, 4


@pytest.fixture(params=["last", "average", "sequence"])
def model(request: pytest.FixtureRequest) -> AcousticModel:
    torch.manual_seed(1)
    config = AcousticConfig(backbone="test_efficientnet", hidden=8, ref_frames=SIZE, inference=request.param)
    made = AcousticModel(config, 6).eval()
    made.scaler.mean.fill_(-40.0)
    made.scaler.std.fill_(15.0)
    return made


@pytest.fixture
def coded(model: AcousticModel) -> AcousticModel:
    """The same with a code of the speaker."""
    torch.manual_seed(4)
    made = AcousticModel(model.config.model_copy(update={"speaker_code": 2}), 6).eval()
    made.scaler.load_state_dict(model.scaler.state_dict())
    return made


def features_for(model: AcousticModel, count: int) -> torch.Tensor:
    return torch.randn(count, model.channels, generator=torch.Generator().manual_seed(2))


def streamed(model: AcousticModel, features: torch.Tensor, look_ahead: int | None, chunk: int = 1) -> torch.Tensor:
    stream, made = MelStream(model, look_ahead), []
    for feature in features:
        stream.push(feature)
        while stream.ready >= stream.done + chunk:
            made.append(stream.take(stream.done + chunk))
    stream.finish()
    if stream.ready > stream.done:
        made.append(stream.take(stream.ready))
    return torch.cat(made)


def enough(model: AcousticModel, count: int) -> int:
    """A look-ahead that covers all that a frame depends on."""
    full = full_look_ahead(model)
    return count if full is None else full


@pytest.mark.parametrize("count", [1, 3, 4, 5, T])
@pytest.mark.parametrize("chunk", [1, 3])
@torch.inference_mode()
def test_equals_offline_where_the_look_ahead_covers_everything(model: AcousticModel, count: int, chunk: int) -> None:
    features = features_for(model, count)
    made = streamed(model, features, enough(model, count), chunk)
    torch.testing.assert_close(made, model.predict(features), atol=2e-5, rtol=0)


@pytest.mark.parametrize("look_ahead", [0, 1, 2, 3])
@torch.inference_mode()
def test_a_mel_does_not_depend_on_what_comes_after_its_look_ahead(model: AcousticModel, look_ahead: int) -> None:
    features = features_for(model, T)
    other = features.clone()
    other[12:] += 1.0
    one, changed = (streamed(model, given, look_ahead) for given in (features, other))
    same = 12 - min(look_ahead, enough(model, T))
    assert torch.equal(one[:same], changed[:same])
    assert not torch.equal(one[same:], changed[same:])


@pytest.mark.parametrize("count", [1, 3, 4, T])
@torch.inference_mode()
def test_the_code_of_a_recording_that_has_ended_is_that_of_all_its_frames(coded: AcousticModel, count: int) -> None:
    features = features_for(coded, count)
    stream = MelStream(coded, count)
    for feature in features:
        stream.push(feature)
    stream.finish()
    torch.testing.assert_close(stream.take(count), coded.predict(features), atol=2e-5, rtol=0)


@pytest.mark.parametrize("look_ahead", [0, 2])
@torch.inference_mode()
def test_the_code_follows_the_mean_of_the_frames_that_came(coded: AcousticModel, look_ahead: int) -> None:
    features = features_for(coded, T)
    other = features.clone()
    other[12:] += 1.0
    one, changed = (streamed(coded, given, look_ahead) for given in (features, other))
    reach = MelStream(coded, look_ahead).look_ahead
    assert torch.equal(one[: 12 - reach], changed[: 12 - reach]), "frames beyond the look-ahead count for nothing"
    if coded.config.inference == "last":
        for frame in range(SIZE, T):
            known = coded.for_speaker(features[: frame + 1])
            wanted = known.predict(features[frame + 1 - SIZE : frame + 1])[-1]
            torch.testing.assert_close(one[frame], wanted, atol=2e-5, rtol=0)


@pytest.mark.parametrize("mode", ["last", "average"])
@torch.inference_mode()
def test_the_code_is_that_of_all_frames_where_none_is_kept(mode: Literal["last", "average"]) -> None:
    torch.manual_seed(5)
    config = AcousticConfig(backbone="test_efficientnet", hidden=8, ref_frames=1, inference=mode, speaker_code=2)
    model = AcousticModel(config, 6).eval()
    features = features_for(model, 20)
    made = streamed(model, features, 0)
    torch.testing.assert_close(made[-1], model.predict(features)[-1], atol=2e-5, rtol=0)


@pytest.mark.parametrize("look_ahead", [0, 1, 2, 3])
@torch.inference_mode()
def test_an_average_is_that_of_the_windows_within_the_look_ahead(look_ahead: int) -> None:
    torch.manual_seed(6)
    config = AcousticConfig(backbone="test_efficientnet", hidden=8, ref_frames=SIZE, inference="average")
    model = AcousticModel(config, 6).eval()
    features = features_for(model, T)
    said = model.decode(model.windows(features[None])[0])
    for frame, mel in enumerate(streamed(model, features, look_ahead)):
        last = min(max(frame + look_ahead, SIZE - 1), T - 1) - SIZE + 1
        rows = [said[window][frame - window] for window in range(max(frame - SIZE + 1, 0), last + 1)]
        wanted = model.scaler.inverse(torch.stack(rows).mean(dim=0))
        torch.testing.assert_close(mel, wanted, atol=2e-5, rtol=0)


@pytest.mark.parametrize("look_ahead", [0, 1, 2, 3])
@torch.inference_mode()
def test_what_is_kept_of_a_long_run_is_a_window(model: AcousticModel, look_ahead: int) -> None:
    stream = MelStream(model, look_ahead)
    for feature in features_for(model, 300):
        stream.push(feature)
        if stream.ready > stream.done:
            stream.take(stream.ready)
        said = stream._windows._said.values()
        assert len(stream._features) < 2 * SIZE and sum(map(len, said)) <= SIZE**2


@torch.inference_mode()
def test_more_look_ahead_comes_closer_to_offline() -> None:
    torch.manual_seed(3)
    model = AcousticModel(AcousticConfig(backbone="test_efficientnet", hidden=8, inference="sequence"), 6).eval()
    features = features_for(model, 40)
    whole = model.predict(features)
    errors = [float((streamed(model, features, n) - whole).abs().mean()) for n in (0, 2, 8)]
    assert errors[0] > errors[1] > errors[2] > 0


def test_the_look_ahead_is_no_longer_than_the_mode_can_use() -> None:
    for mode, wanted, default in (("last", 0, 0), ("average", 3, 2), ("sequence", 9, 3)):
        model = AcousticModel(AcousticConfig(backbone="test_efficientnet", hidden=2, inference=mode), 2)
        assert MelStream(model, 9).look_ahead == wanted
        assert MelStream(model).look_ahead == default_look_ahead(model) == default


def test_nothing_is_taken_that_is_not_ready(model: AcousticModel) -> None:
    stream = MelStream(model, 0)
    for feature in features_for(model, SIZE - 1):
        stream.push(feature)
    assert stream.ready == 0
    with pytest.raises(ValueError, match="0 are ready"):
        stream.take(1)
    stream.finish()
    assert stream.ready == SIZE - 1
