"""Lips, chin, floor of the mouth and the skin over them."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.contours import Contours, Jaw
from rtmri2speech.simulation.head.outlines import read_outlines
from rtmri2speech.simulation.head.proportions import HeadProportions
from rtmri2speech.simulation.head.splines import Layers, joined, mix, moved, offset, smooth, smooth_closed
from rtmri2speech.simulation.head.tissues import Part

# VocalTractLab's surface of the upper lip beyond the last point of its outline, cm; mirrored for the lower lip.
_BEYOND = np.array([(0.20, 0.20), (0.32, 0.45), (0.37, 0.73)])
_STEPS = 3
INNER_LIP = _STEPS * 5 + 1
"""Points of a lip's curve that belong to VocalTractLab's outline; the rest is skin."""

_SKIN = 0.14


class Face:
    """The moving part of a speaker's face.

    Args:
        neutral: contours of a neutral position, N = 1.
        proportions: the speaker's.
    """

    def __init__(self, neutral: Contours, proportions: HeadProportions) -> None:
        # Where the upper lip meets the nose.
        self._subnasale = proportions.to_speaker([(6.72, 1.3)])
        self._proportions = proportions
        self._hyoid = neutral.lower[0, 6]
        self._glottis = 0.5 * (neutral.lower[0, 0] + neutral.upper[0, 0])

    def flesh(self, contours: Contours, jaw: Jaw, lip: Float64) -> Layers:
        """Chin, floor of the mouth and front of the neck: skin, fat and muscle.

        Args:
            contours: N instants.
            jaw: where the jaw is.
            lip: shape (N, P, 2), the lower lip.
        """
        count, lower = len(contours), contours.lower
        # The skin of the neck follows the hyoid by half and the larynx by a third.
        hyoid = mix(self._hyoid, lower[:, 6:7], 0.5)
        throat = mix(self._glottis, 0.5 * (lower[:, :1] + contours.upper[:, :1]), 0.35)
        throat = moved(throat, self._proportions.neck, 0.0)
        forward = self._proportions.chin * np.array((0.2, 0.5, 1.0, 0.9, 0.5, 0.1, 0.0))[:, None] * (1.0, 0.0)
        chin = jaw.at(*read_outlines("jaws")["chin"]) + forward
        hang = self._proportions.double_chin
        profile = joined(
            *(count, lip[:, -1:], chin, moved(hyoid, 1.9, -0.85 - hang), moved(hyoid, 1.3, -1.45 - hang)),
            *(moved(throat, 1.95, 0.5), moved(throat, 1.85, -0.8), moved(throat, 1.6, -2.6)),
            moved(self._glottis, self._proportions.neck, 0.0) + np.array([(1.3, -5.0), (1.0, -9.0)]),
        )
        skin = smooth(profile, _STEPS)
        place = np.linspace(0.0, 1.0, skin.shape[1])
        fat = self._proportions.fat * np.interp(
            place, (0.0, 0.08, 0.2, 0.35, 0.5, 0.65, 1.0), (0.1, 0.35, 0.6, 0.5, 0.55, 0.35, 0.3)
        )
        inner = [moved(self._glottis, -0.6, -9.0), moved(self._glottis, -0.4, 2.0), moved(self._glottis, 0.4, 4.5)]
        roof = joined(count, inner, lower[:, 12:16], lip[:, :1], lip[:, -1:])
        result: Layers = [
            (part, joined(count, curve, roof))
            for part, curve in (
                (Part.SKIN, skin),
                (Part.FAT, offset(skin, -_SKIN)),
                (Part.MUSCLE, offset(skin, -_SKIN - fat)),
            )
        ]
        # Two thin muscles under the floor of the mouth with fat between them.
        front, back = jaw.at((0.3, -2.9), (-0.4, -2.75)), hyoid
        belly = smooth_closed(
            joined(count, front, moved(back, 1.0, -0.35), moved(back, 0.5, -0.75), moved(front[:, :1], 0.1, -0.2))
        )
        line = joined(
            *(count, jaw.at((-0.6, -2.3), (-2.0, -2.35)), moved(back, 1.0, -0.35)),
            *(moved(back, 1.0, -0.2), jaw.at((-2.0, -2.2), (-0.6, -2.15))),
        )
        return [*result, (Part.DARK_MUSCLE, belly), (Part.FAT, smooth_closed(line))]

    def chin(self, lower: Float64, jaw: Jaw, lip: Float64) -> Layers:
        """Bone of the chin, lower incisor and lower lip."""
        count = len(lower)
        outlines = read_outlines("jaws")
        bone, marrow, gum = (jaw.at(*outlines[name]) for name in ("mandible", "mandible_marrow", "lower_gum"))
        own = self._proportions
        edge = lengthened(lower[:, 15:21], own.tooth)[:, 3:]
        tooth = joined(count, lower[:, 15:16], edge, jaw.at((0.62, -0.6), (0.4, -1.0), (0.25, -0.95)))
        whole = joined(count, lip, jaw.at((1.75, -0.8), (1.2, -0.75)))
        return [
            (Part.GUM, smooth_closed(gum)),
            (Part.JAW_SHELL, smooth_closed(bone, 3)),
            (Part.JAW_MARROW, smooth_closed(marrow, 3)),
            (Part.LOWER_TOOTH if own.tooth else Part.GUM, tooth),
            (Part.LOWER_LIP, whole),
            (
                Part.LOWER_LIP_CORE,
                _core(joined(count, lip[:, : INNER_LIP + 3 : 3], jaw.at((1.7, -0.85), (1.2, -0.75)))),
            ),
        ]

    def upper_lip(self, upper: Float64, lip: Float64) -> Layers:
        """The upper lip up to the nose."""
        count, nose = len(upper), self._subnasale
        skin = smooth(joined(count, lip[:, -1:], moved(mix(lip[:, -1:], nose, 0.6), -0.12, 0.0), nose), _STEPS)
        front = joined(count, lip[:, -4:-1], skin)
        gum = upper[:, 26:27]
        root = joined(
            count, moved(nose, -0.3, 0.5), moved(nose, -1.0, 0.5), moved(gum, 0.2, 1.1), moved(gum, 0.05, 0.25)
        )
        whole = joined(count, lip[:, :1], lip[:, :-4], front, root)
        red = joined(count, lip, moved(gum, 0.6, 0.75), moved(gum, 0.2, 0.6))
        return [
            (Part.SKIN, whole),
            (Part.FAT, joined(count, lip[:, 6:7], offset(front, _SKIN), root)),
            (Part.MUSCLE, joined(count, lip[:, 6:7], offset(front, _SKIN + 0.25 * self._proportions.fat), root)),
            (Part.LIP, red),
            (
                Part.LIP_CORE,
                _core(joined(count, lip[:, : INNER_LIP + 3 : 3], moved(gum, 0.7, 0.8), moved(gum, 0.25, 0.65))),
            ),
        ]


def lengthened(tooth: Float64, length: float) -> Float64:
    """A tooth of another length: (N, P, 2) from the rear to the front of its base; without one, half remains as gum."""
    if length == 1.0:
        return tooth
    base = tooth[:, :1] + np.linspace(0.0, 1.0, tooth.shape[1])[:, None] * (tooth[:, -1:] - tooth[:, :1])
    return mix(base, tooth, length or 0.5)


def lip_curve(outline: Float64, upwards: float) -> Float64:
    """A lip from the inside to the skin: six points of the outline (N, 6, 2) and what follows on them.

    Args:
        outline: shape (N, 6, 2), from the inside to the front.
        upwards: thickness of the skin beyond, 1 for VocalTractLab's; negative for the lower lip.
    """
    beyond = outline[:, -1:] + _BEYOND * (abs(upwards), upwards)
    return smooth(np.concatenate([outline, beyond], axis=1), _STEPS)


def _core(outline: Float64) -> Float64:
    """The muscle in a lip."""
    return smooth_closed(mix(outline, outline.mean(axis=1, keepdims=True), 0.42), 3)
