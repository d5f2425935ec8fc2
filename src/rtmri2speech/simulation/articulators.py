"""What moves in the picture: tongue, jaw, lips, velum, larynx, as polygons that follow the contours linearly.

Every polygon is a fixed linear combination of the contours' points and of the speaker's own constants, but for
the jaw's rotation and the closing of narrow gaps, both smooth. So nothing flickers that does not move.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.simulation.curves import joined, mix, normals, offset, smooth, smooth_closed
from rtmri2speech.simulation.tissues import SHADES, Part, Region, tongue_code

Floats = NDArray[np.float64]
Layers = list[tuple[int, Floats]]
"""Polygons of N instants, (N, P, 2) in cm, with their codes, in the order of painting."""

TIP_FROM, BODY_FROM = 28, 10
"""Where the parts of the tongue begin along its 37 points: the tip is the last 1.5 cm of the upper surface (points
28 to 32) with the underside, the root what lies below point 10, where the surface has turned down to the pharynx."""

# VocalTractLab's surface of the lips beyond the last point of its outlines, cm, and its uvula from the velum's edge.
_LIP_BEYOND = np.array([(0.20, 0.20), (0.32, 0.45), (0.37, 0.73)])
_UVULA = np.array([(0.0, -0.37), (-0.10, -0.66), (-0.35, -0.80)])
# Width of the velopharyngeal opening, cm per cm^2 of the parameter, and how firmly a closed velum touches.
_PORT_WIDTH, _PORT_OVERLAP = 0.83, 0.03
# A gap below the first is drawn closed, one above the second as it is: VocalTractLab keeps the midline of the
# tongue 2 mm away from the palate even when a closure's area is zero.
_GAP_CLOSED, _GAP_OPEN = 0.21, 0.34


@dataclass(frozen=True)
class Contours:
    """Outlines of N instants in cm, x forward and y up, with VocalTractLab's numbering of the points.

    Attributes:
        upper: shape (N, 34, 2).
        lower: shape (N, 28, 2).
        tongue: shape (N, 37, 2).
        epiglottis: shape (N, 7, 2).
        velum: shape (N,), velopharyngeal opening, cm^2; closed at 0 and below.
    """

    upper: Floats
    lower: Floats
    tongue: Floats
    epiglottis: Floats
    velum: Floats

    def __len__(self) -> int:
        return len(self.velum)

    def between(self, places: Floats) -> Contours:
        """Contours at fractional instants (M,), linear between the two neighbours."""
        below = np.clip(np.floor(places).astype(np.int64), 0, max(len(self) - 2, 0))
        above = np.minimum(below + 1, len(self) - 1)
        share = places - below

        def at(values: Floats) -> Floats:
            weight = share.reshape(-1, *(1,) * (values.ndim - 1))
            return np.asarray(values[below] * (1.0 - weight) + values[above] * weight)

        return Contours(*(at(getattr(self, field.name)) for field in fields(self)))


class Articulators:
    """The moving parts of one speaker.

    Args:
        neutral: contours of a neutral position, N = 1.
        subnasale: where the upper lip meets the nose, (2,) cm.
        fat: thickness of the fat under the skin, 1 is usual.
        seed: of the tongue's inner structure.
    """

    def __init__(self, neutral: Contours, subnasale: Floats, fat: float, seed: int) -> None:
        self._subnasale = subnasale
        self._fat = fat
        lower = neutral.lower[0]
        self._incisor = lower[20] - lower[15]
        self._hyoid = lower[6]
        self._glottis = 0.5 * (lower[0] + neutral.upper[0, 0])
        self._larynx_front = lower[0]
        rng = np.random.default_rng(seed)
        # Smooth along the fibres, which run from the chin to the surface; different from bundle to bundle.
        along = rng.standard_normal((len(_TONGUE_KNOTS) - 1, 1)) * 1.3
        cells = along + 0.8 * rng.standard_normal((len(_TONGUE_KNOTS) - 1, len(_DEPTHS) - 2))
        self._shades = np.clip(np.round(3.0 + cells), 0, SHADES - 2).astype(np.int64)

    def layers(self, contours: Contours) -> tuple[Layers, Layers]:
        """What is painted before and after the fixed palate, which lies over the tongue."""
        count = len(contours)
        upper, lower, tongue = contours.upper, contours.lower, contours.tongue
        jaw = _Jaw(lower, self._incisor)
        roof = smooth(upper[:, 9:23])
        surface = _closed_up(_tongue_surface(tongue), np.concatenate([roof, upper[:, 23:25]], axis=1))
        lip_above = smooth(np.concatenate([upper[:, 28:], upper[:, 33:] + _LIP_BEYOND], axis=1))
        lip_below = smooth(np.concatenate([lower[:, 22:], lower[:, 27:] + _LIP_BEYOND * (1, -1)], axis=1))
        below: Layers = [
            *self._flesh(lower, jaw, lip_below, contours),
            *self._tongue(surface, lower, jaw),
            *self._larynx(upper, lower),
            (Part.TRACT, self._tract(upper, lower, surface, roof, lip_above, lip_below)),
            *self._chin(lower, jaw, lip_below),
            *self._epiglottis(contours.epiglottis, lower),
            *self._folds(upper, lower),
        ]
        above: Layers = [
            *self._velum(upper, contours.velum),
            (Part.TOOTH, upper[:, 22:27]),
            *self._upper_lip(upper, lip_above, count),
        ]
        return below, above

    def _flesh(self, lower: Floats, jaw: _Jaw, lip: Floats, contours: Contours) -> Layers:
        """Chin, floor of the mouth and front of the neck: skin, fat and muscle."""
        count = len(lower)
        # The skin of the neck follows the hyoid by half and the larynx by a third.
        hyoid = self._hyoid + 0.5 * (lower[:, 6] - self._hyoid)
        glottis = 0.5 * (lower[:, 0] + contours.upper[:, 0])
        throat = self._glottis + 0.35 * (glottis - self._glottis)
        profile = np.concatenate(
            [
                lip[:, -1:],
                jaw.at(
                    [(1.95, -0.75), (1.95, -1.2), (2.3, -1.9), (2.25, -2.6), (1.7, -3.25), (0.7, -3.5), (-0.9, -3.3)]
                ),
                (hyoid + (1.9, -0.75))[:, None],
                (hyoid + (1.25, -1.35))[:, None],
                (throat + (1.85, 0.5))[:, None],
                (throat + (1.75, -0.8))[:, None],
                (throat + (1.45, -2.6))[:, None],
                np.broadcast_to(self._glottis + (1.0, -6.0), (count, 1, 2)),
                np.broadcast_to(self._glottis + (0.7, -8.5), (count, 1, 2)),
            ],
            axis=1,
        )
        skin = smooth(profile)
        place = np.linspace(0.0, 1.0, skin.shape[1])
        fat = self._fat * (0.5 * np.interp(place, (0.0, 0.08, 0.25, 0.45, 0.6, 1.0), (0.3, 0.8, 1.1, 1.1, 0.8, 0.7)))
        inner = ((-6.0, -16.0), (-6.0, -2.0), (-2.0, -3.0))
        return [
            (part, joined(count, curve, inner, lower[:, 12:16], lip[:, :: len(lip[0]) - 1]))
            for part, curve in (
                (Part.SKIN, skin),
                (Part.FAT, offset(skin, -0.14)),
                (Part.MUSCLE, offset(skin, -0.14 - fat)),
            )
        ]

    def _tongue(self, surface: Floats, lower: Floats, jaw: _Jaw) -> Layers:
        """Cells between the surface and the line from the hyoid to the chin, under a bright rim."""
        count = len(surface)
        spine = jaw.at([(-0.5, -1.35)])
        hyoid = lower[:, 6:7]
        base = smooth(
            joined(
                count,
                hyoid + (0.1, -0.1),
                mix(hyoid, spine, 0.45) + (0.0, -0.55),
                mix(hyoid, spine, 0.8) + (0.0, -0.25),
            ),
            2,
        )
        base = joined(count, base, spine, surface[:, -1:])
        knots = np.linspace(0, surface.shape[1] - 1, 37)[_TONGUE_KNOTS].round().astype(np.int64)
        places = np.interp(_TONGUE_KNOTS, (0, 8, 20, 30, 34, 36), (0.0, 0.15, 0.5, 0.72, 0.84, 1.0)) * (
            base.shape[1] - 1
        )
        feet = Contours.between  # noqa: F841
        low = np.floor(places).astype(np.int64).clip(0, base.shape[1] - 2)
        share = (places - low)[:, None]
        foot = base[:, low] * (1 - share) + base[:, low + 1] * share
        result: Layers = [
            (Part.MUSCLE, joined(count, surface, base[:, ::-1])),
            (
                Part.PALE_MUSCLE,
                joined(count, spine + (0.1, -0.1), base[:, -3::-1], hyoid + (0.0, -0.6), spine + (0.0, -0.9)),
            ),
        ]
        for cell, (first, last) in enumerate(zip(_TONGUE_KNOTS[:-1], _TONGUE_KNOTS[1:], strict=True)):
            region = (
                Region.TONGUE_ROOT
                if first < BODY_FROM
                else Region.TONGUE_BODY
                if first < TIP_FROM
                else Region.TONGUE_TIP
            )
            edge = surface[:, knots[cell] : knots[cell + 1] + 1]
            share_of = np.linspace(0.0, 1.0, edge.shape[1])[:, None]
            feet_of = foot[:, cell : cell + 1] * (1 - share_of) + foot[:, cell + 1 : cell + 2] * share_of
            for layer in range(len(_DEPTHS) - 1):
                shade = SHADES - 1 if layer == 0 else int(self._shades[cell, layer - 1])
                near = mix(edge, feet_of, _DEPTHS[layer])
                far = mix(edge, feet_of, _DEPTHS[layer + 1])
                result.append((tongue_code(region, shade), np.concatenate([near, far[:, ::-1]], axis=1)))
            del last
        return result

    def _tract(
        self, upper: Floats, lower: Floats, surface: Floats, roof: Floats, lip_above: Floats, lip_below: Floats
    ) -> Floats:
        """The air between glottis and lips."""
        rear = smooth(upper[:, :9])
        # Under the tongue the floor counts as far back as the underside of the tongue reaches it.
        end = surface[:, -1:]
        floor = lower[:, 15:11:-1]
        floor = np.where(floor[..., 1:] > end[..., 1:], floor, end)
        front = smooth(lower[:, 3::-1])
        beyond = lip_above.shape[1] - 1 - 3 * len(_LIP_BEYOND)
        return np.concatenate(
            [
                rear,
                roof,
                upper[:, 24:27],
                lip_above[:, : beyond + 1],
                lip_below[:, beyond_of(lip_below) :: -1],
                lower[:, 20:17:-1],
                floor,
                surface[:, ::-1],
                front,
            ],
            axis=1,
        )

    def _chin(self, lower: Floats, jaw: _Jaw, lip: Floats) -> Layers:
        """Bone of the chin, lower incisor, lower lip."""
        count = len(lower)
        shell = jaw.at(
            [
                *((0.0, -0.12), (-0.32, -0.7), (-0.62, -1.35), (-0.6, -2.1), (-0.2, -2.7), (0.5, -2.8), (1.15, -2.45)),
                *((1.3, -1.9), (1.0, -1.2), (0.85, -0.6), (0.78, -0.12)),
            ]
        )
        shell = smooth_closed(shell, 3)
        marrow = smooth_closed(
            jaw.at(
                [
                    (0.35, -1.0),
                    (0.1, -1.3),
                    (-0.3, -1.6),
                    (-0.3, -2.1),
                    (0.1, -2.5),
                    (0.6, -2.5),
                    (1.0, -2.1),
                    (0.75, -1.3),
                ]
            ),
            3,
        )
        core = mix(lip, lip.mean(axis=1, keepdims=True) + (-0.12, -0.15), 0.45)
        return [
            (Part.GUM, jaw.at([(-0.14, -0.25), (0.0, 0.02), (0.72, 0.0), (0.95, -0.1), (1.1, -1.1), (-0.5, -1.1)])),
            (Part.JAW_SHELL, shell),
            (Part.JAW_MARROW, marrow),
            (Part.LOWER_TOOTH, joined(count, lower[:, 15:16], lower[:, 18:21], jaw.at([(0.55, -0.9), (0.3, -0.95)]))),
            (Part.LIP, joined(count, lip, jaw.at([(1.6, -0.9), (1.15, -0.7)]))),
            (Part.LIP_CORE, core),
        ]

    def _upper_lip(self, upper: Floats, lip: Floats, count: int) -> Layers:
        nose = self._subnasale
        skin = smooth(joined(count, lip[:, -2:], [nose + (0.03, -0.45)], [nose]))
        inner = upper[:, 26:27] + (0.25, 0.9)
        core = mix(lip, lip.mean(axis=1, keepdims=True) + (-0.12, 0.15), 0.45)
        return [
            (Part.SKIN, joined(count, upper[:, 26:27], lip, skin, [nose + (-0.7, 0.3)], inner)),
            (
                Part.FAT,
                joined(
                    count,
                    upper[:, 26:27] + (0.2, 0.1),
                    lip[:, 6:] + (-0.18, 0.1),
                    skin + (-0.16, 0.0),
                    [nose + (-0.7, 0.3)],
                    inner,
                ),
            ),
            (
                Part.MUSCLE,
                joined(count, upper[:, 26:27] + (0.2, 0.1), lip[:, 6:] + (-0.45, 0.15), [nose + (-0.75, 0.2)], inner),
            ),
            (Part.LIP, joined(count, upper[:, 27:28] + (0.85, 0.35), lip, upper[:, 26:27] + (0.2, 0.55))),
            (Part.LIP_CORE, core),
        ]

    def _velum(self, upper: Floats, opening: Floats) -> Layers:
        """A flap over its VocalTractLab underside that touches the pharynx' wall unless it is lowered."""
        count = len(upper)
        edge, wall = upper[:, 9:10], upper[:, 8:9]
        gap = _PORT_WIDTH * np.maximum(opening, 0.0) - _PORT_OVERLAP
        rear = np.concatenate([wall[..., :1] + gap[:, None, None], edge[..., 1:]], axis=-1)
        under = upper[:, 15:8:-1]
        back = (edge[..., :1] - rear[..., :1]) * np.array((1.0, 0.0))
        outline = joined(
            count,
            smooth(under),
            smooth(
                joined(
                    count,
                    edge,
                    edge + _UVULA,
                    rear + (0.12, -0.25),
                    rear + (0.0, 0.05),
                    rear + (0.03, 0.45),
                    rear + (0.35, 0.78),
                )
            ),
        )
        top = smooth(
            joined(
                count,
                rear + (0.35, 0.78),
                upper[:, 11:12] + (-0.1, 0.72),
                upper[:, 12:13] + (0.0, 0.68),
                upper[:, 13:14] + (0.1, 0.62),
                upper[:, 15:16] + (0.1, 0.5),
            )
        )
        del back
        whole = joined(count, outline, top)
        core = joined(
            count,
            smooth(under[:, 1:]) + (0.0, 0.16),
            edge + (0.0, 0.12),
            edge + (-0.13, -0.5),
            rear + (0.17, 0.1),
            rear + (0.2, 0.4),
            top + (0.05, -0.16),
        )
        return [(Part.VELUM_RIM, whole), (Part.VELUM, core)]

    def _epiglottis(self, outline: Floats, lower: Floats) -> Layers:
        base = mix(lower[:, 2:3], lower[:, 3:4], 0.3)
        whole = joined(len(lower), smooth(outline), base + (0.5, -0.2), base)
        return [(Part.EPIGLOTTIS, whole)]

    def _larynx(self, upper: Floats, lower: Floats) -> Layers:
        """What surrounds the glottis, and the windpipe: all rides with the larynx."""
        count = len(lower)
        front, rear = lower[:, 0:1], upper[:, 0:1]
        hyoid = lower[:, 6:7]
        tilt = -0.09
        down = np.array([(tilt * depth, -depth) for depth in (0.0, 0.5, 1.1, 2.0, 4.0, 6.0, 8.0, 10.0)])
        wide = np.array([0.0, 0.05, 0.2, 0.3, 0.32, 0.32, 0.32, 0.32])[:, None] * (1.0, 0.0)
        before, behind = front + down + wide, rear + down - 0.6 * wide
        wall = joined(count, before + (0.32, 0.0), (behind - (0.28, 0.0))[:, ::-1])
        gullet = joined(count, rear + (-0.45, -1.0), rear + (-0.5, -9.0), rear + (-1.5, -9.0), rear + (-0.95, -1.0))
        shield = joined(
            count, mix(front, lower[:, 1:2], 0.75) + (0.45, 0.0), front + (0.3, 0.1), front + (0.35, -0.75),
            front + (0.7, -0.85), front + (0.88, 0.1), mix(front, lower[:, 1:2], 0.7) + (0.95, 0.1),
        )  # fmt: skip
        signet = joined(
            count,
            rear + (-0.12, -0.1),
            rear + (-0.5, 0.1),
            rear + (-0.72, -0.6),
            rear + (-0.5, -1.9),
            rear + (-0.2, -1.7),
        )
        arch = joined(count, front + (0.15, -1.15), front + (0.5, -1.1), front + (0.5, -1.65), front + (0.12, -1.7))
        fat = smooth_closed(
            joined(
                count,
                hyoid + (0.0, -0.35),
                lower[:, 3:4] + (0.15, -0.1),
                lower[:, 2:3] + (0.3, 0.0),
                lower[:, 1:2] + (0.35, -0.6),
                lower[:, 1:2] + (0.75, -0.3),
                hyoid + (0.35, -0.8),
            )
        )
        mass = smooth_closed(
            joined(
                count,
                upper[:, 1:2] + (-0.1, 0.0),
                mix(upper[:, 1:2], upper[:, 2:3], 0.55) + (0.0, -0.1),
                mix(upper[:, 1:2], upper[:, 0:1], 0.6) + (-0.75, 0.0),
                rear + (-0.6, -0.3),
                rear + (0.05, -0.1),
                mix(rear, upper[:, 1:2], 0.6) + (0.02, 0.0),
            )
        )
        bone = hyoid + np.array([(-0.1, -0.05), (0.15, 0.2), (0.65, 0.1), (0.85, -0.2), (0.6, -0.45), (0.1, -0.35)])
        result: Layers = [
            (Part.MUCOSA, gullet),
            (Part.FAT, fat),
            (Part.LARYNX, mass),
            (Part.LARYNX, wall),
            (Part.CARTILAGE, shield),
            (Part.CARTILAGE, signet),
            (Part.CARTILAGE, arch),
            (Part.HOLLOW, joined(count, before, behind[:, ::-1])),
            (Part.CORTICAL, smooth_closed(bone)),
            (Part.MARROW, smooth_closed(mix(bone, bone.mean(axis=1, keepdims=True), 0.4))),
        ]
        return result

    def _folds(self, upper: Floats, lower: Floats) -> Layers:
        front, rear = lower[:, 0:1], upper[:, 0:1]
        fold = joined(
            len(lower), front + (0.15, 0.04), rear + (-0.15, 0.04), rear + (-0.15, -0.26), front + (0.15, -0.26)
        )
        return [(Part.FOLD, fold)]


def beyond_of(lip: Floats) -> int:
    """Index of the last point of VocalTractLab's outline on a lip's curve."""
    return lip.shape[1] - 1 - 3 * len(_LIP_BEYOND)


_TONGUE_KNOTS = np.array([0, 3, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36])
_DEPTHS = (0.0, 0.045, 0.2, 0.38, 0.58, 0.8)


class _Jaw:
    """Places on the lower jaw, given from the base of its incisor in the neutral position."""

    def __init__(self, lower: Floats, neutral: Floats) -> None:
        self._origin = lower[:, 15]
        tooth = lower[:, 20] - lower[:, 15]
        angle = np.arctan2(tooth[:, 1], tooth[:, 0]) - np.arctan2(neutral[1], neutral[0])
        self._turn = np.stack(
            [np.stack([np.cos(angle), np.sin(angle)], -1), np.stack([-np.sin(angle), np.cos(angle)], -1)], 1
        )

    def at(self, points: list[tuple[float, float]]) -> Floats:
        """(N, P, 2) for P points in cm from the incisor's base on the tongue's side."""
        return np.asarray(self._origin[:, None] + np.asarray(points, np.float64) @ self._turn)


def _tongue_surface(tongue: Floats) -> Floats:
    """From root to tip and along the underside, whose corners are rounded: (N, 109, 2)."""
    under = tongue[:, 33:37]
    # Cubic Bézier curve over the four points of the underside.
    t = np.linspace(0.0, 1.0, 10)[1:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    return np.concatenate([smooth(tongue[:, :34]), basis @ under], axis=1)


def _closed_up(surface: Floats, roof: Floats) -> Floats:
    """The tongue's surface with narrow gaps to the roof of the mouth closed."""
    way = roof[:, None] - surface[:, :, None]
    squared = (way**2).sum(axis=-1)
    nearest = squared.argmin(axis=-1)
    gap = np.sqrt(np.take_along_axis(squared, nearest[..., None], axis=-1))
    toward = np.take_along_axis(way, nearest[..., None, None], axis=2)[:, :, 0] / np.maximum(gap, 1e-6)
    wanted = _GAP_OPEN * (gap - _GAP_CLOSED) / (_GAP_OPEN - _GAP_CLOSED)
    # Closed means that the tongue lies a little under the palate, which is painted over it.
    step = np.where(gap < _GAP_OPEN, np.minimum(gap - wanted, gap + 0.06), 0.0)
    return np.asarray(surface + step * toward)


__all__ = ["BODY_FROM", "TIP_FROM", "Articulators", "Contours", "Layers", "normals"]
