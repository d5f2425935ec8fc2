"""Velum, epiglottis, larynx and windpipe."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.splines import Layers, joined, mix, moved, offset, smooth, smooth_closed
from rtmri2speech.simulation.head.tissues import Part

# VocalTractLab's uvula, from the velum's edge, cm.
_UVULA = np.array([(0.0, -0.37), (-0.10, -0.66), (-0.35, -0.80)])
# Width of the velopharyngeal opening in cm per cm^2 of its area, and how firmly a closed velum touches the wall.
_PORT_WIDTH, _PORT_OVERLAP = 0.83, 0.03
# How far the pharynx' wall is labeled above the velum's edge, and the larynx below the glottis, cm.
_WALL_ABOVE_VELUM, _BELOW_GLOTTIS = 1.2, 0.4


def velum(upper: Float64, opening: Float64, tongue: Float64, thickness: float = 1.0) -> Layers:
    """A flap over VocalTractLab's underside of it, which touches the pharynx wall unless it is lowered.

    Args:
        upper: shape (N, 34, 2).
        opening: shape (N,), cm^2.
        tongue: shape (N, P, 2), the tongue's surface.
        thickness: 1 for the drawn one's.
    """
    count = len(upper)
    edge, wall = upper[:, 9:10], upper[:, 8:9]
    # The uvula draws back from a tongue that comes near; else it would block the way behind back vowels.
    nearest = np.sqrt(((tongue - edge) ** 2).sum(axis=-1).min(axis=1))
    share = np.clip((nearest - 0.1) / 0.9, 0.0, 1.0)
    uvula = edge + _UVULA * (0.25 + 0.75 * share * share * (3.0 - 2.0 * share))[:, None, None]
    gap = _PORT_WIDTH * np.maximum(opening, 0.0) - _PORT_OVERLAP
    rear = np.concatenate([wall[..., :1] + gap[:, None, None], edge[..., 1:]], axis=-1)
    under = smooth(upper[:, 16:8:-1])
    tail = smooth(joined(count, edge, uvula, moved(rear, 0.14, -0.3), moved(rear, 0.0, 0.0)))
    shoulder = moved(rear, 0.32, 0.85)
    top = smooth(
        joined(
            *(count, rear, moved(rear, 0.02, 0.45), shoulder, moved(upper[:, 11:12], -0.1, 0.75 * thickness)),
            *(moved(upper[:, 12:13], 0.0, 0.7 * thickness), moved(upper[:, 13:14], 0.1, 0.6 * thickness)),
            moved(upper[:, 15:16], 0.4, 0.5),
        )
    )
    core = joined(
        *(count, moved(under, 0.0, 0.17), moved(edge, -0.02, 0.0), mix(edge, moved(uvula[:, 1:2], -0.06, 0.0), 0.7)),
        *(moved(rear, 0.2, 0.1), offset(top, 0.16)[:, 4:]),
    )
    return [(Part.VELUM_RIM, joined(count, under, tail, top)), (Part.VELUM, core)]


def epiglottis(outline: Float64, lower: Float64) -> Layers:
    """The leaf with its stem, (N, 7, 2) in VocalTractLab's numbering."""
    stem = mix(lower[:, 2:3], lower[:, 3:4], 0.2)
    leaf = joined(len(lower), smooth(outline), moved(stem, 0.42, -0.1), moved(stem, 0.02, 0.0))
    blade = mix(outline[:, 1:6], outline[:, 1:6].mean(axis=1, keepdims=True), 0.35)
    return [(Part.EPIGLOTTIS, leaf), (Part.BLADE, smooth_closed(blade, 3))]


def larynx(upper: Float64, lower: Float64) -> Layers:
    """What surrounds the glottis, and the windpipe: all of it rides with the larynx."""
    count = len(lower)
    front, rear, hyoid = lower[:, 0:1], upper[:, 0:1], lower[:, 6:7]
    inlet, shelf = lower[:, 1:2], upper[:, 1:2]
    depth = np.array([0.0, 0.5, 1.1, 2.0, 4.0, 6.0, 8.0, 10.0])
    # The windpipe leans back a little and is wider than the glottis.
    down = np.stack([-0.10 * depth, -depth], axis=-1)
    wide = np.array([0.0, 0.03, 0.15, 0.25, 0.28, 0.28, 0.28, 0.28])[:, None] * (1.0, 0.0)
    before, behind = front + down + wide, rear + down - 0.5 * wide
    wall = joined(count, moved(before, 0.28, 0.0), moved(behind, -0.25, 0.0)[:, ::-1])
    # The gullet, whose walls lie on each other, goes on from the pharynx' lower end.
    end = upper[:, 2:3]
    middle = joined(
        count, moved(end, 0.25, -0.1), moved(end, 0.05, -1.2), moved(end, -0.25, -3.5), moved(end, -1.1, -9.0)
    )
    gullet = joined(count, middle, moved(middle[:, ::-1], -0.16, 0.0))
    shield = joined(
        *(count, moved(mix(front, inlet, 0.75), 0.5, 0.0), moved(front, 0.32, 0.1), moved(front, 0.35, -0.8)),
        *(moved(front, 0.65, -0.9), moved(front, 0.9, 0.1), moved(mix(front, inlet, 0.75), 0.9, 0.1)),
    )
    signet = joined(
        *(count, moved(rear, -0.12, 0.0), moved(rear, -0.5, 0.1), moved(rear, -0.75, -0.6), moved(rear, -0.6, -1.9)),
        moved(rear, -0.28, -1.7),
    )
    arch = joined(
        *(
            count,
            moved(front, 0.17, -1.2),
            moved(front, 0.52, -1.15),
            moved(front, 0.5, -1.7),
            moved(front, 0.15, -1.75),
        )
    )
    fat = joined(
        *(count, moved(hyoid, 0.0, -0.3), moved(lower[:, 3:4], 0.2, -0.05), moved(lower[:, 2:3], 0.3, 0.0)),
        *(moved(inlet, 0.25, -0.5), moved(inlet, 0.6, -0.4), moved(hyoid, 0.25, -0.8)),
    )
    mass = joined(
        *(count, moved(shelf, -0.05, 0.0), moved(mix(shelf, upper[:, 2:3], 0.6), 0.0, -0.08)),
        *(moved(mix(shelf, rear, 0.5), -0.95, 0.0), moved(rear, -0.8, -0.3), moved(rear, 0.02, -0.1)),
        moved(mix(rear, shelf, 0.6), 0.02, 0.0),
    )
    inside = joined(
        *(
            count,
            front,
            mix(front, inlet, 0.5),
            inlet,
            moved(inlet, 0.3, 0.1),
            moved(mix(front, inlet, 0.5), 0.32, 0.0),
        ),
        moved(front, 0.32, 0.0),
    )
    bone = hyoid + np.array([(-0.05, 0.0), (0.2, 0.22), (0.7, 0.12), (0.9, -0.2), (0.65, -0.45), (0.1, -0.32)])
    return [
        (Part.MUCOSA, gullet),
        (Part.FAT, smooth_closed(fat)),
        (Part.LARYNX, smooth_closed(mass)),
        (Part.LARYNX, inside),
        (Part.MUCOSA, wall),
        (Part.LARYNX, joined(count, wall[:, :4], wall[:, -4:])),
        (Part.CARTILAGE, smooth_closed(shield)),
        (Part.CARTILAGE, smooth_closed(signet)),
        (Part.CARTILAGE, smooth_closed(arch)),
        (Part.HOLLOW, joined(count, before, behind[:, ::-1])),
        (Part.CORTICAL, smooth_closed(bone)),
        (Part.MARROW, smooth_closed(mix(bone, bone.mean(axis=1, keepdims=True), 0.25))),
    ]


def folds(upper: Float64, lower: Float64) -> Layers:
    """The vocal folds, from front to back under the glottis."""
    front, rear = lower[:, 0:1], upper[:, 0:1]
    corners = (moved(front, 0.1, 0.05), moved(rear, -0.1, 0.05), moved(rear, -0.1, -0.25), moved(front, 0.1, -0.2))
    return [(Part.FOLD, joined(len(lower), *corners))]


def larynx_as_labeled(upper: Float64, lower: Float64) -> Float64:
    """The larynx with what lies between its parts, down to the vocal folds, (N, P, 2)."""
    front, rear, inlet, shelf = lower[:, 0:1], upper[:, 0:1], lower[:, 1:2], upper[:, 1:2]
    high = mix(front, inlet, 0.75)
    return joined(
        *(len(lower), moved(inlet, 0.25, 0.05), moved(high, 0.9, 0.1), moved(front, 0.9, 0.1)),
        *(moved(front, 0.8, -_BELOW_GLOTTIS), moved(rear, -0.75, -_BELOW_GLOTTIS)),
        *(moved(mix(shelf, rear, 0.5), -0.75, 0.0), moved(mix(shelf, upper[:, 2:3], 0.6), 0.0, -0.08), shelf),
    )


def pharyngeal_wall(upper: Float64, thickness: float) -> Float64:
    """The layer of tissue behind the pharynx, from the larynx to the nasopharynx, (N, P, 2).

    Args:
        upper: shape (N, 34, 2).
        thickness: cm.
    """
    along = upper[:, 8:9] - upper[:, 4:5]
    top = upper[:, 8:9] + _WALL_ABOVE_VELUM * along / np.sqrt((along**2).sum(axis=-1, keepdims=True))
    front = smooth(joined(len(upper), upper[:, 2:9], top))
    return joined(len(upper), front, offset(front, thickness)[:, ::-1])
