"""Objective measures and sound examples of validation utterances while a vocoder trains."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.arrays import Float32
from rtmri2speech.metrics.waveform import MEASURES, compare_waves
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.engine.distributed import add_up
from rtmri2speech.training.engine.metrics_log import RunLog

# Utterances to listen to, and at most so many seconds of each.
_SOUNDS = 3
_SECONDS = 6.0


class ValidationAudio:
    """Compares generated with recorded utterances: a subset, evenly spread over the validation split.

    Args:
        names: of the validation utterances, in their order.
        features: definition of the mel spectrogram, and so the sampling rate.
        measured: how many are measured; measuring takes some tenths of a second of CPU time per second of sound.
    """

    def __init__(self, names: list[str], features: FeatureConfig, measured: int) -> None:
        self._names = names
        self._rate = features.sample_rate
        step = math.ceil(len(names) / measured) if measured else len(names)
        self._measured = set(range(0, len(names), step)) if measured else set()
        self._kept = set(sorted(self._measured or range(len(names)))[:_SOUNDS])
        self.reset()

    def reset(self) -> None:
        """Start a new validation."""
        self._found: list[dict[str, float]] = []
        self._sounds: dict[str, Float32] = {}

    def update(self, index: int, real: Tensor, generated: Tensor) -> None:
        """Add an utterance.

        Args:
            index: its place among the names.
            real: recorded waveform, shape (1, N).
            generated: what the vocoder made from its mel spectrogram, shape (1, N).
        """
        if index not in self._measured and index not in self._kept:
            return
        recorded, made = (wave[0].float().cpu().numpy() for wave in (real, generated))
        if index in self._measured:
            self._found.append(compare_waves(recorded, made, self._rate))
        if index in self._kept:
            most = int(_SECONDS * self._rate)
            self._sounds[f"{self._names[index]}: generated"] = made[:most]
            self._sounds[f"{self._names[index]}: recorded"] = recorded[:most]

    def compute(self, device: torch.device) -> dict[str, float]:
        """Means by name, ``val/stoi`` and so on, over all processes; NaN for what no utterance has a value of.

        Args:
            device: where tensors are exchanged between processes.
        """
        table = np.array([[found.get(name, np.nan) for name in MEASURES] for found in self._found])
        table = table.reshape(-1, len(MEASURES))
        sums = np.stack([np.nansum(table, axis=0), np.sum(~np.isnan(table), axis=0)])
        totals, counts = add_up(torch.from_numpy(sums).float().to(device)).tolist()
        found = zip(MEASURES, totals, counts, strict=True)
        # All names every time: Lightning would go on showing the last value of one that is missing.
        return {f"val/{name}": total / count if count else math.nan for name, total, count in found}

    def log_sounds(self, log: RunLog, step: int) -> None:
        """Write the kept sounds to TensorBoard."""
        for name, samples in self._sounds.items():
            log.sound(name, samples, self._rate, step)
