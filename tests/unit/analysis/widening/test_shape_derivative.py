"""The shape derivative is what a small smooth warp of the frames does to the formants."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from drawn_walls import GRID, PIXEL, SIZE, walls
from rtmri2speech.analysis.widening.cotangents import cotangents
from rtmri2speech.analysis.widening.fields import FrameFields, frame_fields
from rtmri2speech.analysis.widening.formant_targets import FormantTargets, formant_targets
from rtmri2speech.analysis.widening.shape_derivative import ShapeDerivatives, shape_derivatives
from rtmri2speech.analysis.widening.warp import warp
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

COUNT, MM = 7, 0.1
CONFIG = FrameConfig(size=SIZE)


@pytest.fixture(scope="module")
def frames() -> UInt8:
    """Frames of a bent tube that is dark in bright tissue, and gets wider; one pixel is the brightest."""
    return np.stack([walls(8.0 + 0.5 * number).gray for number in range(COUNT)])


@pytest.fixture(scope="module")
def fields() -> list[FrameFields]:
    found = [walls(8.0 + 0.5 * number) for number in range(COUNT)]
    return [frame_fields(one.midline, one.distance, one.contours, GRID) for one in found]


@pytest.fixture(scope="module", params=["average", "last", "sequence"])
def acoustic(request: pytest.FixtureRequest, make_bundle: Callable[..., Bundle]) -> AcousticModel:
    made = make_bundle("acoustic", frames=CONFIG, seed=3).build_acoustic("cpu", torch.float32).double().eval()
    made.config = made.config.model_copy(update={"inference": request.param})
    return made


def mel_of(model: AcousticModel, unit: Tensor) -> Tensor:
    """The mel in double precision; :meth:`AcousticModel.predict` rounds it."""
    with torch.no_grad():
        features = model.encode(unit)
        count = len(features)
        if model.config.inference == "sequence":
            return model.scaler.inverse(model.decode(features[None])[0])
        decoded = model.decode(model.windows(features[None])[0])
        if model.config.inference == "last":
            return model.scaler.inverse(torch.cat([decoded[0, :-1], decoded[:, -1]]))
        total, holding = decoded.new_zeros(count, model.n_mels), torch.zeros(count, 1)
        for window, one in enumerate(decoded):
            total[window : window + len(one)] += one
            holding[window : window + len(one)] += 1
        return model.scaler.inverse(total / holding)


def centers_of(targets: FormantTargets, mel: Tensor, features: FeatureConfig) -> Float64:
    """The targets (N, T) of another mel, about the same formants."""
    hertz = torch.from_numpy(np.asarray(features.mel_centers(), np.float64))
    window = -0.5 * ((hertz - torch.from_numpy(targets.found)[..., None]) / 120.0) ** 2
    share = torch.softmax(mel * (np.log(10.0) / 10.0) + window, dim=-1)
    return np.asarray((share @ hertz).numpy())


def derivatives(
    model: AcousticModel, frames: UInt8, fields: list[FrameFields], tolerance: float
) -> tuple[FormantTargets, ShapeDerivatives]:
    unit = torch.from_numpy(frames).double() / 255.0
    with torch.no_grad():
        features = model.encode(unit)
    targets = formant_targets(mel_of(model, unit), FeatureConfig())
    slopes = cotangents(model, features, targets.by_mel, reach=COUNT)
    found = shape_derivatives(model, [frames], slopes, fields.__getitem__, held=True, tolerance=tolerance)
    return targets, found


def by_warp(
    model: AcousticModel, frames: UInt8, targets: FormantTargets, displacement: Tensor, mm: float = MM
) -> Float64:
    """Hz per mm of displacements (T, H, W, 2) per mm, (N, T), by warps with both signs."""
    unit = torch.from_numpy(frames).double() / 255.0
    ends = [
        centers_of(targets, mel_of(model, warp(unit, sign * displacement * mm)), FeatureConfig())
        for sign in (1.0, -1.0)
    ]
    return (ends[0] - ends[1]) / (2.0 * mm)


def displacements(fields: list[FrameFields], number: int) -> Tensor:
    return torch.from_numpy(np.stack([one.displacement(number, SIZE) for one in fields]))


def test_walls_held_in_all_frames_move_formants_as_the_warp_does(
    acoustic: AcousticModel, frames: UInt8, fields: list[FrameFields]
) -> None:
    targets, found = derivatives(acoustic, frames, fields, tolerance=0.0)
    assert found.held is not None
    chosen = [number for number in (0, 12, 26, 39, *range(45, found.held.shape[2], 61)) if fields[0].known[number]]
    for mm, least in ((0.1, 0.03), (0.01, 0.01)):
        moved = [by_warp(acoustic, frames, targets, displacements(fields, number), mm) for number in chosen]
        truth = np.stack(moved, axis=-1)
        there = np.isfinite(targets.values)
        assert there.any()
        error = np.abs(found.held.swapaxes(0, 1)[..., chosen] - truth)[there]
        # What is left of 0.1 mm is the bend of the model's answer.
        assert (error / np.abs(truth[there]).max(axis=-1, keepdims=True)).max() < least


def test_one_frame_moves_formants_in_itself_and_in_all_as_its_warp_does(
    acoustic: AcousticModel, frames: UInt8, fields: list[FrameFields]
) -> None:
    targets, found = derivatives(acoustic, frames, fields, tolerance=0.0)
    assert found.own is not None
    number = 20
    alone = torch.zeros(COUNT, COUNT, SIZE, SIZE, 2, dtype=torch.float64)
    for frame, moved in enumerate(displacements(fields, number)):
        alone[frame, frame] = moved
    truth = np.stack([by_warp(acoustic, frames, targets, one, 0.02) for one in alone])  # frame moved, target, frame
    total = truth.sum(axis=2)
    assert np.abs(found.total[..., number] - total).max() < 0.01 * np.abs(total).max()
    own = np.stack([truth[frame, :, frame] for frame in range(COUNT)])
    assert np.abs(found.own[..., number] - own).max() < 0.01 * np.abs(own).max()


def test_what_is_left_out_for_speed_is_as_small_as_it_says(
    acoustic: AcousticModel, frames: UInt8, fields: list[FrameFields]
) -> None:
    _, exact = derivatives(acoustic, frames, fields, tolerance=0.0)
    _, fast = derivatives(acoustic, frames, fields, tolerance=0.01)
    assert exact.held is not None and fast.held is not None
    largest = np.nanmax(np.abs(exact.held), axis=2, keepdims=True)
    assert np.nanmax(np.abs(fast.held - exact.held) / np.maximum(largest, 1e-9)) < 0.05


def test_a_wall_that_a_neighbor_lacks_is_not_known(
    acoustic: AcousticModel, frames: UInt8, fields: list[FrameFields]
) -> None:
    nothing = frame_fields(np.full((41, 2), np.nan), np.full(40, np.nan), np.full((6, 64, 2), np.nan), GRID)
    _, found = derivatives(acoustic, frames, [*fields[:-1], nothing], tolerance=0.01)
    assert found.own is not None and found.held is not None
    assert np.isnan(found.own[-1]).all() and not np.isnan(found.own[0]).all()
    assert np.isnan(found.held[-2]).all()
    assert not np.isnan(found.held[0, :, :40]).any()


def test_pixels_are_those_of_the_recording() -> None:
    assert pytest.approx((PIXEL, PIXEL)) == GRID.steps
