"""Ground truth of a simulated utterance, frame by frame, in one ``.npz`` file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Bool, Float32, Float64, Int64, UInt8
from rtmri2speech.data.files import replacing
from rtmri2speech.data.labels import Label, label_names, renumbered
from rtmri2speech.errors import DatasetError

_LIPS = "lips"
# By value, as files hold them that do not name their labels: both lips were one, and the epiglottis was the larynx'.
_FIRST_NAMES = (
    *("background", "airway", _LIPS, "tongue_tip", "tongue_body", "tongue_root"),
    *("velum", "larynx", "jaw"),
)


_DIMENSIONS = {
    **dict.fromkeys(("frame_rate", "f0", "velum_open", "phones", "region_names"), 1),
    **dict.fromkeys(("formants", "areas", "lengths", "tube_formants", "tract", "phone_times"), 2),
    **dict.fromkeys(("positions", "sensitivity", "regions", "sections"), 3),
}
# All others have an entry per frame.
_OF_FILE = ("frame_rate", "phones", "phone_times", "region_names")


@dataclass(frozen=True)
class Truth:
    """Ground truth of T frames of 256 x 256 pixels, all at the centers of the frames.

    Sections k = 0 .. 39 run from the glottis to the lips. The formants are the first peaks of VocalTractLab's
    transfer function, side cavities, losses and, where the velum is down, the nose included; ``tube_formants``
    are the resonances of the same sections as a plain tube without losses, which is what the sensitivity
    functions belong to.

    Attributes:
        frame_rate: (2,) int, numerator and denominator of frames per second.
        f0: (T,) float32, Hz; 0 where there is no voice.
        formants: (T, 4) float32, F1 to F4, Hz; NaN where there are fewer peaks from 120 Hz to 7 kHz.
        velum_open: (T,) bool; there F1 to F4 include resonances of the nose.
        areas: (T, 40) float32, cross-sectional areas, cm^2; 1e-4 where closed.
        lengths: (T, 40) float32, section lengths, cm.
        positions: (T, 40, 2) float32, pixel column and row of the middle of each section on the center line.
        tube_formants: (T, 2) float32, Hz.
        sensitivity: (T, 2, 40) float32, S_1 and S_2: dF_n / F_n = sum_k S_n(k) dA_k / A_k.
        regions: (T, 256, 256) uint8, values of :class:`~rtmri2speech.data.labels.Label`.
        sections: (T, 256, 256) uint8, 0, or k + 1 for a pixel of section k: its air and about 3 mm of its walls.
        tract: (T, 19) float32, VocalTractLab's tract parameters.
        phones: (P,) str; phone_times: (P, 2) float64, seconds. Silence is the empty string.
        region_names: (L,) str, names of the values in ``regions``, so that a file explains itself.
    """

    frame_rate: Int64
    f0: Float32
    formants: Float32
    velum_open: Bool
    areas: Float32
    lengths: Float32
    positions: Float32
    tube_formants: Float32
    sensitivity: Float32
    regions: UInt8
    sections: UInt8
    tract: Float32
    phones: NDArray[np.str_]
    phone_times: Float64
    region_names: NDArray[np.str_] = field(default_factory=lambda: np.array(label_names()))

    def save(self, path: Path) -> None:
        """Write the file in one step; equal truths give equal bytes.

        Raises:
            UserError: when it cannot be written.
        """
        with replacing(path) as file:
            np.savez_compressed(file, **{one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Truth:
        """Read what :meth:`save` wrote, now or in earlier versions: values become those of today's names.

        Files of versions that named no labels have one label for both lips and none for palate, pharyngeal wall and
        epiglottis. Their lips become two, split where the tract's center line leaves between them.

        Raises:
            DatasetError: when it is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                names = arrays["region_names"].tolist() if "region_names" in arrays else list(_FIRST_NAMES)
                values = {one.name: arrays[one.name] for one in fields(cls) if one.name != "region_names"}
            truth = cls(**values)
            truth._require_shapes()
            return replace(truth, regions=_todays(truth.regions, names, truth.positions))
        except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, BadZipFile) as error:
            raise _not_a_truth(path, error) from None

    @staticmethod
    def load_formants(path: Path) -> tuple[Int64, Float32]:
        """Frame rate and formants alone, ``frame_rate`` and ``formants``; the labels take a hundred times as long.

        Raises:
            DatasetError: when they are missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                rate, formants = arrays["frame_rate"], arrays["formants"]
            if rate.shape != (2,) or formants.ndim != 2:
                raise ValueError(f"'formants' is of shape {formants.shape}")
            return rate, formants
        except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, BadZipFile) as error:
            raise _not_a_truth(path, error) from None

    def _require_shapes(self) -> None:
        frames = self.f0.shape[:1]
        for name, dimensions in _DIMENSIONS.items():
            found = getattr(self, name).shape
            if len(found) != dimensions or 0 in frames or (name not in _OF_FILE and found[:1] != frames):
                raise ValueError(f"'{name}' is of shape {found}")
        if self.regions.dtype.kind not in "iu" or self.sections.dtype.kind not in "iu":
            raise ValueError("its labels are no whole numbers")

    def sensitivity_map(self, formant: int) -> Float32:
        """S_n as maps, (T, 256, 256): the value of each section spread evenly over its pixels.

        The sum over a frame is the sum over the sections that are visible: widening the tract where the map is
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


def _not_a_truth(path: Path, error: Exception) -> DatasetError:
    return DatasetError(f"{path}: not the truth of a phantom ({error}).", "Simulate it again.")


def _todays(regions: UInt8, names: Sequence[str], positions: Float32) -> UInt8:
    """Values of :class:`Label` for values of other names, (T, H, W); lips that are one become two.

    Raises:
        ValueError: for a name that stands for no label, or a value without a name.
    """
    result = renumbered(regions, names, {_LIPS: Label.UPPER_LIP})
    if _LIPS in names:
        for frame, lips, places in zip(result, regions == names.index(_LIPS), positions, strict=True):
            rows, columns = np.nonzero(lips)
            # The last quarter of the center line leads out between the lips, in frames towards smaller columns.
            line = places[-(len(places) // 4) :]
            order = np.argsort(line[:, 0])
            below = rows > np.interp(columns, line[order, 0], line[order, 1])
            frame[rows[below], columns[below]] = Label.LOWER_LIP
    return result
