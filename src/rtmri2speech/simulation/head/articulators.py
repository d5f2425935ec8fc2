"""What moves, as polygons that follow the contours.

Every polygon is a fixed linear combination of the contours' points and of the speaker's own constants, but for
the jaw's rotation and the closing of narrow gaps, both continuous. So nothing flickers that does not move.
"""

from __future__ import annotations

import itertools

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.labels import Label
from rtmri2speech.simulation.head import larynx_velum
from rtmri2speech.simulation.head.contours import TONGUE_STEPS, Contours, Jaw, tongue_surface
from rtmri2speech.simulation.head.face import INNER_LIP, Face, lengthened, lip_curve
from rtmri2speech.simulation.head.proportions import HeadProportions
from rtmri2speech.simulation.head.splines import Layers, joined, mix, moved, offset, smooth
from rtmri2speech.simulation.head.tissues import SHADES, Part, tongue_code

TIP_FROM, BODY_FROM = 28, 10
"""Where the parts of the tongue start along its 37 points. The tip is the last 1.5 cm of the upper surface (points
28 to 32) with the underside; the root is what lies below point 10, where the surface has turned down to the pharynx."""

# Cells of the tongue: from point to point of its contour, and at shares of the way from the surface to the chin.
_KNOTS = np.array([0, 3, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36])
_DEPTHS = (0.045, 0.22, 0.42, 0.65, 0.85)
# Where the fibres end: shares of the line from the hyoid to the chin and to the end of the underside.
_FEET = ((0, 8, 20, 30, 34, 36), (0.0, 0.15, 0.5, 0.72, 0.84, 1.0))

# Of the pharynx' wall as it is labeled, cm.
_WALL_THICKNESS = 0.5


class Articulators:
    """The moving parts of one speaker.

    Args:
        neutral: contours of a neutral position, N = 1.
        proportions: the speaker's face and neck, and the seed of the tongue's inner structure.
    """

    def __init__(self, neutral: Contours, proportions: HeadProportions) -> None:
        self._face = Face(neutral, proportions)
        self._proportions = proportions
        self._incisor = neutral.lower[0, 20] - neutral.lower[0, 15]
        rng = np.random.default_rng(proportions.seed)
        # Alike along the fibres, which run from the chin to the surface; different from bundle to bundle.
        bundles = rng.standard_normal((len(_KNOTS) - 1, 1)) * 1.2
        cells = bundles + 0.6 * rng.standard_normal((len(_KNOTS) - 1, len(_DEPTHS) - 1))
        self._shades = np.clip(np.round(3.0 + cells), 0, SHADES - 2).astype(np.int64)

    def layers(self, contours: Contours) -> tuple[Layers, Layers]:
        """What is painted before and after the fixed palate, which lies over the tongue."""
        upper, lower = contours.upper, contours.lower
        jaw = Jaw(lower, self._incisor)
        roof = joined(len(contours), smooth(upper[:, 9:23]), upper[:, 24:25])
        surface = tongue_surface(contours, roof)
        rear = smooth(upper[:, :9])
        own = self._proportions
        lip_above = lip_curve(upper[:, 28:], own.upper_lip)
        lip_below = lip_curve(lower[:, 22:], -own.lower_lip)
        teeth = lengthened(upper[:, 22:27], own.tooth)
        before: Layers = [
            *self._face.flesh(contours, jaw, lip_below),
            (Part.MUCOSA, joined(len(contours), rear, offset(rear, own.wall_tissue)[:, ::-1])),
            *self._tongue(surface, lower, jaw),
            *larynx_velum.larynx(upper, lower),
            (Part.TRACT, _tract(contours, rear, roof, surface, lip_above, lip_below)),
            *self._face.chin(lower, jaw, lip_below),
            *larynx_velum.epiglottis(self._leaf(contours.epiglottis), lower),
            *larynx_velum.folds(upper, lower),
        ]
        after: Layers = [
            *larynx_velum.velum(upper, contours.velum, surface, own.velum),
            (Part.TOOTH if own.tooth else Part.TRACT, teeth),
            *self._face.upper_lip(upper, lip_above),
        ]
        return before, after

    def _leaf(self, outline: Float64) -> Float64:
        """The epiglottis in the speaker's size, about the middle of its stem."""
        own = self._proportions
        if own.epiglottis == 1.0 and own.epiglottis_angle == 0.0:
            return outline
        stem = 0.5 * (outline[:, :1] + outline[:, -1:])
        cos, sin = own.epiglottis * np.cos(own.epiglottis_angle), own.epiglottis * np.sin(own.epiglottis_angle)
        return np.asarray(stem + (outline - stem) @ np.array([(cos, sin), (-sin, cos)]))

    def marks(self, contours: Contours) -> dict[Label, Float64]:
        """What bears a label beyond the parts of its own: tissue within these polygons, (N, P, 2)."""
        return {
            Label.PHARYNGEAL_WALL: larynx_velum.pharyngeal_wall(contours.upper, _WALL_THICKNESS),
            Label.LARYNX: larynx_velum.larynx_as_labeled(contours.upper, contours.lower),
        }

    def _tongue(self, surface: Float64, lower: Float64, jaw: Jaw) -> Layers:
        """Cells between the surface and the line from the hyoid to the chin, under a bright rim."""
        count = len(surface)
        spine, hyoid = jaw.at((-0.5, -1.35)), lower[:, 6:7]
        depth = self._proportions.tongue_depth
        low = moved(mix(hyoid, spine, 0.45), 0.0, -0.55 * depth)
        lower_still = moved(mix(hyoid, spine, 0.8), 0.0, -0.25 * depth)
        base = joined(count, smooth(joined(count, moved(hyoid, 0.1, -0.1), low, lower_still)), spine, surface[:, -1:])
        places = np.interp(_KNOTS, *_FEET) * (base.shape[1] - 1)
        left = np.minimum(places.astype(np.int64), base.shape[1] - 2)
        feet = base[:, left] + (places - left)[:, None] * (base[:, left + 1] - base[:, left])
        result: Layers = [
            (Part.MUSCLE, joined(count, surface, base[:, ::-1])),
            (Part.PALE_MUSCLE, joined(count, base[:, :-1], moved(spine, 0.1, -0.8), moved(hyoid, 0.2, -0.6))),
        ]
        # The whole depth once in the rim's code, then all but the rim in those of the muscle.
        at_feet = _stretched(feet)
        for label, start, stop in (
            (Label.TONGUE_ROOT, 0, BODY_FROM),
            (Label.TONGUE_BODY, BODY_FROM, TIP_FROM),
            (Label.TONGUE_TIP, TIP_FROM, 36),
        ):
            part = slice(start * TONGUE_STEPS, stop * TONGUE_STEPS + 1)
            outline = joined(count, surface[:, part], at_feet[:, part][:, ::-1])
            result.append((tongue_code(label, SHADES - 1), outline))
        inside = [mix(surface, at_feet, depth) for depth in _DEPTHS]
        for cell, (start, stop) in enumerate(itertools.pairwise(_KNOTS)):
            label = _label(int(start))
            part = slice(start * TONGUE_STEPS, stop * TONGUE_STEPS + 1)
            # From the deepest to the rim: each lies over the rest of its bundle.
            for layer in range(len(_DEPTHS) - 1):
                outline = joined(count, inside[layer][:, part], at_feet[:, part][:, ::-1])
                result.append((tongue_code(label, int(self._shades[cell, layer])), outline))
        return result


def _label(point: int) -> Label:
    if point < BODY_FROM:
        return Label.TONGUE_ROOT
    return Label.TONGUE_BODY if point < TIP_FROM else Label.TONGUE_TIP


def _stretched(feet: Float64) -> Float64:
    """A foot for every point of the surface, linear between those of the knots."""
    places = np.interp(np.arange(36 * TONGUE_STEPS + 1) / TONGUE_STEPS, _KNOTS, np.arange(len(_KNOTS)))
    left = np.minimum(places.astype(np.int64), len(_KNOTS) - 2)
    return np.asarray(feet[:, left] + (places - left)[:, None] * (feet[:, left + 1] - feet[:, left]))


def _tract(
    contours: Contours, rear: Float64, roof: Float64, surface: Float64, lip_above: Float64, lip_below: Float64
) -> Float64:
    """The air between glottis and lips."""
    upper, lower = contours.upper, contours.lower
    # In front of the tongue, the floor counts as far back as the underside of the tongue starts.
    end = surface[:, -1:]
    floor = lower[:, 15:11:-1]
    floor = np.where(floor[..., 1:] > end[..., 1:], floor, end)
    mouth = (upper[:, 25:27], lip_above[:, :INNER_LIP], lip_below[:, INNER_LIP - 1 :: -1], lower[:, 20:17:-1], floor)
    return joined(len(contours), rear, roof, *mouth, surface[:, ::-1], smooth(lower[:, 3::-1]))
