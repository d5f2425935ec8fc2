"""The mel spectrogram's mean and standard deviation as a module inside the model."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from rtmri2speech.signal.mel_statistics import MelStatistics


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
    def of(cls, statistics: MelStatistics) -> Self:
        """The scaler of a dataset's statistics."""
        return cls(torch.from_numpy(statistics.mean), torch.from_numpy(statistics.std))

    def forward(self, db: Tensor) -> Tensor:
        """Scale: (..., M) dB to (..., M) without unit."""
        return (db - self.mean) / self.std

    def inverse(self, scaled: Tensor) -> Tensor:
        """Undo: (..., M) without unit to (..., M) dB."""
        return scaled * self.std + self.mean
