"""A tube with its walls, drawn as a gray frame: what moves when the tract is widened."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rtmri2speech.analysis.widening.fields import PixelGrid
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours
from rtmri2speech.vocal_tract.geometry.area_function import load_area_model
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.measurement.formants import tract_formants
from rtmri2speech.vocal_tract.measurement.tract import Tract

SIZE, PIXEL = 64, 2.4
"""Pixels of a side, and their size, mm."""

GRID = PixelGrid(SIZE, SIZE * PIXEL, SIZE * PIXEL)
CENTER, RADIUS, STRAIGHT = (84.0, 84.0), 34.0, 40.0
_POINTS = 64


@dataclass(frozen=True)
class Walls:
    """Everything in mm, x to the right and y down; the face looks to the left."""

    gray: UInt8
    midline: Float64
    distance: Float64
    contours: Float64


def bend(shares: Float64, across: float = 0.0) -> Float64:
    """Points (N, 2) along the tube, from the larynx (0) to the lips (1), ``across`` mm outside its middle."""
    length = 2 * STRAIGHT + 0.5 * np.pi * RADIUS
    along, radius = shares * length, RADIUS + across
    angle = np.clip((along - STRAIGHT) / RADIUS, 0.0, 0.5 * np.pi)
    x = CENTER[0] + radius * np.cos(angle)
    y = CENTER[1] - radius * np.sin(angle)
    y = y + np.maximum(STRAIGHT - along, 0.0)
    x = x - np.maximum(along - STRAIGHT - 0.5 * np.pi * RADIUS, 0.0)
    return np.stack([x, y], axis=1)


def walls(width: float) -> Walls:
    """A tube ``width`` mm wide in bright tissue, with a tongue inside of the bend and the throat and palate outside."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    centers = np.stack([(columns + 0.5) * PIXEL, (rows + 0.5) * PIXEL], axis=-1).reshape(-1, 1, 2)
    middle = bend(np.linspace(0.0, 1.0, 400))
    gap = np.sqrt(((centers - middle) ** 2).sum(axis=-1)).min(axis=1).reshape(SIZE, SIZE)
    tissue = 1.0 / (1.0 + np.exp(-(gap - width / 2.0) / 1.2))
    texture = 0.15 * np.sin(columns / 3.1) * np.cos(rows / 4.3)
    gray = 20.0 + 180.0 * tissue * (0.8 + texture)
    gray[2, 2], gray[-3, -3] = 255.0, 0.0  # the extremes, far from what moves
    stretches = {"tongue": (0.2, 0.85, -1), "lower_lip": (0.9, 1.0, -1), "upper_lip": (0.9, 1.0, 1)} | {
        "palate_and_velum": (0.45, 0.85, 1),
        "pharyngeal_wall": (0.05, 0.4, 1),
    }
    contours = np.full((len(CONTOURS), _POINTS, 2), np.nan)
    for name, (first, last, side) in stretches.items():
        contours[CONTOURS.index(name)] = bend(np.linspace(first, last, _POINTS), side * width / 2.0)
    frame = np.rint(gray).astype(np.uint8)
    return Walls(frame, bend(np.linspace(0.0, 1.0, 41)), np.full(40, width), contours)


def tract_of(frames: list[Walls], rate: Fraction = Fraction(625, 23), name: str = "drawn") -> Tract:
    """What would be measured of drawn walls; pixels are those that are drawn."""
    model = load_area_model()
    distance = np.stack([one.distance for one in frames])
    area = model.areas(distance)
    steps = np.diff(np.stack([one.midline for one in frames]), axis=1)
    length = np.hypot(steps[..., 0], steps[..., 1]).sum(axis=1) / 10.0
    ranges = area[..., None] * [0.8, 1.25]
    sound = tract_formants(length, area, ranges)
    return Tract(
        name=name,
        frame_rate=rate,
        pixel_mm=PIXEL,
        pixel_source="given",
        midline=np.stack([one.midline for one in frames]) / PIXEL,
        distance=distance,
        distance_range=distance[..., None] * [0.9, 1.1],
        area=area,
        area_range=ranges,
        length=length,
        closed=np.zeros(distance.shape, np.bool_),
        measures={name: np.zeros(len(frames)) for name in MEASURES},
        formants=sound.frequencies,
        formant_range=sound.ranges,
        bandwidths=sound.bandwidths,
        sensitivity=sound.sensitivity,
        confidence=np.ones(len(frames), np.float32),
        contours=Contours(np.stack([one.contours for one in frames]) / PIXEL, rate, PIXEL),
        area_model=model.name,
    )
