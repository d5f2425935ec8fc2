"""Distance of generated from recorded waveforms in mel spectrograms: the vocoder's losses without discriminators."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_ln
from rtmri2speech.training.losses import mel_l1
from rtmri2speech.training.recipes import VocoderLossConfig

# Transform lengths as fractions of the definition's; the hop is a quarter of the length, and there is a mel band per
# eight bins.
_FRACTIONS = (1, 2, 4, 8, 16)
_BINS_PER_BAND = 8
_LEAST_BANDS = 4


class MelLosses:
    """The mel loss of the reference configuration, and one at several scales.

    Args:
        weights: of the losses; that at several scales is computed only where its weight is not 0.
        features: definition of the mel spectrogram.

    Attributes:
        weights: by the name of the loss.
    """

    def __init__(self, weights: VocoderLossConfig, features: FeatureConfig) -> None:
        self.weights = {"train/mel": weights.mel}
        if weights.multi_scale_mel:
            self.weights["train/multi_scale_mel"] = weights.multi_scale_mel
        self._features = features
        lengths = [features.n_fft // fraction for fraction in _FRACTIONS]
        # Fractions of a short transform have too few bins for bands.
        self._scales = [_scale(features, n_fft) for n_fft in lengths if n_fft >= 2 * _LEAST_BANDS * _BINS_PER_BAND]

    def __call__(self, generated: Tensor, real: Tensor) -> dict[str, Tensor]:
        """Losses by name, scalars, before they are weighted.

        Args:
            generated: waveforms, shape (B, N).
            real: waveforms, shape (B, N).
        """
        found = {"train/mel": mel_l1(generated, real, self._features)}
        if "train/multi_scale_mel" in self.weights:
            found["train/multi_scale_mel"] = self._multi_scale(generated, real)
        return found

    def _multi_scale(self, generated: Tensor, real: Tensor) -> Tensor:
        """Mean absolute difference of ln(mel magnitude), the mean over the scales.

        Mel bands at several scales follow Parallel WaveGAN's multi-resolution idea (Yamamoto, Song and Kim 2020).
        """
        # Half of ln(power) is ln(magnitude).
        differences = [F.l1_loss(0.5 * mel_ln(generated, scale), 0.5 * mel_ln(real, scale)) for scale in self._scales]
        return torch.stack(differences).mean()


def _scale(features: FeatureConfig, n_fft: int) -> FeatureConfig:
    lengths = {"n_fft": n_fft, "win_length": n_fft, "hop_length": n_fft // 4}
    return features.model_copy(update={**lengths, "n_mels": n_fft // 2 // _BINS_PER_BAND, "preemphasis": 0.0})
