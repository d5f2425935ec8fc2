"""How heads differ, how they are held, and how the drawn head is fitted to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.splines import smooth_closed

# Of VocalTractLab's own speaker: front of the upper incisors' base, back wall of the pharynx, top of the palate.
_INCISOR, _WALL, _WALL_Y, _TILT, _PALATE = 4.7, -2.53, 0.1, 0.141, 1.6

# Directions from the joint of head and neck, degrees from straight ahead: what lies before the first and behind the
# last goes with the head, what lies between the two in the middle with the neck.
_JOINT = np.array((-3.2, 0.5))
_FRONT, _NECK_FROM, _NECK_TO, _BACK = -25.0, -62.0, -120.0, -175.0
# Height of the hyoid, cm.
_CURVED_BELOW = -3.5
# About which a head is tilted, cm.
_CENTER = np.array((0.0, -2.0))


@dataclass(frozen=True)
class HeadProportions:
    """How a speaker's head differs from the one that is drawn, VocalTractLab's own speaker's.

    Attributes:
        incisor: x of the upper incisors' base, cm.
        wall: x of the back wall of the pharynx at y = 0.1 cm.
        tilt: dx / dy of that wall.
        palate: height of the palate, cm.
        nose: length of the nose, 1 for the drawn one's.
        brow: how far the forehead is forward, cm.
        fat: thickness of the fat under the skin, 1 for the drawn one's.
        chin: how far the chin is forward, cm.
        neck: how much thicker the front of the neck is, cm.
        size: of the skull, 1 for the drawn one's.
        nose_angle: how far the tip of the nose is up, cm.
        upper_lip, lower_lip: thickness of each lip, 1 for the drawn one's.
        tooth: length of the incisors, 1 for the drawn ones'; 0 without teeth.
        double_chin: how far the floor of the mouth hangs down, cm.
        velum: thickness of the velum, 1 for the drawn one's.
        wall_tissue: thickness of the mucosa behind the pharynx, cm.
        spine: how much farther behind it the spine is, cm.
        palate_tissue: thickness of the tissue between mouth and bone of the palate, cm.
        epiglottis: height of the epiglottis, 1 for the drawn one's.
        epiglottis_angle: how far it leans back, radians.
        tongue_depth: how far the base of the tongue lies below the line from hyoid to chin, 1 for the drawn one's.
        seed: of sulci and of the tongue's inner structure.
    """

    incisor: float
    wall: float
    tilt: float
    palate: float
    nose: float = 1.0
    brow: float = 0.0
    fat: float = 1.0
    chin: float = 0.0
    neck: float = 0.0
    size: float = 1.0
    nose_angle: float = 0.0
    upper_lip: float = 1.0
    lower_lip: float = 1.0
    tooth: float = 1.0
    double_chin: float = 0.0
    velum: float = 1.0
    wall_tissue: float = 0.2
    spine: float = 0.0
    palate_tissue: float = 0.2
    epiglottis: float = 1.0
    epiglottis_angle: float = 0.0
    tongue_depth: float = 1.0
    seed: int = 0

    def wall_x(self, y: Float64 | float) -> Float64:
        """x of the back wall of the pharynx at height ``y``."""
        return np.asarray(self.wall + self.tilt * (np.asarray(y) - _WALL_Y))

    def to_speaker(self, points: Float64 | Sequence[tuple[float, float]]) -> Float64:
        """Points of the drawn head on the speaker's, (P, 2) cm."""
        x, y = np.asarray(points, np.float64).T
        own = _WALL + _TILT * (y - _WALL_Y)
        # Between pharynx wall and incisors the length of the mouth decides; in front and behind, it moves along.
        share = np.clip((x - own) / (_INCISOR - own), 0.0, 1.0)
        moved = x + (self.incisor - _INCISOR) * share + (self.wall_x(y) - own) * (1.0 - share)
        # The tilt of the neck is not carried up into the head.
        moved += (1.0 - share) * (_TILT - self.tilt) * np.clip(y - 1.5, 0.0, None)
        behind = np.clip(own - x, 0.0, None)
        moved -= behind * (self.size - 1.0)
        lifted = y + (self.palate - _PALATE) * np.clip((y + 1.0) / 2.6, 0.0, 1.0)
        lifted += np.clip(y - 3.0, 0.0, None) * (self.size - 1.0)
        front = np.clip((x - 6.9) / 2.0, 0.0, None) * np.clip(1.5 - abs(y - 2.0) / 3.0, 0.0, 1.0)
        moved += (self.nose - 1.0) * 2.0 * front
        lifted += self.nose_angle * front
        moved += self.brow * np.clip((y - 5.5) / 2.0, 0.0, 1.0) * np.clip((x - 2.0) / 4.0, 0.0, 1.0)
        return np.stack([moved, lifted], axis=-1)

    def outline(self, points: Float64 | Sequence[tuple[float, float]]) -> Float64:
        """A smooth closed curve around the polygon ``points`` of the drawn head."""
        return smooth_closed(self.to_speaker(points))


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
