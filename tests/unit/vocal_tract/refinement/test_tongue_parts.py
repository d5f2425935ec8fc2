"""Parts of the tongue: as the phantom draws them, in any direction and size, and where there is little to go by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.data.labels import TONGUE, Label
from rtmri2speech.data.truth import Truth
from rtmri2speech.vocal_tract.refinement.tongue_parts import _nearest, cut_tongue, tongue_surface

FRAMES = Truth.load(Path(__file__).parents[3] / "golden" / "old_files" / "truth.npz").regions


def undivided(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(np.isin(labels, TONGUE), np.uint8(Label.TONGUE_BODY), labels)


def agreement(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> dict[Label, float]:
    """Dice's coefficient."""
    result = {}
    for part in TONGUE:
        a, b = one == part, other == part
        result[part] = 2.0 * float((a & b).sum()) / float(a.sum() + b.sum())
    return result


@pytest.mark.parametrize("frame", range(len(FRAMES)))
def test_the_phantoms_parts_are_found_again(frame: int) -> None:
    cut = cut_tongue(undivided(FRAMES[frame]))
    found = agreement(cut, FRAMES[frame])
    assert found[Label.TONGUE_BODY] > 0.95 and found[Label.TONGUE_ROOT] > 0.88 and found[Label.TONGUE_TIP] > 0.82
    np.testing.assert_array_equal(undivided(cut), undivided(FRAMES[frame]))


def test_parts_given_before_do_not_matter() -> None:
    np.testing.assert_array_equal(cut_tongue(FRAMES[0]), cut_tongue(undivided(FRAMES[0])))


def test_a_face_to_the_right_is_its_mirror_image() -> None:
    found = agreement(cut_tongue(FRAMES[1][:, ::-1])[:, ::-1], cut_tongue(FRAMES[1]))
    assert min(found.values()) > 0.97


@pytest.mark.parametrize("pixel", [2, 3])
def test_coarse_pixels_are_cut_alike(pixel: int) -> None:
    coarse = np.ascontiguousarray(FRAMES[0][::pixel, ::pixel])
    found = agreement(cut_tongue(coarse), cut_tongue(FRAMES[0])[::pixel, ::pixel])
    assert min(found.values()) > 0.8


@pytest.mark.parametrize(("across", "down"), [(40, 24), (8, 5), (3, 24)])
def test_a_pixels_part_is_that_of_the_nearest_point(across: int, down: int) -> None:
    rng, mask = np.random.default_rng(across), np.zeros((30, 44), np.bool_)
    mask[3:, 2:40] = True
    grid = np.meshgrid(np.linspace(1, 43, across), np.linspace(2, 29, down))
    fibers = np.stack(grid, axis=2) + rng.normal(0, 0.4, (down, across, 2))
    parts = np.repeat(np.array([1, 2, 4], np.uint8), [across // 3, across - 2 * (across // 3), across // 3])
    pixels = np.argwhere(mask)[:, ::-1]
    nearest = ((pixels[:, None] - fibers.reshape(1, -1, 2)) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(_nearest(fibers, parts, mask), parts[nearest % across])


def test_the_surface_runs_from_the_root_to_the_front() -> None:
    surface = tongue_surface(FRAMES[0])
    assert surface is not None
    (root, tip), steps = surface[[0, -1]], np.hypot(*np.diff(surface, axis=0).T)
    assert root[1] > tip[1] and root[0] > tip[0]
    # Millimeters of a pixel each: the tongue of a man.
    assert 80.0 < steps.sum() < 120.0 and steps.max() < 1.0


def test_little_to_go_by() -> None:
    nothing = np.zeros((40, 40), np.uint8)
    np.testing.assert_array_equal(cut_tongue(nothing), nothing)
    assert tongue_surface(nothing) is None
    lone = nothing.copy()
    lone[10:20, 10:30] = Label.TONGUE_TIP
    assert tongue_surface(lone) is None
    assert set(np.unique(cut_tongue(lone))) == {Label.BACKGROUND, Label.TONGUE_BODY}
    one = nothing.copy()
    one[5, 5], one[4, 5] = Label.TONGUE_ROOT, Label.AIRWAY
    assert set(np.unique(cut_tongue(one))) <= {Label.BACKGROUND, Label.AIRWAY, *TONGUE}
    sea = np.full((40, 40), Label.AIRWAY, np.uint8)
    sea[10:20, 10:30] = Label.TONGUE_BODY
    assert np.isin(cut_tongue(sea)[10:20, 10:30], TONGUE).all()
