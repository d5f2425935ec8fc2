"""Cleaning keeps one piece of everything, and the air between the walls."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label

from drawn_head import head
from rtmri2speech.arrays import Float32
from rtmri2speech.data.labels import CLASSES, Label, class_of_label
from rtmri2speech.vocal_tract.refinement.cleaning import clean

NUMBER = {name: number for number, name in enumerate(CLASSES)}


def maps_of(classes: np.ndarray) -> Float32:
    maps = np.full((len(CLASSES), *classes.shape), 0.02, np.float32)
    np.put_along_axis(maps, classes[None].astype(np.int64), 0.8, axis=0)
    return maps


def test_a_clean_head_stays_as_it_is() -> None:
    classes = class_of_label()[head(size=136)]
    np.testing.assert_array_equal(clean(maps_of(classes)), classes)


def test_spots_go_to_what_surrounds_them() -> None:
    classes = class_of_label()[head()]
    spotted = classes.copy()
    spotted[2:5, 2:5] = NUMBER["tongue"]
    spotted[60:62, 5:8] = NUMBER["velum"]
    spotted[36:39, 32:35] = NUMBER["larynx"]
    maps = maps_of(spotted)
    # Within the tongue, the second guess is the tongue.
    maps[NUMBER["tongue"], 36:39, 32:35] = 0.1
    found = clean(maps)
    np.testing.assert_array_equal(found, classes)
    for number in range(2, len(CLASSES)):
        assert label(found == number, np.ones((3, 3)))[1] <= 1


def test_air_without_walls_is_not_the_tracts() -> None:
    labels = head()
    labels[2:12, 55:66] = Label.AIRWAY
    found = clean(maps_of(class_of_label()[labels]))
    assert not (found[2:12, 55:66] == NUMBER["airway"]).any()
    assert (found == NUMBER["airway"]).sum() == (head() == Label.AIRWAY).sum()


def test_nothing_and_noise() -> None:
    assert not clean(maps_of(np.zeros((8, 9), np.uint8))).any()
    noise = np.random.default_rng(0).random((len(CLASSES), 30, 40)).astype(np.float32)
    assert clean(noise).shape == (30, 40)
