"""F0 of recorded segments, which a vocoder with a harmonic source learns to read from the mel."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset as TorchDataset

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.errors import UserError
from rtmri2speech.models.vocoder.source import FREQUENCIES, POINTS, HarmonicSource, PitchPoints, SourceFrames
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.pitch import pitch_range, pitch_times, pitch_track

_Keys = TorchDataset[tuple[Tensor, Tensor]]
# Octaves beyond which an error of F0 counts no more than that: mostly an octave error of the measurement.
_FAR = 0.5


class SoundsWithPitch(TorchDataset[tuple[Tensor, Tensor, Tensor, bool]]):
    """Segments of sound with the F0 of each: mel (F, M), wave (F * hop,), F0 (F, K) of :func:`pitch_points`.

    Last comes whether the vocoder is to be given that F0, every other time, or to go by the mel's.

    Args:
        sounds: segments, by the keys of their sampler.
        sample_rate: Hz.
        hop_length: samples per mel frame.

    Raises:
        UserError: when Praat (extra ``phonetics``) is not installed.
    """

    def __init__(self, sounds: _Keys, sample_rate: int, hop_length: int) -> None:
        if not praat.available():
            raise UserError("A vocoder with a harmonic source learns F0 from Praat, which is missing.", praat.INSTALL)
        self.sounds = sounds
        self._rate, self._hop = sample_rate, hop_length

    def __len__(self) -> int:
        return len(self.sounds)  # type: ignore[arg-type]

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, bool]:
        mel, wave = self.sounds[key]
        f0 = torch.from_numpy(pitch_points(wave.numpy(), self._rate, self._hop))
        return mel, wave, f0, sum(key) % 2 == 0


def pitch_points(wave: Float32, sample_rate: int, hop_length: int) -> Float32:
    """F0 of a wave (F * hop,) at the points of its frames, (F, K), cycles per sample, by Praat.

    0 where there is no voice; NaN where it is not known: near the ends, where Praat has no frames, and from voiced to
    voiceless, where a point has a frame of either kind next to it.
    """
    frames = len(wave) // hop_length
    samples: Float64 = wave.astype(np.float64)
    points = (np.arange(frames * POINTS) + 0.5) * hop_length / POINTS / sample_rate
    found = np.full(len(points), np.nan)
    track = pitch_track(samples, sample_rate, *pitch_range([samples], sample_rate))
    if len(track) > 1:
        times = pitch_times(len(track), len(samples) / sample_rate)
        after = np.clip(np.searchsorted(times, points), 1, len(times) - 1)
        left, right = track[after - 1], track[after]
        part = (points - times[after - 1]) / (times[after] - times[after - 1])
        both, none = (left > 0) & (right > 0), (left == 0) & (right == 0)
        found[none] = 0.0
        found[both] = (left + part * (right - left))[both] / sample_rate
        found[(points < times[0]) | (points > times[-1])] = np.nan
    found[(found > 0) & ((found < FREQUENCIES[0]) | (found > FREQUENCIES[1]))] = np.nan
    return found.reshape(frames, POINTS).astype(np.float32)


def pitch_losses(predicted: PitchPoints, f0: Tensor) -> dict[str, Tensor]:
    """Losses of the network that reads F0, scalars: ``train/pitch`` in octaves, ``train/voicing`` in nats.

    Args:
        predicted: (B, F, K).
        f0: (B, F, K), as in :func:`pitch_points`.
    """
    known, voiced = ~f0.isnan(), f0 > 0
    there = torch.where(voiced, f0, torch.full_like(f0, FREQUENCIES[0]))
    distance = (predicted.log_f0 - there.log2()).abs().clamp(max=_FAR) + 0.1 * (predicted.log_f0 - there.log2()).abs()
    pitch = (distance * voiced).sum() / voiced.sum().clamp(min=1)
    loss = F.binary_cross_entropy_with_logits(predicted.voicing, voiced.float(), reduction="none")
    return {"train/pitch": pitch, "train/voicing": (loss * known).sum() / known.sum().clamp(min=1)}


def training_voice(source: HarmonicSource, predicted: PitchPoints, f0: Tensor, recorded: Tensor) -> SourceFrames:
    """The voice that the filter is trained with: the recorded F0 in some items, in the others that of the mel.

    Recorded, it teaches the filter to follow the source; predicted, to bear with an F0 a little off. No gradient
    passes through either.

    Args:
        source: of the vocoder.
        predicted: (B, F, K).
        f0: (B, F, K), as in :func:`pitch_points`; where it is not known or there is no voice, F0 is the predicted one.
        recorded: (B,), bool.
    """
    own_f0, own_voiced = predicted.f0.detach(), predicted.voiced.detach()
    given = recorded[:, None, None]
    frequency = torch.where(given & (f0 > 0), f0, own_f0)
    voiced = torch.where(given & ~f0.isnan(), (f0 > 0).float(), own_voiced)
    return source.frames(frequency, voiced)
