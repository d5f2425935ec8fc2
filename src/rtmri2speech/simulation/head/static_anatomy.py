"""What never moves in the picture: the head above the mouth, the spine, the back of the neck.

Shapes are given in the frame of VocalTractLab's own speaker and fitted to another one by :class:`Build`.
They are drawn from the proportions of sagittal anatomy, from no person's image.
"""

from __future__ import annotations

import numpy as np

from rtmri2speech.simulation.head.proportions import Build
from rtmri2speech.simulation.head.skull import skull_and_brain, spine
from rtmri2speech.simulation.head.splines import Floats, Shapes, inset, moved, smooth_closed
from rtmri2speech.simulation.head.tissues import Part

_PROFILE = (
    *((6.6, 14.0), (7.05, 10.0), (7.1, 8.0), (6.85, 6.6), (6.55, 5.6), (6.6, 5.0), (7.05, 4.2), (7.75, 3.2)),
    *((8.55, 2.55), (8.95, 2.1), (8.75, 1.6), (8.1, 1.5), (7.3, 1.45), (6.72, 1.3), (6.3, 0.9), (5.6, 0.4)),
    *((4.3, -0.6), (2.0, -2.0), (0.2, -4.2), (-1.2, -6.5), (-1.6, -9.5), (-1.9, -15.5), (-13.6, -15.5)),
    *((-12.4, -11.0), (-11.5, -8.0), (-11.0, -5.0), (-11.1, -2.2), (-11.9, 0.5), (-12.7, 3.5), (-12.9, 7.0)),
    *((-12.2, 10.5), (-10.5, 14.0), (-6.0, 17.0), (2.0, 17.0)),
)
_INNER = (
    *((6.3, 1.6), (6.25, 0.95), (5.6, 0.2), (4.3, -0.8), (2.0, -2.2), (0.0, -4.4), (-1.4, -6.7), (-1.8, -9.7)),
    *((-2.1, -16.5), (-6.0, -16.5), (-6.0, 0.0), (-2.0, 3.0), (4.0, 2.5)),
)
_NOSE = (
    *((8.0, 1.85), (7.2, 1.95), (6.3, 2.2), (5.0, 2.15), (3.0, 2.12), (1.2, 1.75), (0.2, 1.8), (-0.2, 2.8)),
    *((0.2, 4.0), (1.2, 5.0), (3.2, 5.3), (5.0, 5.2), (6.0, 4.7), (6.6, 3.8), (7.4, 2.9)),
)
_NASOPHARYNX = (
    *((1.0, 2.05), (0.6, 1.2), (-0.2, -0.3), (-1.2, -1.2), (-2.71, -1.2), (-2.53, 0.1), (-2.35, 1.2)),
    *((-2.1, 2.1), (-1.5, 2.8), (-0.7, 3.3), (0.4, 3.8), (1.0, 3.0)),
)
_INFERIOR = ((0.4, 2.55), (2.0, 2.45), (4.0, 2.5), (5.6, 2.7), (5.9, 3.2), (5.0, 3.45), (3.0, 3.3), (1.2, 3.2))
_MIDDLE = ((0.9, 3.65), (2.5, 3.6), (4.2, 3.8), (5.3, 4.2), (4.8, 4.6), (3.0, 4.5), (1.5, 4.35))
_SPHENOID = ((0.6, 4.6), (-0.3, 4.1), (-1.3, 3.6), (-1.7, 4.1), (-1.3, 4.7), (-0.4, 5.1), (0.5, 5.2))
_CLIVUS = ((-1.2, 3.2), (-2.4, 2.6), (-3.4, 1.9), (-3.75, 2.2), (-2.8, 3.6), (-2.0, 4.7), (-1.6, 4.5), (-1.8, 3.6))
_FRONTAL_SINUS = ((6.2, 6.0), (6.5, 6.6), (6.5, 7.6), (6.3, 7.9), (6.1, 7.0))
_NASAL_BONE = ((6.4, 6.1), (6.15, 5.2), (6.6, 4.6), (7.1, 3.9), (6.95, 3.9), (6.4, 4.5), (5.95, 5.1))
_TONSIL = ((-2.5, 0.9), (-2.3, 1.9), (-1.5, 2.9), (-0.6, 3.3), (-1.6, 3.4), (-2.7, 2.6), (-3.0, 1.2))
# Air beside the septum: the nostril and the passages over and under the turbinates.
_PASSAGES = (
    ((8.1, 1.75), (7.3, 1.85), (6.6, 2.2), (6.4, 2.7), (7.0, 2.7), (7.8, 2.3)),
    ((6.0, 2.35), (4.0, 2.32), (2.0, 2.25), (0.2, 2.1), (0.3, 2.35), (2.0, 2.42), (4.0, 2.48), (6.0, 2.6)),
    ((5.9, 3.45), (4.0, 3.5), (2.0, 3.4), (0.3, 3.2), (0.4, 3.5), (2.0, 3.6), (4.0, 3.7), (5.8, 3.8)),
    ((4.8, 4.75), (3.0, 4.7), (1.4, 4.5), (1.6, 4.75), (3.0, 4.95), (4.7, 4.95)),
)


def shapes(build: Build, palate: Floats) -> Shapes:
    """Everything that never moves, in the order of painting.

    Args:
        build: the speaker.
        palate: shape (P, 2), the surface of the hard palate from the velum to the gum of the incisors.
    """
    rng = np.random.default_rng(build.seed)
    return [
        *_soft_tissue(build),
        *spine(build),
        *skull_and_brain(build, rng),
        *_nose(build),
        *_upper_jaw(palate),
    ]


def _soft_tissue(build: Build) -> Shapes:
    head = build.blob(_PROFILE)
    x, y = head.T
    # Thick at the back of the neck, thin on forehead and nose.
    neck = np.clip((4.0 - y) / 6.0, 0.0, 1.0) * (x < -5.0)
    fat = build.fat * (0.28 + 0.75 * neck)
    result: Shapes = [
        (Part.SKIN, head),
        (Part.FAT, inset(head, 0.16)),
        (Part.MUSCLE, inset(head, 0.16 + fat)),
        # The side towards mouth and throat has no skin.
        (Part.MUSCLE, build.blob(_INNER)),
    ]
    # Fat between the muscles of the neck.
    line = np.array([(-10.4, 1.6), (-10.3, -0.8), (-9.9, -3.5), (-10.1, -6.5), (-10.8, -10.0), (-12.0, -15.0)])
    spread = np.where(line[:, 1] > 0.0, 0.75, 1.0)
    for depth, width in ((1.5, 0.16), (2.5, 0.12), (3.4, 0.18)):
        near = line + np.stack([depth * spread, 0.0 * spread], axis=-1)
        result.append((Part.FAT, build.blob(np.concatenate([near, moved(near[::-1], width, 0.0)]))))
    return result


def _nose(build: Build) -> Shapes:
    parts = (
        *((Part.MARROW, _CLIVUS), (Part.GLAND, _TONSIL), (Part.HOLLOW, _NASOPHARYNX), (Part.SEPTUM, _NOSE)),
        *((Part.SLIT, passage) for passage in _PASSAGES),
        *((Part.TURBINATE, _INFERIOR), (Part.TURBINATE, _MIDDLE), (Part.HOLLOW, _SPHENOID)),
        *((Part.HOLLOW, _FRONTAL_SINUS), (Part.CORTICAL, _NASAL_BONE)),
    )
    return [(part, build.blob(points)) for part, points in parts]


def _upper_jaw(palate: Floats) -> Shapes:
    """Mucosa, bone and marrow above the palate's surface; the marrow is thick over the incisors."""
    last = palate[-1]
    place = np.linspace(0.0, 1.0, len(palate))
    up = np.stack([-0.15 + 0.0 * place, 1.0 + 0.0 * place], axis=-1)
    roof = palate + up * (0.4 + 0.25 * np.clip(place - 0.4, 0.0, 1.0))[:, None]
    front = last + np.array([(0.75, 0.35), (0.95, 1.6), (-0.3, 2.1)])
    front[2, 1] = palate[:, 1].max() + 0.6
    block = np.concatenate([palate, front, roof[::-1]])
    bone = np.concatenate([palate + 0.2 * up, moved(front[:2], -0.12, 0.0), front[2:], moved(roof[::-1], 0.0, 0.12)])
    marrow = [
        *((-0.62, 1.15), (-0.15, 0.62), (0.25, 0.3), (0.62, 0.45), (0.75, 1.35), (0.3, 1.8), (-0.6, 1.95)),
        *((-1.6, 1.95), (-1.5, 1.75)),
    ]
    root = smooth_closed(last + np.array([(0.0, -0.1), (0.66, -0.1), (0.62, 0.5), (0.4, 1.1), (0.2, 1.2), (0.06, 0.5)]))
    return [
        (Part.MUCOSA, block),
        (Part.CORTICAL, bone),
        (Part.MARROW, smooth_closed(last + np.array(marrow))),
        (Part.TOOTH, root),
    ]
