"""Heads that differ more than those of speakers: all that is drawn around the tract, and how the neck is held."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.proportions import HeadProportions

# Directions from the joint of head and neck, degrees from straight ahead: what lies before the first and behind the
# last goes with the head, what lies between the two in the middle with the neck.
_JOINT = np.array((-3.2, 0.5))
_FRONT, _NECK_FROM, _NECK_TO, _BACK = -25.0, -62.0, -120.0, -175.0
# Height of the hyoid, cm.
_CURVED_BELOW = -3.5
# About which a head is tilted, cm.
_CENTER = np.array((0.0, -2.0))


@dataclass(frozen=True)
class Posture:
    """How a head is held.

    Attributes:
        neck: how far the neck with larynx and spine is bent forward, radians.
        curve: how the neck bends back farther down: cm per square of the depth below its beginning, 1 / cm.
        tilt: how far the whole is turned, nose up, radians.
    """

    neck: float = 0.0
    curve: float = 0.0
    tilt: float = 0.0

    def apply(self, points: Float64) -> Float64:
        """Points of a head held upright, (..., 2), in this posture."""
        way = points - _JOINT
        angle = np.degrees(np.arctan2(way[..., 1], way[..., 0]))
        angle = np.where(angle > 90.0, angle - 360.0, angle)
        share = np.clip((_FRONT - angle) / (_FRONT - _NECK_FROM), 0.0, 1.0)
        share = np.minimum(share, np.clip((angle - _BACK) / (_NECK_TO - _BACK), 0.0, 1.0))
        share = share * share * (3.0 - 2.0 * share)
        bent = _JOINT + _turned(way, self.neck * share)
        bent[..., 0] -= self.curve * share * np.clip(_CURVED_BELOW - points[..., 1], 0.0, None) ** 2
        return np.asarray(_CENTER + _turned(bent - _CENTER, np.full(angle.shape, self.tilt)))


def draw_posture(rng: np.random.Generator) -> Posture:
    """A posture as people hold their heads when they lie in a scanner: the nose a little up, windpipe and neck back."""
    return Posture(
        neck=float(rng.normal(np.deg2rad(-2.0), np.deg2rad(6.0))),
        curve=float(np.clip(rng.normal(0.02, 0.015), -0.01, 0.05)),
        tilt=float(rng.normal(np.deg2rad(4.0), np.deg2rad(5.0))),
    )


def vary(proportions: HeadProportions, rng: np.random.Generator) -> HeadProportions:
    """Another face and neck on the same tract."""

    def often_none(share: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < share else 0.0

    return replace(
        proportions,
        nose=float(rng.uniform(0.4, 1.15)),
        nose_angle=float(rng.uniform(-0.3, 0.8)),
        brow=float(rng.uniform(-0.5, 0.5)),
        fat=float(np.exp(rng.normal(0.0, 0.4))),
        chin=float(rng.uniform(-0.7, 0.6)),
        double_chin=often_none(0.4, 0.2, 1.2),
        neck=float(rng.uniform(-0.3, 1.0)),
        size=float(rng.uniform(0.88, 1.1)),
        upper_lip=float(rng.uniform(0.7, 1.5)),
        lower_lip=float(rng.uniform(0.7, 1.6)),
        tooth=0.0 if rng.random() < 0.06 else float(rng.uniform(0.75, 1.2)),
        velum=float(rng.uniform(0.75, 1.35)),
        wall_tissue=float(rng.uniform(0.12, 0.4)),
        spine=float(rng.uniform(-0.1, 0.5)),
        palate_tissue=float(rng.uniform(0.2, 0.5)),
        epiglottis=float(rng.uniform(0.7, 1.3)),
        epiglottis_angle=float(rng.normal(0.0, 0.15)),
        tongue_depth=float(rng.uniform(0.6, 1.8)),
    )


def _turned(way: Float64, angle: Float64) -> Float64:
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = way[..., 0], way[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
