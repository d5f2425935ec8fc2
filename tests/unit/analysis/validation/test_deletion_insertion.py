"""Deletion and insertion of a network whose truth is known, and of a small one that has learned something."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from networks import RIGHT, SIZE, WRONG, Linear, Regressor, gradient_times_input
from rtmri2speech.analysis.occlusion.fills import FillFactory
from rtmri2speech.analysis.validation.deletion_insertion import FRACTIONS, Test, deletion_insertion
from rtmri2speech.analysis.validation.probe import FrameProbe

TESTS: tuple[Test, Test] = ("deletion", "insertion")


def test_the_right_map_beats_every_baseline_and_the_wrong_one_none(linear: Linear) -> None:
    curves = deletion_insertion(linear.probe, linear.maps([1, 3]), [1, 3])
    assert list(curves.maps) == [WRONG, RIGHT] and list(curves.baselines) == ["random", "edge", "motion", "centre"]
    for test in TESTS:
        right, wrong = (curves.gains(name, test) for name in (RIGHT, WRONG))
        assert min(right.values()) > 1.1 and min(wrong.values()) < 0.9
        assert all(right[name] > 1.2 * wrong[name] for name in curves.baselines)
    for curve in (*curves.maps.values(), *curves.baselines.values()):
        np.testing.assert_allclose(curve.deletion[..., 0], 0)
        np.testing.assert_allclose(curve.insertion[..., -1], 0)
        np.testing.assert_allclose(curve.insertion[..., 0], curve.deletion[..., -1])
    # An eighth of the frame and less matters: with 15 % of it in, all is as it was.
    np.testing.assert_allclose(curves.maps[RIGHT].insertion[..., FRACTIONS.index(0.15)], 0, atol=1e-9)


def test_curves_of_a_linear_network_are_known_exactly(linear: Linear) -> None:
    fractions = (0.0, 0.03, 0.1, 1.0)
    found = deletion_insertion(linear.probe, linear.maps([2]), [2], fractions=fractions).maps[RIGHT]
    sharp = linear.probe.frame(2).numpy()
    blurred = FillFactory(linear.probe.mean).blurred(linear.probe.frame(2)).numpy()
    change = (linear.weights * (blurred.astype(np.float64) - sharp)).ravel()
    order = np.argsort(-np.abs(linear.weights * sharp).ravel(), kind="stable")
    counts = [int(np.ceil(fraction * SIZE**2)) for fraction in fractions]
    np.testing.assert_allclose(found.deletion[0, 0], [abs(change[order[:n]].sum()) for n in counts], atol=1e-6)
    np.testing.assert_allclose(found.insertion[0, 0], [abs(change[order[n:]].sum()) for n in counts], atol=1e-6)
    steps = np.diff(fractions)
    area = (steps * (found.deletion[0, 0, 1:] + found.deletion[0, 0, :-1]) / 2).sum()
    np.testing.assert_allclose(found.area("deletion"), [[area]])


def test_a_networks_own_gradients_beat_random_order_at_their_own_target(regressor: tuple[Regressor, Tensor]) -> None:
    network, frames = regressor
    probe = FrameProbe(network, frames, at_once=5)
    coarse = gradient_times_input(network, frames).reshape(12, 16, 2, 16, 2).sum(axis=(2, 4))
    maps = {target: gradient_times_input(network, frames, target) for target in (0, 1)} | {"coarse": coarse}
    found = deletion_insertion(probe, maps)
    # Frames that do not follow each other do not move.
    assert set(found.baselines) == {"random", "edge", "centre"}
    assert found.maps[0].deletion.shape == (2, 12, len(FRACTIONS))
    for test in TESTS:
        for target in (0, 1):
            own, other = (found.gains(key, test, target)["random"] for key in (target, 1 - target))
            assert own > 1.2 and own > other
        assert found.gains("coarse", test)["random"] > 1.2


def test_frames_with_channels_and_any_callable() -> None:
    frames = torch.rand(3, 2, 12, 20, generator=torch.Generator().manual_seed(1))
    probe = FrameProbe(lambda some: some[:, 1, 2:6, 3:9].sum(dim=(1, 2)), frames)
    maps = np.zeros((3, 12, 20))
    maps[:, 2:6, 3:9] = 1.0
    found = deletion_insertion(probe, {"known": maps})
    assert found.gains("known", "insertion")["random"] > 1


@pytest.mark.parametrize("fractions", [(0.0,), (0.1, 1.0), (0.0, 0.5), (0.0, 0.6, 0.3, 1.0)])
def test_fractions_rise_from_0_to_1(linear: Linear, fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        deletion_insertion(linear.probe, linear.maps([1]), [1], fractions=fractions)


def test_a_map_for_each_frame(linear: Linear) -> None:
    with pytest.raises(ValueError, match="1 maps 'wrong' for 2 frames"):
        deletion_insertion(linear.probe, linear.maps([1]), [1, 2])
