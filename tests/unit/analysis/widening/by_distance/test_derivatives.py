"""Formants of a tract model by the distances that it reads, against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from rtmri2speech.analysis.widening.by_distance import derivatives
from rtmri2speech.analysis.widening.by_distance.derivatives import distance_derivatives
from rtmri2speech.analysis.widening.by_distance.slopes import InputSlopes, input_slopes
from rtmri2speech.analysis.widening.formant_targets import FormantTargets, centers_about, formant_targets
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.models.tract import inputs
from rtmri2speech.models.tract.acoustic import TractAcousticModel
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.retiming import plan_retiming
from rtmri2speech.vocal_tract.measurement.tract import Tract
from tract_models import moving_tract, tract_bundle, widened

COUNT, STEP = 20, 0.04
FEATURES = FeatureConfig()
RETIMING = plan_retiming(np.arange(COUNT) * 0.04, COUNT * 0.04, 25.0)


@pytest.fixture(scope="module")
def tract() -> Tract:
    return moving_tract(COUNT)


@pytest.fixture(scope="module")
def network(tract: Tract) -> TractAcousticModel:
    return tract_bundle(tract, RETIMING).build_tract()


@pytest.fixture(scope="module")
def rows(tract: Tract) -> Tensor:
    return torch.from_numpy(tract_inputs(tract, RETIMING))


@pytest.fixture(scope="module")
def slopes(tract: Tract) -> InputSlopes:
    return input_slopes(tract, RETIMING)


@pytest.fixture(scope="module")
def targets(network: TractAcousticModel, rows: Tensor) -> FormantTargets:
    found = formant_targets(network.predict(rows).mel_db.detach(), FEATURES)
    assert np.isfinite(found.values[:2]).any()
    # Sums over frames are compared: those without a formant are in neither.
    found.by_mel[torch.from_numpy(~np.isfinite(found.values))] = 0.0
    return found


def same_medians(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """From here on the medians of a recording are those that they are now."""
    median, kept, count = inputs._median, [], 0

    def note(part: Tensor) -> Tensor:
        kept.append(median(part))
        return kept[-1]

    def again(_: Tensor) -> Tensor:
        nonlocal count
        count += 1
        return kept[(count - 1) % len(kept)]

    monkeypatch.setattr(inputs, "_median", note)
    act()
    monkeypatch.setattr(inputs, "_median", again)


def test_they_are_what_widening_does(
    network: TractAcousticModel,
    tract: Tract,
    rows: Tensor,
    slopes: InputSlopes,
    targets: FormantTargets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = distance_derivatives(network, rows, targets.by_mel, slopes, held=True)
    same_medians(monkeypatch, lambda: network.predict(rows))
    centers = []
    for section in range(40):
        ends = []
        for sign in (1, -1):
            moved = torch.from_numpy(tract_inputs(widened(tract, section, sign * STEP / 2), RETIMING))
            mel = network.predict(moved).mel_db
            ends.append(centers_about(mel, targets.found, FEATURES, 120.0))
        centers.append((ends[0] - ends[1]) / STEP)
    wanted = np.nan_to_num(np.stack(centers, axis=-1)).swapaxes(0, 1)
    # Of each section, all frames and their effects together.
    ours, theirs = np.nansum(found.total, axis=0), wanted.sum(axis=0)
    assert np.linalg.norm(ours - theirs) < 0.03 * np.linalg.norm(theirs)
    assert found.held is not None
    open_frames = np.isfinite(found.held)
    assert np.linalg.norm((found.held - wanted)[open_frames]) < 0.03 * np.linalg.norm(wanted[open_frames])
    assert np.argwhere(~open_frames.all(axis=1)).tolist() == [[3, 30]]


def test_the_effect_in_the_own_frame_is_that_of_the_own_target(
    network: TractAcousticModel, rows: Tensor, slopes: InputSlopes, targets: FormantTargets
) -> None:
    found = distance_derivatives(network, rows, targets.by_mel, slopes, held=True)
    assert found.own is not None
    alone = targets.by_mel.clone()
    alone[:, torch.arange(COUNT) != 7] = 0.0
    one = distance_derivatives(network, rows, alone, slopes)
    np.testing.assert_allclose(found.own[7], one.total[7], rtol=1e-4, atol=1e-4)


def test_targets_that_are_far_apart_share_a_pass(
    network: TractAcousticModel,
    rows: Tensor,
    slopes: InputSlopes,
    targets: FormantTargets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = distance_derivatives(network, rows, targets.by_mel, slopes, held=True, tolerance=0.0)
    monkeypatch.setattr(derivatives, "APART", 16)
    monkeypatch.setattr(derivatives, "_FRAMES_AT_ONCE", 3 * COUNT)
    near = distance_derivatives(network, rows, targets.by_mel, slopes, held=True)
    assert near.own is not None and exact.own is not None
    np.testing.assert_allclose(near.own[4:16], exact.own[4:16], rtol=1e-3, atol=1e-3)
    assert np.nanmax(np.abs(near.own - exact.own)[:4]) > 1e-2


def test_what_is_missing_says_nothing_and_spoils_nothing(
    network: TractAcousticModel, rows: Tensor, slopes: InputSlopes, targets: FormantTargets
) -> None:
    missing = rows.clone()
    missing[5, inputs.PLACES["formants"]] = float("nan")
    missing[9] = float("nan")
    found = distance_derivatives(network, missing, targets.by_mel, slopes, held=True)
    for values in (found.total, found.own, found.held):
        assert values is not None and np.isfinite(np.delete(values, 30, axis=2)).all()
    assert not found.total[9].any() and found.total[5].any()
