"""How unlike a generated waveform is to the recorded one, as losses of the vocoder."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_power
from rtmri2speech.training.losses import mel_l1
from rtmri2speech.training.recipes import VocoderLossConfig

# Parts of the definition's transform; the hop is a quarter of one, and a mel band stands for eight of its bins.
_PARTS = (1, 2, 4, 8, 16)
_BINS_A_BAND = 8
_LEAST_BANDS = 4


class MelSimilarity:
    """The mel loss of the memo, and one at several scales.

    Args:
        weights: of the losses; that at several scales is computed only where it has one.
        features: definition of the mel spectrogram.

    Attributes:
        weights: by the name of the loss.
    """

    def __init__(self, weights: VocoderLossConfig, features: FeatureConfig) -> None:
        self.weights = {"train/mel": weights.mel}
        if weights.multi_scale_mel:
            self.weights["train/multi_scale_mel"] = weights.multi_scale_mel
        self._features = features
        lengths = [features.n_fft // part for part in _PARTS]
        # A short transform's parts have no bins left for bands.
        self._scales = [_scale(features, n_fft) for n_fft in lengths if n_fft >= 2 * _LEAST_BANDS * _BINS_A_BAND]

    def __call__(self, generated: Tensor, real: Tensor) -> dict[str, Tensor]:
        """Losses by name, scalars, of waveforms (B, N), without their weights."""
        found = {"train/mel": mel_l1(generated, real, self._features)}
        if "train/multi_scale_mel" in self.weights:
            found["train/multi_scale_mel"] = self._multi_scale(generated, real)
        return found

    def _multi_scale(self, generated: Tensor, real: Tensor) -> Tensor:
        """Mean absolute difference of ln(mel magnitude), the mean over the scales.

        Mel bands at several scales follow Parallel WaveGAN's multi-resolution idea (Yamamoto, Song and Kim 2020).
        """
        differences = [F.l1_loss(_ln(generated, scale), _ln(real, scale)) for scale in self._scales]
        return torch.stack(differences).mean()


def _scale(features: FeatureConfig, n_fft: int) -> FeatureConfig:
    lengths = {"n_fft": n_fft, "win_length": n_fft, "hop_length": n_fft // 4}
    return features.model_copy(update={**lengths, "n_mels": n_fft // 2 // _BINS_A_BAND, "preemphasis": 0.0})


def _ln(wave: Tensor, scale: FeatureConfig) -> Tensor:
    return 0.5 * mel_power(wave, scale).clamp(min=scale.floor).log()
