"""Maps of layers: against autograd a frame at a time, against captum, and that the model is left as it was."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from rtmri2speech.analysis.attribution.explainer import Explainer
from rtmri2speech.analysis.attribution.frame_gradients import frame_gradients
from rtmri2speech.analysis.attribution.layer_maps import LayerMaps, frozen, last_stride, layer_strides
from rtmri2speech.analysis.attribution.pixels import largest_pixel, sum_blocks, to_pixels
from rtmri2speech.analysis.attribution.targets import Target, make_target, read_bands
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.signal.features import FeatureConfig

FEATURES = FeatureConfig()
BANDS = read_bands(["F1:300-900", "F2:900-2500"], FEATURES)
TARGETS = [make_target(band, "log-energy", FEATURES) for band in BANDS]
FRAMES = 6


@pytest.fixture
def frames() -> torch.Tensor:
    torch.manual_seed(3)
    return torch.rand(FRAMES, 64, 64)


def maps_of(model: AcousticModel, frames: torch.Tensor, strides: list[int]) -> dict[int, torch.Tensor]:
    with torch.no_grad():
        gradients = frame_gradients(model, model.encode(frames), TARGETS).gradients
    with frozen(model), LayerMaps(model, strides) as layers:
        return layers(frames, gradients)


def layer(model: AcousticModel, stride: int) -> torch.nn.Module:
    return dict(model.cnn.named_modules())[layer_strides(model)[stride]]


def by_autograd(model: AcousticModel, frames: torch.Tensor, target: Target, frame: int, stride: int) -> torch.Tensor:
    """One frame's map by one backward pass through the whole model, head to layer: the definition."""
    seen: list[torch.Tensor] = []
    handle = layer(model, stride).register_forward_hook(lambda module, inputs, output: seen.append(output))
    value = target(model.predict(model.encode(frames)))[frame]
    handle.remove()
    (slope,) = torch.autograd.grad(value, seen[0])
    return (slope[frame] * seen[0][frame]).sum(dim=0).detach()


@pytest.mark.parametrize("strides", [[32], [16], [8, 16, 32], [32, 8]])
def test_equal_to_autograd_frame_by_frame(explainer: Explainer, frames: torch.Tensor, strides: list[int]) -> None:
    found = maps_of(explainer.model, frames, strides)
    assert set(found) == set(strides)
    for stride in strides:
        assert found[stride].shape == (2, FRAMES, 64 // stride, 64 // stride)
        for index, target in enumerate(TARGETS):
            for frame in range(FRAMES):
                slow = by_autograd(explainer.model, frames, target, frame, stride)
                torch.testing.assert_close(
                    found[stride][index, frame], slow, rtol=1e-3, atol=1e-5 * float(slow.abs().max())
                )


def test_the_last_map_sums_up_to_gradient_times_feature(explainer: Explainer, frames: torch.Tensor) -> None:
    with torch.no_grad():
        features = explainer.model.encode(frames)
    gradients = frame_gradients(explainer.model, features, TARGETS).gradients
    sums = maps_of(explainer.model, frames, [32])[32].sum(dim=(2, 3))
    torch.testing.assert_close(sums, (gradients * features).sum(dim=2), rtol=1e-4, atol=1e-5)


def test_the_positive_part_of_the_last_map_is_captums_grad_cam(explainer: Explainer, frames: torch.Tensor) -> None:
    attribution = pytest.importorskip("captum.attr", reason="captum, a second implementation, is not installed")
    found = maps_of(explainer.model, frames, [32])[32]
    for index, target in enumerate(TARGETS):
        for frame in (0, FRAMES - 1):

            def forward(pictures: torch.Tensor, target: Target = target, frame: int = frame) -> torch.Tensor:
                return target(explainer.model.predict(explainer.model.encode(pictures)))[frame][None]

            oracle = attribution.LayerGradCam(forward, layer(explainer.model, 32))
            theirs = oracle.attribute(frames, relu_attributions=True)[frame, 0].detach()
            ours = found[index, frame].clamp(min=0)
            # captum takes the mean gradient over the map's cells, as we do.
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_the_model_is_left_as_it_was(explainer: Explainer, frames: torch.Tensor, training: bool) -> None:
    model = copy.deepcopy(explainer.model)
    for number, (module, weight) in enumerate(zip(model.modules(), model.parameters(), strict=False)):
        module.training = training and number % 3 > 0
        weight.requires_grad_(number % 2 == 0)
    before = copy.deepcopy(model.state_dict())
    flags = [module.training for module in model.modules()], [weight.requires_grad for weight in model.parameters()]
    gradients = torch.randn(2, FRAMES, model.lstm.input_size)
    with frozen(model), LayerMaps(model, [16, 32]) as layers:
        layers(frames, gradients)
    after = model.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    assert flags == (
        [module.training for module in model.modules()],
        [weight.requires_grad for weight in model.parameters()],
    )
    assert all(weight.grad is None for weight in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_an_error_inside_leaves_the_model_as_it_was(explainer: Explainer) -> None:
    model = explainer.model
    flags = [weight.requires_grad for weight in model.parameters()]
    with pytest.raises(RuntimeError), frozen(model), LayerMaps(model, [16]) as layers:
        layers(torch.rand(2, 64, 64), torch.randn(1, 2, 3))
    assert not any(module._forward_hooks for module in model.modules())
    assert [weight.requires_grad for weight in model.parameters()] == flags and any(flags)


def test_cudnn_stays_switched_as_it_was(explainer: Explainer, frames: torch.Tensor) -> None:
    before = torch.backends.cudnn.enabled
    maps_of(explainer.model, frames, [16])
    assert torch.backends.cudnn.enabled == before


def test_a_layer_that_is_not_there(explainer: Explainer) -> None:
    assert last_stride(explainer.model) == 32
    with pytest.raises(ConfigError, match="5 pixels") as caught:
        LayerMaps(explainer.model, [5])
    assert "2, 4, 8, 16, 32" in caught.value.remedy


@pytest.mark.parametrize(("cells", "size"), [(2, 64), (4, 64), (8, 256), (1, 32)])
def test_pixels_sum_up_to_what_the_cells_did(cells: int, size: int) -> None:
    maps = torch.randn(2, 3, cells, cells)
    pixels = to_pixels(maps, size)
    assert pixels.shape == (2, 3, size, size)
    torch.testing.assert_close(torch.from_numpy(pixels).sum(dim=(2, 3)), maps.sum(dim=(2, 3)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("strides", [[32], [16], [8, 32, 16]])
def test_a_layer_that_was_kept_gives_the_same_maps(
    explainer: Explainer, frames: torch.Tensor, strides: list[int]
) -> None:
    gradients = torch.randn(2, FRAMES, explainer.model.lstm.input_size)
    with frozen(explainer.model), LayerMaps(explainer.model, strides) as layers:
        features, kept = layers.encode(frames)
        assert kept is not None and kept.shape[-1] == 64 // min(strides)
        again, going_on = layers(frames, gradients), layers(frames, gradients, kept)
    with torch.no_grad():
        torch.testing.assert_close(features, explainer.model.encode(frames))
    for stride in strides:
        torch.testing.assert_close(going_on[stride], again[stride])


def test_long_clips_keep_no_layers_and_give_the_same_maps(
    explainer: Explainer, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_maps() -> tuple[bool, torch.Tensor]:
        encoded = explainer.encode(clip, [16, 32])
        gradients = explainer.explain(encoded.features, TARGETS).gradients
        cells = explainer.cells(clip, gradients, [16, 32], encoded.kept)
        assert all(one.shape[:2] == (2, clip.n_frames) for one in cells.values())
        mean = np.concatenate(list(clip.blocks())).mean(axis=0, dtype=np.float64)
        np.testing.assert_allclose(encoded.mean_frame, mean, rtol=1e-6)
        return not encoded.kept, torch.from_numpy(cells[16])

    (forgot, short) = all_maps()
    monkeypatch.setattr("rtmri2speech.analysis.attribution.explainer._KEEP_BYTES", 1000)
    (forgets, long) = all_maps()
    assert not forgot and forgets
    torch.testing.assert_close(short, long)


def test_each_layer_is_explained_for_the_targets_asked_for(explainer: Explainer, frames: torch.Tensor) -> None:
    gradients = torch.randn(3, FRAMES, explainer.model.lstm.input_size)
    with frozen(explainer.model), LayerMaps(explainer.model, [16, 32, 8]) as layers:
        every = layers(frames, gradients)
        some = layers(frames, gradients, wanted={16: [1], 32: [0, 2], 8: [0, 1]})
    for stride, rows in ((16, [1]), (32, [0, 2]), (8, [0, 1])):
        torch.testing.assert_close(some[stride], every[stride][rows])


@pytest.mark.parametrize(("cells", "size"), [((2, 2), 64), ((4, 3), 60), ((8, 8), 256), ((1, 1), 32), ((9, 9), 8)])
def test_pixels_are_interpolated_as_pytorch_does(cells: tuple[int, int], size: int) -> None:
    maps = torch.randn(3, *cells)
    theirs = torch.nn.functional.interpolate(maps[:, None], (size, size), mode="bilinear", align_corners=False)[:, 0]
    theirs *= maps[0].numel() / size**2
    np.testing.assert_allclose(to_pixels(maps, size), theirs, rtol=1e-5, atol=1e-6 * float(theirs.abs().max()))
    assert largest_pixel(maps.numpy(), size) == pytest.approx(float(theirs.abs().max()), rel=1e-5)


def test_blocks_of_pixels_keep_the_sum() -> None:
    pixels = np.random.default_rng(0).normal(size=(3, 60, 60)).astype(np.float32)
    assert sum_blocks(pixels, 16).shape == (3, 4, 4) and sum_blocks(pixels, 100).shape == (3, 1, 1)
    np.testing.assert_allclose(sum_blocks(pixels, 16).sum(axis=(1, 2)), pixels.sum(axis=(1, 2)), atol=1e-3)
