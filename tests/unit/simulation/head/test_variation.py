"""Other faces and necks on the same tract, and postures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from rtmri2speech.data.labels import Label
from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.head.head import Head, draw_proportions
from rtmri2speech.simulation.head.variation import Posture, vary
from rtmri2speech.simulation.poses.drawing import StillHead
from rtmri2speech.simulation.speaker.anatomy import Speaker


def test_a_neck_bends_and_the_face_stays() -> None:
    face, larynx, occiput = np.array((6.0, 0.0)), np.array((0.0, -8.0)), np.array((-11.0, 4.0))
    bent = Posture(neck=0.1)
    np.testing.assert_allclose(bent.apply(face), face, atol=1e-12)
    np.testing.assert_allclose(bent.apply(occiput), occiput, atol=1e-12)
    moved = bent.apply(larynx) - larynx
    # Forward by a tenth of what it lies below the joint.
    assert moved[0] == pytest.approx(0.85, abs=0.05)
    assert np.hypot(*(bent.apply(larynx) - (-3.2, 0.5))) == pytest.approx(np.hypot(*(larynx - (-3.2, 0.5))))
    # Straight ones keep everything, and neighbors stay neighbors.
    np.testing.assert_allclose(Posture().apply(larynx), larynx, atol=1e-12)
    ring = np.stack([5.0 * np.cos(np.linspace(0, 7, 700)) - 3.2, 5.0 * np.sin(np.linspace(0, 7, 700)) + 0.5], axis=1)
    steps = np.hypot(*np.diff(Posture(neck=0.25).apply(ring), axis=0).T)
    assert steps.max() < 2.0 * 0.05 and steps.min() > 0.1 * 0.05


def test_a_varied_head_keeps_its_tract(contours: Callable[..., Contours]) -> None:
    own = draw_proportions(contours("@"), np.random.default_rng(0))
    other = vary(own, np.random.default_rng(1))
    assert (own.incisor, own.wall, own.tilt, own.palate) == (other.incisor, other.wall, other.tilt, other.palate)
    changed = [field.name for field in fields(own) if getattr(own, field.name) != getattr(other, field.name)]
    assert len(changed) > 12


def test_same_random_numbers_same_head_and_others_another_one(contours: Callable[..., Contours]) -> None:
    shapes = contours("a", "i", "ll-labial-closure(a)")

    def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
        drawn = list(StillHead(contours("@"), np.random.default_rng(seed)).draw(shapes))
        return np.stack([codes for codes, _ in drawn]), np.stack([labels for _, labels in drawn])

    codes, labels = draw(0)
    again, _ = draw(0)
    other, _ = draw(1)
    np.testing.assert_array_equal(codes, again)
    assert (codes != other).mean() > 0.05
    for frame in labels:
        assert set(np.unique(frame)) == {int(label) for label in Label}
    # The fixed parts are the same in every position.
    assert (codes[0, :60] == codes[1, :60]).all()


def test_a_speaker_may_have_a_varied_head_and_has_none_unasked(contours: Callable[..., Contours]) -> None:
    shape, plain = contours("a"), Head(contours("@"), 3)
    varied = Head(contours("@"), 3, varied=True)
    one, other = (head.labels(head.prepare(shape), 0) for head in (plain, varied))
    # The tract is the same, what is around it is not.
    assert (one != other).mean() > 0.002 and np.abs(plain.still - varied.still).mean() > 0.001
    airway = np.stack([one == Label.AIRWAY, other == Label.AIRWAY])
    assert airway.all(axis=0).sum() > 0.93 * airway.any(axis=0).sum()
    assert Speaker(name="anna", f0=200.0).varied is False
