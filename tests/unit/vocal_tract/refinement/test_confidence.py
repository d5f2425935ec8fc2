"""Confidence follows what probabilities promise and how a head's labels lie."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_head import head
from rtmri2speech.data.labels import CLASSES, class_of_label
from rtmri2speech.vocal_tract.contours import label_probabilities
from rtmri2speech.vocal_tract.refinement.cleaning import winners
from rtmri2speech.vocal_tract.refinement.confidence import (
    CORE,
    CORE_RANGES,
    OFFSET,
    RANGES,
    SLOPE,
    confidence,
    core_confidence,
    expected_dice,
    likeness,
    measures,
    promised_dice,
)


def test_the_promised_dice_is_that_of_the_probabilities() -> None:
    maps = np.zeros((2, 2, 4))
    maps[1, :, :2] = 0.8
    maps[1, :, 2:] = 0.1
    maps[0] = 1.0 - maps[1]
    # Four pixels are won with .8 each, and all probabilities of the class are 3.2 + .4.
    assert expected_dice(maps) == pytest.approx(2 * 3.2 / (3.6 + 4))
    maps[1] = 0.0
    assert expected_dice(maps) == 0.0


def test_certain_labels_of_a_head_have_nearly_full_confidence() -> None:
    classes = class_of_label()[head(size=192)]
    maps = np.eye(len(CLASSES))[classes].transpose(2, 0, 1)
    assert expected_dice(maps) == pytest.approx(1.0) and pytest.approx(1.0) == SLOPE + OFFSET
    assert confidence(maps, classes) == pytest.approx(likeness(classes) ** 2) and likeness(classes) > 0.75
    doubtful = 0.6 * maps + 0.4 / len(maps)
    assert confidence(doubtful, classes) < 0.5 * confidence(maps, classes)


def test_measures_do_not_depend_on_size_place_or_direction() -> None:
    classes = class_of_label()[head(size=136)]
    expected = measures(classes)
    np.testing.assert_allclose(measures(np.pad(classes, ((5, 0), (0, 9)))), expected, atol=1e-9)
    np.testing.assert_allclose(measures(classes[:, ::-1]), expected, atol=1e-9)
    np.testing.assert_allclose(measures(class_of_label()[head(size=68)])[:, 1:], expected[:, 1:], atol=0.05)


@pytest.mark.parametrize("turned", [1, 2, 3])
def test_a_head_that_is_not_upright_is_less_like_a_head(turned: int) -> None:
    classes = class_of_label()[head(size=136)]
    assert likeness(np.rot90(classes, turned).copy()) < likeness(classes) - 0.15


def test_what_is_no_head_is_not_like_one() -> None:
    assert likeness(np.zeros((50, 50), np.uint8)) == 0.0
    spot = np.zeros((100, 100), np.uint8)
    spot[3:6, 3:6] = list(CLASSES).index("tongue")
    assert likeness(spot) == 0.0, "too small"
    noise = np.random.default_rng(0).integers(0, len(CLASSES), (64, 64)).astype(np.uint8)
    assert likeness(noise) < 0.7
    assert set(RANGES) == set(CLASSES) - {"background"}


def test_a_cropped_head_keeps_the_confidence_of_its_core() -> None:
    classes = class_of_label()[head(size=192)]
    promised = promised_dice(np.eye(len(CLASSES))[classes].transpose(2, 0, 1))
    wall = np.nonzero(classes == list(CLASSES).index("pharyngeal_wall"))[0]
    tongue = np.nonzero(classes == list(CLASSES).index("tongue"))[1]
    cropped = classes[: int(wall.mean()) + 6, tongue.min() :]
    assert likeness(cropped) < 0.75 * likeness(classes)
    assert core_confidence(promised, cropped) == pytest.approx(core_confidence(promised, classes), abs=0.25)
    assert core_confidence(promised, cropped) > 0.7
    assert core_confidence(0.5 * promised, cropped) < 0.2, "what the network is not sure of"
    mirrored = core_confidence(promised, cropped[:, ::-1].copy())
    assert mirrored == pytest.approx(core_confidence(promised, cropped))
    assert core_confidence(promised, np.rot90(classes, 2).copy()) < core_confidence(promised, classes) - 0.2
    assert tuple(CORE_RANGES) == CORE


def test_winners_are_the_most_probable() -> None:
    maps = label_probabilities(head())
    classes, best = winners(maps)
    np.testing.assert_array_equal(classes, maps.argmax(axis=0))
    np.testing.assert_array_equal(best, maps.max(axis=0))
