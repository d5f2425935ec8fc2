"""What is true of a simulated utterance, frame by frame, in one ``.npz`` file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree

from rtmri2speech.data.files import replacing
from rtmri2speech.errors import DatasetError
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract
from rtmri2speech.simulation.tube_acoustics import sensitivity

Floats = NDArray[np.float64]

# The walls count to their section as far as this from the airway, in steps from pixel to pixel: 3 mm along rows
# and columns, less along a diagonal.
_WALL_PIXELS = 3
# The velopharyngeal port is open above this, cm^2.
_PORT_CM2 = 0.0


@dataclass(frozen=True)
class Truth:
    """The truth of T frames of 256 x 256 pixels; all at the frames' centres.

    Sections k = 0 .. 39 run from the glottis to the lips. The formants are the first peaks of VocalTractLab's
    transfer function, side cavities, losses and, where the velum is down, the nose included; ``tube_formants``
    are the resonances of the same sections as a plain tube without losses, which is what the sensitivity
    functions belong to.

    Attributes:
        frame_rate: (2,) int, numerator and denominator of frames a second.
        f0: (T,) float32, Hz; 0 where there is no voice.
        formants: (T, 4) float32, F1 to F4, Hz; NaN where there are fewer peaks from 120 Hz to 7 kHz.
        velum_open: (T,) bool; there F1 to F4 include resonances of the nose.
        areas: (T, 40) float32, cross-sectional areas, cm^2; 1e-4 where closed.
        lengths: (T, 40) float32, section lengths, cm.
        positions: (T, 40, 2) float32, pixel column and row of each section's middle on the centre line.
        tube_formants: (T, 2) float32, Hz.
        sensitivity: (T, 2, 40) float32, S_1 and S_2: dF_n / F_n = sum_k S_n(k) dA_k / A_k.
        regions: (T, 256, 256) uint8, values of ``Region``.
        sections: (T, 256, 256) uint8, 0, or k + 1 for a pixel of section k: its air and about 3 mm of its walls.
        tract: (T, 19) float32, VocalTractLab's tract parameters.
        phones: (P,) str; phone_times: (P, 2) float64, seconds. Silence is the empty string.
    """

    frame_rate: NDArray[np.int64]
    f0: NDArray[np.float32]
    formants: NDArray[np.float32]
    velum_open: NDArray[np.bool_]
    areas: NDArray[np.float32]
    lengths: NDArray[np.float32]
    positions: NDArray[np.float32]
    tube_formants: NDArray[np.float32]
    sensitivity: NDArray[np.float32]
    regions: NDArray[np.uint8]
    sections: NDArray[np.uint8]
    tract: NDArray[np.float32]
    phones: NDArray[np.str_]
    phone_times: Floats

    def save(self, path: Path) -> None:
        """Write the file in one step; equal truths give equal bytes.

        Raises:
            UserError: when it cannot be written.
        """
        with replacing(path) as file:
            np.savez_compressed(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Truth:
        """Read what :meth:`save` wrote.

        Raises:
            DatasetError: when it is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise DatasetError(f"{path}: not a phantom's truth ({error}).", "Simulate it again.") from None

    def sensitivity_map(self, formant: int) -> NDArray[np.float32]:
        """S_n over the picture, (T, 256, 256): each section's value spread evenly over its pixels.

        The sum over a frame is the sum over the sections that are seen: widening pixels where the map is
        positive raises the formant.

        Args:
            formant: 1 or 2.
        """
        values = self.sensitivity[:, formant - 1]
        result = np.zeros(self.sections.shape, np.float32)
        for frame, (sections, row) in enumerate(zip(self.sections, values, strict=True)):
            counts = np.bincount(sections.ravel(), minlength=len(row) + 1)[1:]
            table = np.concatenate([[0.0], row / np.maximum(counts, 1)])
            result[frame] = table[sections]
        return result


@dataclass(frozen=True)
class TubeTruth:
    """The acoustic half of the truth; see :class:`Truth`."""

    formants: Floats
    areas: Floats
    lengths: Floats
    tube_formants: Floats
    sensitivity: Floats
    centre_lines: Floats  # (T, 129, 3): x and y in cm, position along the tract in cm
    tongue_areas: Floats  # (T,): smallest area of the sections that the tongue makes, cm^2


def measure(tract: VocalTract, states: Floats) -> TubeTruth:
    """Ask VocalTractLab once a frame for everything the truth needs: states (T, 19)."""
    formants, lengths, areas, lines, narrowest = [], [], [], [], []
    for state in states:
        formants.append(tract.formants(state))
        length, area, tongue = tract.tube_with_tongue(state)
        narrowest.append(area[tongue].min(initial=np.inf))
        lengths.append(length)
        areas.append(area)
        lines.append(tract.centre_line(state)[:, [0, 1, 4]])
    result = sensitivity(np.stack(lengths), np.stack(areas), 2)
    return TubeTruth(
        formants=np.stack(formants),
        areas=np.stack(areas),
        lengths=np.stack(lengths),
        tube_formants=result.frequencies,
        sensitivity=result.values,
        centre_lines=np.stack(lines),
        tongue_areas=np.array(narrowest),
    )


def section_positions(tube: TubeTruth) -> Floats:
    """Middle of every section on the centre line: (T, 40, 2), cm."""
    middles = np.cumsum(tube.lengths, axis=1) - tube.lengths / 2.0
    return np.stack(
        [
            np.stack([np.interp(middle, line[:, 2], line[:, column]) for column in (0, 1)], axis=1)
            for middle, line in zip(middles, tube.centre_lines, strict=True)
        ]
    )


def section_map(airway: NDArray[np.bool_], line: Floats, ends: Floats) -> NDArray[np.uint8]:
    """Which section each pixel of the airway and its walls belongs to.

    Args:
        airway: (H, W), the air of the tract.
        line: (129, 3), the centre line: pixel column and row, and position along the tract in cm.
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


def port_is_open(velum: Floats) -> NDArray[np.bool_]:
    """Whether the nose is coupled, from the tract parameter VO in cm^2."""
    return np.asarray(velum > _PORT_CM2)
