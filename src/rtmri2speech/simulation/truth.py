"""Acoustic ground truth of a simulated utterance, and which pixels belong to which section of its tract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree

from rtmri2speech.arrays import Bool, Float64, UInt8
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract
from rtmri2speech.vocal_tract.acoustics.lossless import sensitivity

# The walls count to their section as far as this from the airway, in steps from pixel to pixel: 3 mm along rows
# and columns, less along a diagonal.
_WALL_PIXELS = 3
# The velopharyngeal port is open above this, cm^2.
_PORT_CM2 = 0.0


@dataclass(frozen=True)
class TubeTruth:
    """The acoustic half of the truth; see :class:`rtmri2speech.data.truth.Truth`."""

    formants: Float64
    areas: Float64
    lengths: Float64
    tube_formants: Float64
    sensitivity: Float64
    center_lines: Float64  # (T, 129, 3): x and y in cm, position along the tract in cm
    tongue_areas: Float64  # (T,): smallest area of the sections that the tongue makes, cm^2


def measure(tract: VocalTract, states: Float64) -> TubeTruth:
    """Everything the truth needs from VocalTractLab, once per frame: states (T, 19)."""
    formants, lengths, areas, lines, narrowest = [], [], [], [], []
    for state in states:
        formants.append(tract.formants(state))
        length, area, tongue = tract.tube_with_tongue(state)
        narrowest.append(area[tongue].min(initial=np.inf))
        lengths.append(length)
        areas.append(area)
        lines.append(tract.center_line(state)[:, [0, 1, 4]])
    result = sensitivity(np.stack(lengths), np.stack(areas), 2)
    return TubeTruth(
        formants=np.stack(formants),
        areas=np.stack(areas),
        lengths=np.stack(lengths),
        tube_formants=result.frequencies,
        sensitivity=result.values,
        center_lines=np.stack(lines),
        tongue_areas=np.array(narrowest),
    )


def section_positions(tube: TubeTruth) -> Float64:
    """Middle of every section on the center line: (T, 40, 2), cm."""
    middles = np.cumsum(tube.lengths, axis=1) - tube.lengths / 2.0
    return np.stack(
        [
            np.stack([np.interp(middle, line[:, 2], line[:, column]) for column in (0, 1)], axis=1)
            for middle, line in zip(middles, tube.center_lines, strict=True)
        ]
    )


def section_map(airway: Bool, line: Float64, ends: Float64) -> UInt8:
    """Which section each pixel of the airway and its walls belongs to.

    Args:
        airway: (H, W), the air of the tract.
        line: (129, 3), the center line: pixel column and row, and position along the tract in cm.
        ends: (40,), position of the sections' ends, cm.

    Returns:
        (H, W), 0 outside, else the section's number from 1.
    """
    result = np.zeros(airway.shape, np.uint8)
    rows, columns = np.nonzero(airway)
    if len(rows) == 0:
        return result
    margin = _WALL_PIXELS + 1
    box = (
        slice(max(int(rows.min()) - margin, 0), int(rows.max()) + margin + 1),
        slice(max(int(columns.min()) - margin, 0), int(columns.max()) + margin + 1),
    )
    near = binary_dilation(airway[box], iterations=_WALL_PIXELS)
    y, x = np.nonzero(near)
    y, x = y + box[0].start, x + box[1].start
    nearest = cKDTree(line[:, :2]).query(np.stack([x, y], axis=1))[1]
    position = line[nearest, 2]
    result[y, x] = 1 + np.minimum(np.searchsorted(ends, position), len(ends) - 1)
    return result


def port_is_open(velum: Float64) -> Bool:
    """Whether the nose is coupled, from the tract parameter VO in cm^2."""
    return np.asarray(velum > _PORT_CM2)
