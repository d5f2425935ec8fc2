"""Labels of a head made of plain shapes, and lines traced round the same shapes as USC-TIMIT traces them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import savemat

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.data.labels import Label

SIZE = 68
TONGUE, RADIUS = np.array([34.0, 38.0]), 12.0
"""Center and radius of the tongue, a disc; the palate runs round it at :data:`PALATE`, the wall is upright."""

PALATE, WALL, EPIGLOTTIS_TOP, FLOOR = 15.0, 52.0, 37.0, 47.0


def arc(radius: float, start: float, stop: float, count: int = 60) -> Float64:
    """Points about the tongue's center, from one angle to another: degrees, 0 backwards, 90 up."""
    angle = np.radians(np.linspace(start, stop, count))
    return TONGUE + radius * np.stack([np.cos(angle), -np.sin(angle)], axis=1)


def head(shift: float = 0.0, size: int = SIZE) -> UInt8:
    """Labels (S, S) of a face to the left, moved to the right by some pixels of 68."""
    y, x = (np.indices((size, size)) + 0.5) * (SIZE / size)
    x = x - shift
    distance = np.hypot(x - TONGUE[0], y - TONGUE[1])
    angle = np.degrees(np.arctan2(TONGUE[1] - y, x - TONGUE[0]))
    labels = np.full((size, size), Label.BACKGROUND, np.uint8)
    labels[(distance < PALATE) & (angle > 5) & (angle < 160)] = Label.AIRWAY
    labels[(x > TONGUE[0] + RADIUS - 3) & (x < WALL) & (y > 30) & (y < 55)] = Label.AIRWAY
    labels[(distance >= PALATE) & (distance < PALATE + 4) & (angle > 80) & (angle < 150)] = Label.HARD_PALATE
    labels[(distance >= PALATE) & (distance < PALATE + 3) & (angle > 20) & (angle <= 80)] = Label.VELUM
    labels[(x >= WALL) & (x < WALL + 3) & (y > 26) & (y < 55)] = Label.PHARYNGEAL_WALL
    labels[(x > 12) & (x < 18) & (y > 20) & (y < 29)] = Label.UPPER_LIP
    labels[(x > 12) & (x < 18) & (y > 31) & (y < 40)] = Label.LOWER_LIP
    labels[(y > FLOOR) & (x > 20) & (x < 42) & (y < 54)] = Label.JAW
    labels[(distance < RADIUS) & (y <= FLOOR)] = Label.TONGUE_BODY
    labels[(x > 46.5) & (x < 49.5) & (y > EPIGLOTTIS_TOP) & (y < 50)] = Label.EPIGLOTTIS
    labels[(x > 44) & (x < WALL) & (y >= 55) & (y < 62)] = Label.LARYNX
    return labels


def lines() -> dict[str, Float64]:
    """What USC-TIMIT would have of the same head, with the center of the first pixel as 1."""
    velum, lips = arc(PALATE, 140, 20), np.array([[9.0, 18.0], [12.0, 20.0], [12.0, 29.0], [18.0, 29.0]])
    lower = np.array([[42.0, 66.0], [20.0, 54.0], [12.0, 40.0], [12.0, 31.0], [18.0, 31.0], [21.0, 45.0]])
    epiglottis = np.array([[46.5, 46.0], [46.5, EPIGLOTTIS_TOP], [49.5, EPIGLOTTIS_TOP], [49.5, 56.0], [48.0, 66.0]])
    found = {
        "contour1": np.concatenate([lips, velum, arc(PALATE + 3, 20, 140)]),
        "contour2": np.concatenate([lower, arc(RADIUS, 190, -48), epiglottis]),
        "contour3": np.array([[52.0, 10.0], [WALL, 20.0], [WALL, 55.0], [50.0, 66.0]]),
        "UL": lips[2:3],
        "LL": lower[3:4],
        "AVR": lower[-1:],
        "VEL": velum[-1:],
        "GLTB": np.array([[WALL, 55.0]]),
    }
    return {name: points + 0.5 for name, points in found.items()}


def write_lines(path: Path, frames: list[dict[str, Float64]]) -> Path:
    """Write lines as the corpus keeps them."""
    kinds = [(name, "O") for name in frames[0]]
    table = np.empty(len(frames), dtype=kinds)
    for number, frame in enumerate(frames):
        table[number] = tuple(frame.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"annotation": table})
    return path
