"""Lines across the vocal tract where articulators move, found from the labels of a clip.

The tongue is cut from the place of the wall (palate, pharynx) that is nearest to the middle of where its tip, body or
root comes and goes: perpendicular to the airway. The velum is cut along the normal of its oral surface.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from rtmri2speech.analysis.kinematics.kymograph import Line
from rtmri2speech.arrays import Float32, Float64, UInt8
from rtmri2speech.data.labels import CLASSES, TONGUE, Label, class_of_label
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.contours import contour_points, frame_contours
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.segmentation import LabelFile
from rtmri2speech.vocal_tract.size import estimate_pixel_mm

# Lengths in mm of a tract of average size: before the wall that a line starts at, and beyond it.
_BEFORE, _BEYOND = 6.0, {"tongue_tip": 24.0, "tongue_body": 34.0, "pharynx": 34.0}
_PAST_LIPS, _VELUM_BOTH_SIDES, _AS_NEAR = 10.0, 14.0, 1.5
# Below this, nothing comes and goes: one frame of a hundred.
_STILL = 0.01
# Frames of a mean are added up in blocks of so many.
_BLOCK = 64


@dataclass(frozen=True)
class _Tract:
    """Means of a clip: contours (N, 2) by name, and share of the frames in which a pixel has a label (L, H, W)."""

    contours: Mapping[str, Float64]
    shares: Float32

    @property
    def pixels_per_mm(self) -> float:
        """By the length of the tract, or of the frame's height, a head's, where contours lack."""
        pixel_mm = estimate_pixel_mm(contour_points(self.contours)[None])
        return self.shares.shape[1] / 256.0 if pixel_mm is None else 1.0 / pixel_mm

    def share(self, *labels: Label) -> Float64:
        """Share of the frames in which a pixel has one of these, (H, W)."""
        return np.asarray(self.shares[list(labels)].sum(axis=0), np.float64)


def tract_line(name: str, labels: LabelFile) -> Line:
    """A line across the tract, in pixels of the video.

    Args:
        name: ``lips``, from the upper to the lower one; ``tongue_tip`` and ``tongue_body``, from the hard palate;
            ``velum``, through it; ``pharynx``, from its wall to the root of the tongue.
        labels: of the clip; frames of low confidence do not count where there are others.

    Raises:
        ConfigError: for another name, or when what the line is laid by was not found.
    """
    if name not in LINES:
        raise ConfigError(f"`across={name}`: not known.", f"Choose from {', '.join(LINES)}.")
    tract = _mean_tract(labels.labels, labels.confidence)
    ends = LINES[name](tract)
    if ends is None:
        raise ConfigError(
            f"`across={name}`: what the line is laid by was not found in the video.", "Give x0 y0 x1 y1: `line`"
        )
    height, width = tract.shares.shape[1:]
    (x0, y0), (x1, y1) = _inside(ends, width, height).tolist()
    return Line(x0, y0, x1, y1)


def _mean_tract(labels: UInt8, confidence: Float32) -> _Tract:
    chosen = np.flatnonzero(confidence >= CONFIDENT)
    chosen = chosen if len(chosen) else np.arange(len(labels))
    shares = np.zeros((len(Label), *labels.shape[1:]), np.float32)
    for start in range(0, len(chosen), _BLOCK):
        block = labels[chosen[start : start + _BLOCK]]
        for label in np.unique(block):
            shares[label] += (block == label).sum(axis=0)
    shares /= max(len(chosen), 1)
    classes = np.zeros((len(CLASSES), *labels.shape[1:]), np.float32)
    for label, number in enumerate(class_of_label()):
        classes[number] += shares[label]
    return _Tract(frame_contours(classes), shares)


def _lips(tract: _Tract) -> Float64 | None:
    upper, lower = (_center(tract.share(label)) for label in (Label.UPPER_LIP, Label.LOWER_LIP))
    if upper is None or lower is None or not np.hypot(*(lower - upper)) > 1.0:
        return None
    past = (lower - upper) / np.hypot(*(lower - upper)) * _PAST_LIPS * tract.pixels_per_mm
    return np.stack([upper - past, lower + past])


def _tongue_tip(tract: _Tract) -> Float64 | None:
    return _from_wall(tract, "palate_and_velum", Label.TONGUE_TIP, "tongue_tip")


def _tongue_body(tract: _Tract) -> Float64 | None:
    return _from_wall(tract, "palate_and_velum", Label.TONGUE_BODY, "tongue_body")


def _pharynx(tract: _Tract) -> Float64 | None:
    return _from_wall(tract, "pharyngeal_wall", Label.TONGUE_ROOT, "pharynx")


def _from_wall(tract: _Tract, wall: str, part: Label, name: str) -> Float64 | None:
    """From the nearest place of a wall through the middle of where a part of the tongue comes and goes."""
    line, center = tract.contours.get(wall), _center(tract.share(part))
    if line is None or center is None:
        return None
    # There in some frames, while in others no part of the tongue is: its border to the other parts does not count.
    moving = tract.share(part) * (1.0 - tract.share(*TONGUE))
    middle = _weighted(moving) if moving.max() > _STILL else center
    # Outlines have small steps: the middle of all places that are about as near as the nearest one.
    distance = np.hypot(*(line - middle).T)
    near = line[distance < distance.min() + _AS_NEAR * tract.pixels_per_mm].mean(axis=0)
    away = middle - near if np.hypot(*(middle - near)) > 1.0 else center - near
    direction = away / max(float(np.hypot(*away)), 1e-9)
    before, beyond = (length * tract.pixels_per_mm for length in (_BEFORE, _BEYOND[name]))
    return np.stack([near - before * direction, near + beyond * direction])


def _velum(tract: _Tract) -> Float64 | None:
    """Across the velum, along the normal of its oral surface at the middle of where it comes and goes."""
    line, share = tract.contours.get("palate_and_velum"), tract.share(Label.VELUM)
    center = _center(share)
    if line is None or center is None:
        return None
    moving = share * (1.0 - share)
    middle = _weighted(moving) if moving.max() > _STILL else center
    near = int(np.argmin(np.hypot(*(line - middle).T)))
    # The chord of its neighbors within 5 mm: outlines have small steps.
    around = line[np.hypot(*(line - line[near]).T) < 5.0 * tract.pixels_per_mm]
    chord = around[-1] - around[0]
    normal = np.array([-chord[1], chord[0]]) / max(float(np.hypot(*chord)), 1e-9)
    down = normal if normal[1] > 0 else -normal
    side = _VELUM_BOTH_SIDES * tract.pixels_per_mm
    return np.stack([middle - side * down, middle + side * down])


def _center(share: Float64) -> Float64 | None:
    """Mean place of what is there in half of the frames or more, or of all where it is nowhere so often."""
    sure = share * (share >= 0.5)
    weight = sure if sure.any() else share
    if not weight.any():
        return None
    return _weighted(weight)


def _weighted(weight: Float64) -> Float64:
    y, x = np.indices(weight.shape) + 0.5
    return np.asarray([(x * weight).sum(), (y * weight).sum()] / weight.sum(), np.float64)


def _inside(ends: Float64, width: int, height: int) -> Float64:
    """The part of a line between two places that lies in the frame."""
    start, step, limits = ends[0], ends[1] - ends[0], np.array([width, height], np.float64)
    along = np.linspace(0.0, 1.0, 201)[:, None]
    places = start + along * step
    inside = np.flatnonzero(((places >= 0) & (places <= limits)).all(axis=1))
    return np.round(places[[inside[0], inside[-1]]], 2) if len(inside) else np.clip(ends, 0.0, limits)


LINES: Mapping[str, Callable[[_Tract], Float64 | None]] = {
    "lips": _lips,
    "tongue_tip": _tongue_tip,
    "tongue_body": _tongue_body,
    "velum": _velum,
    "pharynx": _pharynx,
}
"""Lines by name."""
