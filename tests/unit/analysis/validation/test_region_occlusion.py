"""Attribution over regions, compared with what hiding them does."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor

from networks import RIGHT, SIZE, SQUARE, WRONG, Linear, Regressor, gradient_times_input
from rtmri2speech.analysis.validation.probe import FrameProbe
from rtmri2speech.analysis.validation.region_occlusion import region_correlation


def test_regions_with_attribution_are_those_whose_hiding_matters(linear: Linear) -> None:
    masks = np.zeros((5, SIZE, SIZE), bool)
    masks[0][SQUARE] = masks[1][2:6, 20:28] = masks[2][2:4, 20:28] = masks[3][20:30, 2:9] = True
    found = region_correlation(linear.probe, linear.maps([0, 2, 4]), lambda number: masks, [0, 2, 4], fill="darken")
    assert found[RIGHT].signed == pytest.approx([1]) and found[RIGHT].absolute == pytest.approx([1])
    assert found[WRONG].absolute < 0


def test_gradient_times_input_of_a_linear_network_agrees_exactly_and_random_maps_do_not(linear: Linear) -> None:
    rng = np.random.default_rng(4)
    masks = rng.random((200, SIZE, SIZE)) < 0.1
    numbers = [0, 1, 2, 3, 4]
    maps = {**linear.maps(numbers), "random": rng.normal(size=(5, SIZE, SIZE))}
    found = region_correlation(linear.probe, maps, masks, fill="darken")
    assert found[RIGHT].signed == pytest.approx([1]) and found[RIGHT].absolute == pytest.approx([1])
    assert abs(found["random"].signed[0]) < 0.15


def test_two_regions_have_no_order(linear: Linear) -> None:
    masks = np.zeros((2, SIZE, SIZE), bool)
    masks[0][SQUARE] = masks[1][20:30, 2:9] = True
    found = region_correlation(linear.probe, linear.maps([0, 2]), masks, [0, 2], fill="darken")
    assert list(found) == [WRONG, RIGHT]
    assert all(np.isnan([one.signed, one.absolute]).all() for one in found.values())


def test_each_target_of_a_network_has_its_own_agreement(regressor: tuple[Regressor, Tensor]) -> None:
    network, frames = regressor
    masks = np.zeros((16, SIZE, SIZE), bool)
    for number, mask in enumerate(masks):
        mask[8 * (number // 4) :, 8 * (number % 4) :][:8, :8] = True
    maps = {target: gradient_times_input(network, frames, target) for target in (0, 1)}
    found = region_correlation(FrameProbe(network, frames), maps, masks, fill="darken")
    for target in (0, 1):
        assert found[target].signed.shape == (2,)
        assert found[target].signed[target] > 0.4 and found[target].signed[1 - target] < 0.1
