"""Per-bin mean and standard deviation of the mel spectrogram, a module inside the model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rtmri2speech.errors import DatasetError

# A bin that never changes (an empty filter, digital silence) must not divide by zero: 1 dB is far
# below any spread that speech has and keeps such a bin at zero.
_MIN_STD_DB = 1.0


class MelScaler(nn.Module):
    """dB to zero mean and unit variance by bin, and back.

    Args:
        mean: shape (M,), dB.
        std: shape (M,), dB.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.float().clone())
        self.register_buffer("std", std.float().clone())

    @classmethod
    def identity(cls, n_mels: int) -> Self:
        """A scaler that changes nothing; a place for loaded values."""
        return cls(torch.zeros(n_mels), torch.ones(n_mels))

    @classmethod
    def fit(cls, mels: Iterable[NDArray[np.float32]]) -> Self:
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
            centred = mel.astype(np.float64) - shift
            count += len(mel)
            total = total + centred.sum(axis=0)
            squares = squares + np.square(centred).sum(axis=0)
        if shift is None:
            raise DatasetError(
                "The training split holds no frame to fit the scaler on.",
                "Give more recordings, or a larger training share (--split-ratio).",
            )
        offset = total / count
        variance = np.maximum(squares / count - np.square(offset), 0.0)
        std = np.maximum(np.sqrt(variance), _MIN_STD_DB)
        return cls(torch.from_numpy(shift + offset), torch.from_numpy(std))

    def forward(self, db: Tensor) -> Tensor:
        """Scale: (..., M) dB to (..., M) without unit."""
        return (db - self.mean) / self.std

    def inverse(self, scaled: Tensor) -> Tensor:
        """Undo: (..., M) without unit to (..., M) dB."""
        return scaled * self.std + self.mean

    def to_json(self) -> str:
        """The memo's ``scaler.json``: lists ``mean`` and ``std`` in dB."""
        return json.dumps({"mean": self.mean.tolist(), "std": self.std.tolist()}, indent=1) + "\n"

    @classmethod
    def from_json(cls, path: Path, n_mels: int) -> Self:
        """Read ``scaler.json``; single numbers (older datasets) hold for every bin.

        Raises:
            DatasetError: when the file is missing, damaged or has another number of bins.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            mean, std = (torch.as_tensor(values[name], dtype=torch.float32).flatten() for name in ("mean", "std"))
        except FileNotFoundError:
            raise DatasetError(f"{path}: missing.", "Run prepare again; it writes the scaler last.") from None
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise DatasetError(f"{path}: not a scaler ({error}).", "Run prepare again.") from None
        if mean.numel() == 1:
            mean = mean.expand(n_mels)
        if std.numel() == 1:
            std = std.expand(n_mels)
        if mean.shape != (n_mels,) or std.shape != (n_mels,) or not _usable(mean, std):
            raise DatasetError(
                f"{path}: needs {n_mels} finite means and positive standard deviations.",
                "Take the scaler that was made with this dataset.",
            )
        return cls(mean, std)


def _usable(mean: Tensor, std: Tensor) -> bool:
    return bool((std > 0).all() and std.isfinite().all() and mean.isfinite().all())
