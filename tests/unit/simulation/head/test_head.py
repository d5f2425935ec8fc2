from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from rtmri2speech.data.labels import TONGUE, Label
from rtmri2speech.simulation.head.articulators import BODY_FROM, TIP_FROM
from rtmri2speech.simulation.head.contours import Contours, Jaw
from rtmri2speech.simulation.head.head import SIZE, Head, Prepared, to_pixels, window
from rtmri2speech.simulation.head.splines import inset, smooth, smooth_closed
from rtmri2speech.simulation.head.tissues import AIR, LABEL_OF, SHARE_OF, TISSUE_OF, TISSUES, Part

MATTER = np.where(TISSUES.index(AIR) == TISSUE_OF, 0.0, SHARE_OF)
OPEN = ("@", "a", "i", "u", "e", "o")
CLOSED = ("ll-labial-closure(a)", "tt-alveolar-closure(a)", "tb-velar-closure(a)", "tb-velar-closure(u)")
EIGHT = np.ones((3, 3))


def labels_of(head: Head, shape: Contours, index: int = 0) -> NDArray[np.uint8]:
    return head.labels(head.prepare(shape), index)


def matter(head: Head, shape: Contours) -> NDArray[np.float32]:
    """How much tissue of any kind is in every pixel, (256, 256)."""
    prepared = head.prepare(shape)
    result = head.still[1:].sum(axis=0)
    result[window()] = head.mean([head.codes(prepared, 0, number) for number in range(4)], MATTER)
    return result


def pixel(x: float, y: float) -> tuple[int, int]:
    column, row = np.rint(to_pixels(np.array([x, y]))).astype(int)
    return int(row), int(column)


def test_the_face_looks_left_and_stands_upright(golden: Mapping[str, NDArray[np.float32]]) -> None:
    points = golden["upper"][0].astype(np.float64)
    lips, pharynx, glottis, palate = to_pixels(points[[33, 6, 0, 17]])
    assert lips[0] < pharynx[0]
    assert glottis[1] > palate[1]
    assert to_pixels(np.array([[1.0, 0.0], [0.0, 0.0]]))[:, 0] @ (1, -1) == pytest.approx(-10.0)  # 1 mm a pixel


def test_nose_and_a_low_larynx_are_in_the_picture() -> None:
    for place in ((9.2, 2.0), (-1.5, -10.0), (0.5, -10.0)):
        assert ((to_pixels(np.array(place)) > 4) & (to_pixels(np.array(place)) < SIZE - 4)).all()


def test_same_seed_same_head_and_another_seed_another_one(head: Head, contours: Callable[..., Contours]) -> None:
    same, other = Head(contours("@"), seed=3), Head(contours("@"), seed=4)
    assert (same.still == head.still).all() and (same.texture == head.texture).all()
    shape = contours("a")
    assert (matter(same, shape) == matter(head, shape)).all()
    assert (labels_of(same, shape) == labels_of(head, shape)).all()
    assert np.abs(other.still - head.still).mean() > 0.001
    assert (labels_of(other, shape) == labels_of(head, shape)).mean() > 0.99


def test_every_region_is_there(head: Head, shape_name: str, contours: Callable[..., Contours]) -> None:
    assert set(np.unique(labels_of(head, contours(shape_name)))) == {int(region) for region in Label}


@pytest.mark.parametrize("name", OPEN)
def test_open_vowels_have_one_airway_from_glottis_to_lips(
    head: Head, name: str, contours: Callable[..., Contours]
) -> None:
    shape = contours(name)
    parts, _ = ndimage.label(labels_of(head, shape) == Label.AIRWAY, structure=EIGHT)
    above_glottis = 0.5 * (shape.upper[0, 0] + shape.lower[0, 0]) + (0.0, 0.3)
    between_lips = 0.5 * (shape.upper[0, 31] + shape.lower[0, 25])
    ends = [parts[pixel(*place)] for place in (above_glottis, between_lips)]
    assert ends[0] == ends[1] != 0


@pytest.mark.parametrize("name", CLOSED)
def test_closures_interrupt_the_airway(head: Head, name: str, contours: Callable[..., Contours]) -> None:
    shape = contours(name)
    parts, _ = ndimage.label(labels_of(head, shape) == Label.AIRWAY, structure=EIGHT)
    above_glottis = 0.5 * (shape.upper[0, 0] + shape.lower[0, 0]) + (0.0, 0.3)
    in_pharynx = parts[pixel(*above_glottis)]
    columns = np.nonzero(parts == in_pharynx)[1]
    front = to_pixels(shape.upper[0, 33])[0]
    assert in_pharynx != 0
    assert columns.min() > front + 2  # further left are the lips


def test_the_tongue_has_no_holes(head: Head, shape_name: str, contours: Callable[..., Contours]) -> None:
    labels = labels_of(head, contours(shape_name))
    tongue = np.isin(labels, TONGUE)
    parts, count = ndimage.label(tongue)
    sizes = ndimage.sum(tongue, parts, np.arange(1, count + 1))
    assert sizes.max() > 0.99 * tongue.sum()
    assert (ndimage.binary_fill_holes(tongue) == tongue).mean() > 0.9999
    inside = ndimage.binary_erosion(tongue, iterations=2)
    assert matter(head, contours(shape_name))[inside].min() > 0.8


def test_parts_of_the_tongue_are_where_they_should_be(head: Head, contours: Callable[..., Contours]) -> None:
    shape = contours("@")
    labels = labels_of(head, shape)
    center = {region: ndimage.center_of_mass(labels == region) for region in TONGUE}
    assert center[Label.TONGUE_TIP][1] < center[Label.TONGUE_BODY][1] < center[Label.TONGUE_ROOT][1]
    assert center[Label.TONGUE_ROOT][0] > center[Label.TONGUE_BODY][0]
    tongue = shape.tongue[0]
    length = np.hypot(*np.diff(tongue[TIP_FROM:33], axis=0).T).sum()
    assert 1.0 < length < 2.0
    assert tongue[BODY_FROM, 0] == pytest.approx(tongue[:, 0].min(), abs=0.3)


def test_closed_velum_touches_the_wall_and_opens_without_a_jump(
    head: Head, golden: Mapping[str, NDArray[np.float32]], contours: Callable[..., Contours]
) -> None:
    opening = golden["velum_openings"]
    count = len(opening)
    shape = contours(*["a"] * count)
    shape = Contours(
        upper=golden["velum_upper"].astype(np.float64),
        lower=shape.lower,
        tongue=shape.tongue,
        epiglottis=shape.epiglottis,
        velum=opening,
    )
    fine = shape.between(np.linspace(0.0, count - 1.0, 56))
    widths = []
    prepared = head.prepare(fine)
    for index in range(len(fine)):
        labels = head.labels(prepared, index)
        codes = head.codes(prepared, index)
        rows, columns = window()
        wall = fine.upper[index, 8]
        row, column = pixel(wall[0], wall[1] + 0.1)
        # From the wall forward to the velum, in quarters of a pixel.
        line = codes[4 * (row - rows.start) + 2, : 4 * (column - columns.start) + 6][::-1]
        velum = np.flatnonzero(LABEL_OF[line] == Label.VELUM)[0]
        widths.append(np.isin(line[:velum], (Part.HOLLOW, Part.TRACT)).sum() * 0.025)
        assert (labels == Label.VELUM).any()
    assert max(widths[i] for i in range(len(fine)) if fine.velum[i] <= 0.0) == 0.0
    assert widths[-1] == pytest.approx(0.8, abs=0.08)
    assert np.diff(widths).min() >= -0.051
    assert np.abs(np.diff(widths)).max() < 0.08


def test_closure_given_by_its_area_overrules_the_guess(head: Head, contours: Callable[..., Contours]) -> None:
    names = ("i", "tb-velar-closure(u)")
    shape = contours(*names)
    for closure in ((0.0, 0.0), (1.0, 1.0)):
        given = Contours(shape.upper, shape.lower, shape.tongue, shape.epiglottis, shape.velum, np.array(closure))
        for index in range(2):
            parts, _ = ndimage.label(labels_of(head, given, index) == Label.AIRWAY, structure=EIGHT)
            teeth = pixel(*(shape.upper[index, 25] + (0.1, -0.15)))
            pharynx = pixel(*(0.5 * (shape.upper[index, 7] + shape.tongue[index, 10])))
            assert (parts[teeth] == parts[pharynx]) == (closure[index] == 0.0)


def test_a_still_tongue_is_drawn_the_same_and_a_slow_one_without_jumps(
    head: Head, contours: Callable[..., Contours]
) -> None:
    steps = 200
    slow = contours("a", "e").between(np.linspace(0.0, 1.0, steps))
    prepared = head.prepare(slow)
    still = head.prepare(contours("a", "e").between(np.full(2, 0.37)))

    def picture(index: int, polygons: Prepared = prepared) -> NDArray[np.float32]:
        return head.mean([head.codes(polygons, index, number) for number in range(4)], MATTER)

    assert (picture(0, still) == picture(1, still)).all()
    # In one of 200 steps the tongue's surface moves by a tenth of a pixel.
    changes = [np.abs(picture(index + 1) - picture(index)) for index in range(60, 140, 4)]
    assert max(change.max() for change in changes) < 0.45
    assert max(change.mean() for change in changes) < 0.002


def test_lips_that_touch_leave_no_crack(head: Head, contours: Callable[..., Contours]) -> None:
    shape = contours("ll-labial-closure(a)")
    lips = np.isin(labels_of(head, shape), (Label.UPPER_LIP, Label.LOWER_LIP))
    assert ndimage.label(lips)[1] == 1
    rows, columns = np.nonzero(lips)
    middle = int(columns.mean())
    column = matter(head, shape)[rows[columns == middle].min() + 1 : rows[columns == middle].max(), middle]
    assert column.min() > 0.8


def test_the_glottis_is_between_airway_and_windpipe(head: Head, contours: Callable[..., Contours]) -> None:
    shape = contours("a")
    labels = labels_of(head, shape)
    glottis = 0.5 * (shape.upper[0, 0] + shape.lower[0, 0])
    assert labels[pixel(*(glottis + np.array((0.0, 0.3))))] == Label.AIRWAY
    assert labels[pixel(*(glottis - (0.0, 0.1)))] == Label.LARYNX
    row, column = pixel(*(glottis - (0.0, 0.8)))
    assert labels[row, column] == Label.BACKGROUND
    assert matter(head, shape)[row, column] == pytest.approx(0.0)


def test_shares_are_those_of_tissues(head: Head, contours: Callable[..., Contours]) -> None:
    assert TISSUES[0] is AIR
    assert head.still.shape == (len(TISSUES), SIZE, SIZE)
    assert head.still.min() >= 0.0
    everything = matter(head, contours("e"))
    assert everything.min() >= 0.0 and everything.max() < 1.4


def test_jaw_moves_as_one(contours: Callable[..., Contours]) -> None:
    shape = contours("a", "i")
    neutral = shape.lower[0, 20] - shape.lower[0, 15]
    jaw = Jaw(shape.lower, neutral)
    placed = jaw.at((0.0, 0.0), (1.0, 0.0), (0.0, -2.0))
    assert placed[0] == pytest.approx(shape.lower[0, 15] + np.array([(0.0, 0.0), (1.0, 0.0), (0.0, -2.0)]))
    assert np.hypot(*(placed[:, 1] - placed[:, 0]).T) == pytest.approx([1.0, 1.0])
    assert jaw.at(tuple(neutral))[1, 0] - shape.lower[1, 15] == pytest.approx(
        shape.lower[1, 20] - shape.lower[1, 15], abs=0.02
    )


def test_contours_between_instants_are_linear(contours: Callable[..., Contours]) -> None:
    shape = contours("a", "i", "u")
    between = shape.between(np.array([0.25, 1.0, 2.0]))
    assert between.tongue[0] == pytest.approx(0.75 * shape.tongue[0] + 0.25 * shape.tongue[1])
    assert between.upper[1:] == pytest.approx(shape.upper[1:])
    assert contours("a").between(np.zeros(3)).lower == pytest.approx(np.repeat(contours("a").lower, 3, axis=0))


def test_smooth_curves_stay_inside_their_polygon() -> None:
    corners = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (3.0, 1.0)])
    curve = smooth(corners)
    assert curve[0] == pytest.approx(corners[0]) and curve[-1] == pytest.approx(corners[-1])
    assert curve.min() >= 0.0 and curve[:, 1].max() <= 1.0
    assert np.hypot(*np.diff(curve, axis=0).T).max() < 0.8
    square = np.array([(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0)])
    ring = smooth_closed(square)
    smaller = inset(ring, 0.2)
    assert np.ptp(ring) == pytest.approx(2.0) and np.ptp(smaller) == pytest.approx(1.6)
    assert np.ptp(inset(ring[::-1], 0.2)) == pytest.approx(np.ptp(smaller))
