"""Augmented segments of sound: started anywhere, louder or softer, played faster or slower."""

from __future__ import annotations

import math

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from rtmri2speech.arrays import Float32
from rtmri2speech.config import Config
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.media.audio import read_sound_slice, resample
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db


class SoundAugmentConfig(Config):
    """Limits of what is drawn anew for every segment; with the defaults it stays as it was recorded.

    The mel spectrogram is computed from the changed sound, as if that were the recording.
    """

    any_start: bool = Field(
        False, description="segments start at any sample, not only where a frame does: hardly a frame is seen twice"
    )
    gain_db: float = Field(0.0, ge=0.0, le=40.0, description="most change of level, dB either way; never beyond 1")
    rate: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        description="most change of the playing rate (pitch, formants, tempo): 0.1 for 1/1.1 to 1.1",
    )

    @property
    def active(self) -> bool:
        """Whether anything is changed."""
        return any(self.model_dump().values())


def augmented_sound(
    dataset: Dataset, utterance: Utterance, n_frames: int, config: SoundAugmentConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Mel (F, M) dB and wave (F * hop,) of F = n_frames frames somewhere in an utterance, silent beyond its end.

    Args:
        dataset: the dataset.
        utterance: which of it.
        n_frames: frames F.
        config: limits of the change.
        rng: what it is drawn from.

    Raises:
        MediaError: when the sound is missing or damaged.
    """
    features = dataset.meta.features
    hop = features.hop_length
    length, whole = n_frames * hop, utterance.n_frames * hop
    factor = math.exp(rng.uniform(-1.0, 1.0) * math.log1p(config.rate)) if config.rate else 1.0
    gain = 10.0 ** (rng.uniform(-1.0, 1.0) * config.gain_db / 20.0)
    step = 1 if config.any_start else hop
    start = step * int(rng.integers(max(whole - math.ceil(length * factor), 0) // step + 1))
    # As much around the segment as its outer frames reach, so that they are those of the whole utterance; and a frame
    # more, since frames are counted from the segment's own start.
    margin = max(features.padding) + 1 + hop
    first = max(start - math.ceil(margin * factor), 0)
    last = min(start + math.ceil((length + margin) * factor), whole)
    around = read_sound_slice(dataset.audio_path(utterance), first, last - first)
    if factor != 1.0 and len(around):
        around = resample(around, factor, 1.0)
    peak = float(np.abs(around).max(initial=0.0))
    if gain > 1.0 and peak > 0.0:
        gain = min(gain, max(1.0 / peak, 1.0))
    return _framed(around * np.float32(gain), round((start - first) / factor), n_frames, features)


def _framed(around: Float32, before: int, n_frames: int, features: FeatureConfig) -> tuple[Tensor, Tensor]:
    """Frames and samples of a segment that starts after so many samples."""
    hop = features.hop_length
    skipped, first = before % hop, before // hop
    missing = max((first + n_frames) * hop - (len(around) - skipped), 0)
    sound = np.pad(around[skipped:], (0, missing))
    mel = mel_db(sound, features)[first : first + n_frames]
    return torch.from_numpy(mel), torch.from_numpy(sound[first * hop : (first + n_frames) * hop].copy())
