"""Coils and inclusions lie where they are said to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.contrast import brighten_labels, draw_contrast, sensitivity, shared_brightness
from rtmri2speech.appearance.draws import Draws
from rtmri2speech.appearance.geometry import positions
from rtmri2speech.appearance.inclusions import include
from rtmri2speech.appearance.look import draw_looks
from rtmri2speech.data.labels import Label

Quiet = Callable[..., LookConfig]


def test_signal_falls_off_from_the_coil_to_the_floor(quiet: Quiet) -> None:
    coil = {"falloff": 1.0, "places": [[0.25, 0.5]], "weights": [[1.0, 1.0]], "jitter": 0.0, "reach": [0.1, 0.1]}
    looks = draw_looks(1, torch.Generator().manual_seed(0), quiet(coil={**coil, "floor": [0.1, 0.1]}))
    field = sensitivity(looks.coil, positions(looks.geometry, 101))[0]
    row, column = divmod(int(field.argmax()), 101)
    assert (column, row) == (25, 50) and float(field.max()) == pytest.approx(1.0, abs=0.01)
    # At its reach a loop has 2 ** -1.5 left, above the floor.
    assert float(field[50, 35]) == pytest.approx(0.1 + 0.9 * 2.0**-1.5, abs=0.02)
    assert float(field[50, 100]) == pytest.approx(0.1, abs=0.02)


def test_labels_get_one_brightness_each_and_the_tongue_one() -> None:
    config = LookConfig().contrast
    contrast = draw_contrast(Draws(1, torch.Generator().manual_seed(0)), config)
    labels = torch.tensor([0, 4, 5, 6, 8]).repeat_interleave(8)[None, None].expand(1, 8, 40)
    found = brighten_labels(torch.ones(1, 8, 40), labels, contrast)[0, 4, 4::8]
    factors = contrast.gray_label.exp()[0]
    assert found.tolist() == pytest.approx([float(factors[number]) for number in (0, 5, 5, 5, 8)], rel=1e-4)
    assert shared_brightness(torch.tensor([Label.TONGUE_TIP, Label.TONGUE_ROOT, Label.JAW])).tolist() == [5, 5, 12]


def test_metal_is_a_void_near_the_teeth(quiet: Quiet) -> None:
    looks = draw_looks(6, torch.Generator().manual_seed(0), quiet(inclusions={"metal": 1.0, "fillings": 1.0}))
    places = positions(looks.geometry, 128)
    found = include(torch.ones(6, 128, 128), looks.inclusions, places)
    assert all(float(frame.min()) < 0.2 for frame in found)
    column = (places[..., 0] + 1.0) / 2.0
    assert float(found[column > 0.45].min()) > 0.99
    untouched = draw_looks(6, torch.Generator().manual_seed(0), quiet())
    assert bool((include(torch.ones(6, 128, 128), untouched.inclusions, places) == 1.0).all())
