"""The schematic talker's picture: a mid-sagittal head with soft edges, drawn from signed distances.

Every part is a field of signed distances to its outline (negative inside, units of the picture's side).
The edge is a ramp across the zero, so parts move by fractions of a pixel without a jump, and the blend of
two fields is the field of a shape in between.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter, map_coordinates

from rtmri2speech.simulation.poses import POSES, blend

Field = NDArray[np.floating[Any]]

# Outlines, see poses.py for the units. The upper head down to the neck; its front lower edge is the roof
# of the mouth and the back wall of the throat.
_HEAD = (
    *((0.20, -0.25), (0.150, -0.02), (0.148, 0.06), (0.120, 0.11), (0.088, 0.165), (0.110, 0.190), (0.165, 0.203)),
    *((0.172, 0.245), (0.190, 0.290), (0.245, 0.300), (0.290, 0.338), (0.325, 0.300), (0.380, 0.246), (0.460, 0.217)),
    *((0.560, 0.216), (0.640, 0.240), (0.715, 0.255), (0.755, 0.300), (0.765, 0.400), (0.762, 0.550), (0.757, 0.70)),
    *((0.750, 0.85), (0.752, 1.05), (0.77, 1.3), (1.02, 1.3), (0.955, 1.0), (0.935, 0.75), (0.975, 0.50), (1.03, 0.25)),
    *((1.0, -0.05), (0.75, -0.28), (0.45, -0.32)),
)
_NASAL_CAVITY = (
    *((0.165, 0.178), (0.25, 0.148), (0.36, 0.115), (0.50, 0.112), (0.62, 0.145), (0.715, 0.190), (0.752, 0.262)),
    *((0.735, 0.275), (0.68, 0.215), (0.60, 0.185), (0.48, 0.180), (0.34, 0.186), (0.24, 0.188)),
)
_NECK_FRONT = (
    *((0.47, 0.600), (0.55, 0.615), (0.615, 0.625), (0.660, 0.70), (0.675, 0.85), (0.672, 1.3), (0.555, 1.3)),
    *((0.557, 1.0), (0.560, 0.85), (0.550, 0.73), (0.515, 0.665), (0.46, 0.640)),
)
_JAW = (
    *((0.252, 0.392), (0.226, 0.415), (0.236, 0.450), (0.224, 0.500), (0.228, 0.550), (0.260, 0.598), (0.33, 0.618)),
    *((0.43, 0.640), (0.53, 0.668), (0.58, 0.655), (0.55, 0.605), (0.45, 0.590), (0.36, 0.560), (0.315, 0.490)),
    *((0.308, 0.420), (0.290, 0.375), (0.272, 0.385)),
)
_JAW_BONE = ((0.262, 0.470), (0.256, 0.530), (0.285, 0.578), (0.325, 0.575), (0.310, 0.520), (0.285, 0.465))
_HINGE = (0.76, 0.22)
_JAW_ANGLES = np.linspace(-0.02, 0.16, 37)

_LOWER_TEETH = (0.292, 0.385)
_UPPER_LIP = (0.206, 0.300)
_LOWER_LIP = (0.226, 0.385)
_VELUM_ROOT = (0.655, 0.236)
_VELUM_TIPS = ((0.742, 0.318), (0.712, 0.385))
# Height of the vocal folds at the reference F0, and how far an octave lifts them (exaggerated threefold
# against life, so that a picture of 25 cm shows it).
_FOLDS = (0.705, 0.830)
_LIFT_PER_OCTAVE = 0.055
_REFERENCE_F0 = 110.0

# Grey values before the coil's shading.
_AIR, _TISSUE, _TONGUE, _JAW_GREY, _LIP, _BONE = 0.03, 0.46, 0.72, 0.66, 0.80, 0.22
_NOISE = 0.012


class Drawing:
    """Draws states of the talker at one size; what never moves is made once.

    Args:
        size: height and width of the pictures in pixels.
    """

    def __init__(self, size: int) -> None:
        axis = (np.arange(size, dtype=np.float32) + 0.5) / size
        self.size = size
        self._y, self._x = np.meshgrid(axis, axis, indexing="ij")
        # A ramp of 1 % of the side is what an acquisition of some 100 lines shows, and never below a pixel and a half.
        self._soft = max(0.010, 1.5 / size)
        self._tongues = np.stack([self._outline(pose.tongue) for pose in POSES.values()])
        self._jaws = self._opened(self._outline(_JAW))
        self._bones = self._opened(self._outline(_JAW_BONE))
        self._still = self._draw_still()
        self._shading = np.exp(-((self._x - 0.30) ** 2 + (self._y - 0.42) ** 2) / (2 * 0.52**2)).astype(np.float32)

    def frame(self, weights: NDArray[np.float64], f0: float, rng: np.random.Generator) -> NDArray[np.uint8]:
        """One picture, shape (size, size).

        Args:
            weights: shape (6,), of the poses.
            f0: fundamental frequency in Hz, seen as the height of the larynx.
            rng: source of the picture's noise.
        """
        state = {
            name: float(blend([getattr(pose, name) for pose in POSES.values()], weights))
            for name in ("jaw", "upper_lip", "lower_lip", "protrusion", "velum")
        }
        picture = self._still.copy()
        lift = _LIFT_PER_OCTAVE * float(np.log2(f0 / _REFERENCE_F0))
        self._draw_larynx(picture, lift)
        self._draw_velum(picture, state["velum"])
        tongue = np.tensordot(weights.astype(np.float32), self._tongues, axes=1)
        # The surface is brighter than the muscle, as mucosa is.
        self._paint(picture, tongue, _TONGUE + 0.16 * np.exp(-np.abs(tongue) / 0.018))
        self._draw_jaw(picture, state["jaw"])
        self._draw_lips(picture, state)
        picture *= self._shading
        # The magnitude of a complex image: noise in both parts (Rice's distribution).
        real = picture + _NOISE * rng.standard_normal(picture.shape, dtype=np.float32)
        imaginary = _NOISE * rng.standard_normal(picture.shape, dtype=np.float32)
        return np.asarray(np.round(255.0 * np.clip(np.hypot(real, imaginary), 0.0, 1.0)), dtype=np.uint8)

    def _draw_still(self) -> Field:
        texture = np.random.default_rng(0).standard_normal(self._x.shape).astype(np.float32)
        texture = gaussian_filter(texture, 0.012 * self.size)
        texture /= texture.std()
        picture = np.full_like(self._x, _AIR)
        head = self._outline(_HEAD)
        # Bright along the skin and the palate, darker inside, streaked like the muscles of the neck.
        grey = _TISSUE + 0.34 * np.exp(-np.abs(head) / 0.016) + 0.03 * texture
        spine = self._capsule((0.845, 0.33), (0.835, 1.1), 0.035)
        grey -= 0.14 * self._cover(spine) * (0.6 + 0.4 * np.cos(self._y * 2 * np.pi / 0.085))
        self._paint(picture, head, grey)
        self._paint(picture, self._outline(_NASAL_CAVITY), 0.08)
        neck = self._outline(_NECK_FRONT)
        self._paint(picture, neck, 0.42 + 0.30 * np.exp(-np.abs(neck) / 0.014) + 0.03 * texture)
        self._paint(picture, self._ellipse((0.300, 0.312), 0.014, 0.026), _AIR)  # upper teeth give no signal
        return picture

    def _draw_larynx(self, picture: Field, lift: float) -> None:
        x, y = _FOLDS
        self._paint(picture, self._capsule((x - 0.048, y - lift + 0.012), (x - 0.05, y - lift + 0.055), 0.016), _BONE)
        self._paint(picture, self._ellipse((x + 0.004, y - lift), 0.052, 0.020), 0.78)
        self._paint(picture, self._ellipse((x + 0.034, y - lift - 0.032), 0.017, 0.030), 0.66)
        root, tip = (x - 0.052, y - lift - 0.045), (x - 0.018, y - 0.7 * lift - 0.165)
        self._paint(picture, self._capsule(root, tip, 0.0105), 0.80)  # epiglottis

    def _draw_velum(self, picture: Field, lowered: float) -> None:
        (x0, y0), (x1, y1) = _VELUM_TIPS
        tip = (x0 + lowered * (x1 - x0), y0 + lowered * (y1 - y0))
        knee = (0.5 * (_VELUM_ROOT[0] + tip[0]) + 0.012, 0.5 * (_VELUM_ROOT[1] + tip[1]) - 0.012)
        flap = np.minimum(self._capsule(_VELUM_ROOT, knee, 0.019), self._capsule(knee, tip, 0.015))
        self._paint(picture, flap, 0.70)

    def _draw_jaw(self, picture: Field, angle: float) -> None:
        place = (angle - _JAW_ANGLES[0]) / (_JAW_ANGLES[1] - _JAW_ANGLES[0])
        below = int(np.clip(place, 0, len(_JAW_ANGLES) - 2))
        share = np.float32(place - below)
        jaw = (1 - share) * self._jaws[below] + share * self._jaws[below + 1]
        bone = (1 - share) * self._bones[below] + share * self._bones[below + 1]
        self._paint(picture, jaw, _JAW_GREY + 0.20 * np.exp(-np.abs(jaw) / 0.014))
        self._paint(picture, bone, _BONE)
        self._paint(picture, self._ellipse(_turned(_LOWER_TEETH, angle), 0.012, 0.024), _AIR)

    def _draw_lips(self, picture: Field, state: dict[str, float]) -> None:
        x, y = _UPPER_LIP
        forward = state["protrusion"]
        self._paint(picture, self._ellipse((x - forward, y - state["upper_lip"]), 0.040 + forward / 2, 0.036), _LIP)
        x, y = _turned(_LOWER_LIP, state["jaw"])
        self._paint(picture, self._ellipse((x - forward, y - state["lower_lip"]), 0.038 + forward / 2, 0.036), _LIP)

    def _opened(self, field: Field) -> Field:
        """A field of the closed jaw, at every angle of the table: (size, size) to (angles, size, size)."""
        result = []
        for angle in _JAW_ANGLES:
            # Where each pixel was before the jaw opened.
            x, y = _turn(self._x, self._y, -angle)
            places = np.stack([y, x]) * self.size - 0.5
            result.append(map_coordinates(field, places, order=1, mode="nearest"))
        return np.stack(result)

    def _cover(self, distance: Field) -> Field:
        ramp = np.clip(0.5 - distance / (2.0 * self._soft), 0.0, 1.0)
        return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp), dtype=np.float32)

    def _paint(self, picture: Field, distance: Field, grey: Field | float) -> None:
        picture += self._cover(distance) * (grey - picture)

    def _ellipse(self, centre: tuple[float, float], across: float, down: float) -> Field:
        # Distance to first order: exact on the outline, which is where it counts.
        dx, dy = (self._x - centre[0]) / across, (self._y - centre[1]) / down
        radius = np.hypot(dx, dy)
        slope = np.hypot(dx / across, dy / down) / np.maximum(radius, 1e-6)
        return np.asarray((radius - 1.0) / np.maximum(slope, 1e-6), dtype=np.float32)

    def _capsule(self, start: tuple[float, float], end: tuple[float, float], radius: float) -> Field:
        return _to_segment(self._x, self._y, start, end) - np.float32(radius)

    def _outline(self, points: tuple[tuple[float, float], ...]) -> Field:
        """Signed distance to the closed smooth curve through ``points``."""
        closed = np.array([*points, points[0]])
        chord = np.concatenate([[0.0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(closed, axis=0), axis=1)))])
        curve = CubicSpline(chord, closed, bc_type="periodic")(np.linspace(0.0, chord[-1], 6 * len(points) + 1))
        distance = np.full_like(self._x, np.inf)
        inside = np.zeros(self._x.shape, dtype=bool)
        for (x0, y0), (x1, y1) in itertools.pairwise(curve.tolist()):
            distance = np.minimum(distance, _to_segment(self._x, self._y, (x0, y0), (x1, y1)))
            if y0 != y1:
                # Even-odd rule: an edge crossed by the ray to the right.
                crossing = x0 + (self._y - y0) * ((x1 - x0) / (y1 - y0))
                inside ^= ((self._y < y0) != (self._y < y1)) & (self._x < crossing)
        return np.asarray(np.where(inside, -distance, distance), dtype=np.float32)


def _to_segment(x: Field, y: Field, start: tuple[float, float], end: tuple[float, float]) -> Field:
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / max(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
    return np.asarray(np.hypot(x - start[0] - along * dx, y - start[1] - along * dy), dtype=np.float32)


def _turn(x: Field, y: Field, angle: float) -> tuple[Field, Field]:
    """Places on the jaw after opening by ``angle`` about the hinge: the chin goes down and back."""
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    dx, dy = x - _HINGE[0], y - _HINGE[1]
    return _HINGE[0] + cos * dx + sin * dy, _HINGE[1] - sin * dx + cos * dy


def _turned(point: tuple[float, float], angle: float) -> tuple[float, float]:
    x, y = _turn(np.array(point[0]), np.array(point[1]), angle)
    return float(x), float(y)
