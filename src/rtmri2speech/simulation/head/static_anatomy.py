"""What never moves: the head above the mouth, the spine, the back of the neck.

The outlines (``assets/head``) are those of VocalTractLab's own speaker; :class:`HeadProportions` fits them to another.
"""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.outlines import read_outlines
from rtmri2speech.simulation.head.proportions import HeadProportions
from rtmri2speech.simulation.head.skull import skull_and_brain, spine
from rtmri2speech.simulation.head.splines import Shapes, inset, moved, smooth_closed
from rtmri2speech.simulation.head.tissues import Part

_PASSAGES = ("nostril", "inferior_meatus", "middle_meatus", "superior_meatus")
# The nose in the order of painting.
_NOSE = (
    *(
        (Part.MARROW, "clivus"),
        (Part.GLAND, "pharyngeal_tonsil"),
        (Part.HOLLOW, "nasopharynx"),
        (Part.SEPTUM, "septum"),
    ),
    *((Part.SLIT, passage) for passage in _PASSAGES),
    *((Part.TURBINATE, "inferior_turbinate"), (Part.TURBINATE, "middle_turbinate"), (Part.HOLLOW, "sphenoid_sinus")),
    *((Part.HOLLOW, "frontal_sinus"), (Part.CORTICAL, "nasal_bone")),
)


def shapes(proportions: HeadProportions, palate: Float64) -> Shapes:
    """Everything that never moves, in the order of painting.

    Args:
        proportions: the speaker's.
        palate: shape (P, 2), the surface of the hard palate from the velum to the gum of the incisors.
    """
    rng = np.random.default_rng(proportions.seed)
    return [
        *_soft_tissue(proportions),
        *spine(proportions),
        *skull_and_brain(proportions, rng),
        *_nose(proportions),
        *_upper_jaw(palate, proportions.palate_tissue),
    ]


def _soft_tissue(proportions: HeadProportions) -> Shapes:
    outlines = read_outlines("soft_tissue")
    head = proportions.outline(outlines["profile"])
    x, y = head.T
    # Thick at the back of the neck, thin on forehead and nose.
    neck = np.clip((4.0 - y) / 6.0, 0.0, 1.0) * (x < -5.0)
    fat = proportions.fat * (0.28 + 0.75 * neck)
    result: Shapes = [
        (Part.SKIN, head),
        (Part.FAT, inset(head, 0.16)),
        (Part.MUSCLE, inset(head, 0.16 + fat)),
        # The side towards mouth and throat has no skin.
        (Part.MUSCLE, proportions.outline(outlines["mouth_and_throat"])),
    ]
    # Fat between the muscles of the neck.
    line = outlines["neck_fat"]
    spread = np.where(line[:, 1] > 0.0, 0.75, 1.0)
    for depth, width in ((1.5, 0.16), (2.5, 0.12), (3.4, 0.18)):
        near = line + np.stack([depth * spread, 0.0 * spread], axis=-1)
        result.append((Part.FAT, proportions.outline(np.concatenate([near, moved(near[::-1], width, 0.0)]))))
    return result


def _nose(proportions: HeadProportions) -> Shapes:
    outlines = read_outlines("nose")
    return [(part, proportions.outline(outlines[name])) for part, name in _NOSE]


def _upper_jaw(palate: Float64, tissue: float) -> Shapes:
    """Mucosa, bone and marrow above the palate's surface; the marrow is thick over the incisors."""
    last = palate[-1]
    place = np.linspace(0.0, 1.0, len(palate))
    up = np.stack([-0.15 + 0.0 * place, 1.0 + 0.0 * place], axis=-1)
    roof = palate + up * (0.4 + (tissue - 0.2) + 0.25 * np.clip(place - 0.4, 0.0, 1.0))[:, None]
    front = last + np.array([(0.75, 0.35), (0.95, 1.6), (-0.3, 2.1)])
    front[2, 1] = palate[:, 1].max() + 0.6
    block = np.concatenate([palate, front, roof[::-1]])
    bone = np.concatenate([palate + tissue * up, moved(front[:2], -0.12, 0.0), front[2:], moved(roof[::-1], 0.0, 0.12)])
    jaws = read_outlines("jaws")
    return [
        (Part.PALATE_MUCOSA, block),
        (Part.PALATE_BONE, bone),
        (Part.PALATE_MARROW, smooth_closed(last + jaws["maxilla_marrow"])),
        (Part.TOOTH, smooth_closed(last + jaws["upper_incisor_root"])),
    ]
