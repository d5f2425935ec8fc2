"""Per-bin mean and standard deviation of the mel spectrogram: fitted, written, read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.errors import DatasetError

# A bin that never changes (an empty filter, digital silence) must not divide by zero: 1 dB is far
# below any spread that speech has and keeps such a bin at zero.
_MIN_STD_DB = 1.0


@dataclass(frozen=True, eq=False)
class MelStatistics:
    """What scales a mel spectrogram to zero mean and unit variance by bin.

    Attributes:
        mean: shape (M,), dB, float32.
        std: shape (M,), dB, float32.
    """

    mean: Float32
    std: Float32

    @classmethod
    def fit(cls, mels: Iterable[Float32]) -> Self:
        """Fit on mel spectrograms of shape (T, M) in dB, one at a time.

        Raises:
            DatasetError: when there is no frame to fit on.
        """
        count, total, squares = 0, np.zeros(1), np.zeros(1)
        shift = None
        for mel in mels:
            if len(mel) == 0:
                continue
            # Sums about the first mean, so that the difference of squares keeps its digits.
            shift = mel.mean(axis=0, dtype=np.float64) if shift is None else shift
            centered = mel.astype(np.float64) - shift
            count += len(mel)
            total = total + centered.sum(axis=0)
            squares = squares + np.square(centered).sum(axis=0)
        if shift is None:
            raise DatasetError(
                "The training split holds no frame to fit the scaler on.",
                "Give more recordings, or a larger training share (`split_ratio`).",
            )
        offset = total / count
        variance = np.maximum(squares / count - np.square(offset), 0.0)
        std = np.maximum(np.sqrt(variance), _MIN_STD_DB)
        return cls((shift + offset).astype(np.float32), std.astype(np.float32))

    def to_json(self) -> str:
        """The text of ``scaler.json``: lists ``mean`` and ``std`` in dB."""
        return json.dumps({"mean": self.mean.tolist(), "std": self.std.tolist()}, indent=1) + "\n"

    @classmethod
    def from_json(cls, path: Path, n_mels: int) -> Self:
        """Read ``scaler.json``; single numbers (older datasets) hold for every bin.

        Raises:
            DatasetError: when the file is missing, damaged or has another number of bins.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            mean, std = (_numbers(values[name]) for name in ("mean", "std"))
        except FileNotFoundError:
            raise DatasetError(f"{path}: missing.", "Run prepare again; it writes the scaler last.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}: not a scaler ({error}).", "Run prepare again.") from None
        if mean.size == 1:
            mean = np.repeat(mean, n_mels)
        if std.size == 1:
            std = np.repeat(std, n_mels)
        if mean.shape != (n_mels,) or std.shape != (n_mels,) or not _usable(mean, std):
            raise DatasetError(
                f"{path}: needs {n_mels} finite means and positive standard deviations.",
                "Take the scaler that was made with this dataset.",
            )
        return cls(mean, std)


def _numbers(values: Any) -> Float32:
    array = np.asarray(values).ravel()
    if array.dtype.kind not in "iuf":  # NumPy would also read text and None as numbers
        raise TypeError("mean and std must be numbers")
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        return array.astype(np.float32)


def _usable(mean: Float32, std: Float32) -> bool:
    return bool((std > 0).all() and np.isfinite(std).all() and np.isfinite(mean).all())
