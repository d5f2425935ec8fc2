"""Waveform to mel spectrogram: the only mel code of the program."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from rtmri2speech.errors import UserError
from rtmri2speech.signal.features import FeatureConfig, mel_filterbank

# Frames a transform works on at once: an hour of sound stays within some 100 MB.
_BLOCK = 4096

DB_PER_NEPER = 10.0 / math.log(10.0)
"""Decibels a unit of ln(power); the acoustic model's dB and the vocoder's ln P differ by this factor only."""


def preemphasise(waveform: Tensor, coefficient: float) -> Tensor:
    """y[n] = x[n] - coefficient * x[n-1], with x[-1] = 0. Shape (..., N) in and out."""
    return torch.cat([waveform[..., :1], waveform[..., 1:] - coefficient * waveform[..., :-1]], dim=-1)


def mel_power(waveform: Tensor, config: FeatureConfig) -> Tensor:
    """Mel power spectrogram, not yet floored. Differentiable.

    Args:
        waveform: shape (..., N), amplitude about -1 to 1, at ``config.sample_rate``.
        config: the definition.

    Returns:
        Shape (..., T, M) with T = N // hop_length.

    Raises:
        UserError: when the signal is too short to be padded by reflection.
    """
    n = waveform.shape[-1]
    if n < config.min_samples:
        raise UserError(
            f"A sound of {n} samples ({n / config.sample_rate:.3f} s) is too short for a mel spectrogram.",
            f"Give at least {config.min_samples} samples ({config.min_samples / config.sample_rate:.3f} s).",
        )
    lead, batch = waveform.shape[:-1], waveform.reshape(-1, n)
    n_frames = config.frames_in(n)
    emphasised = preemphasise(batch, config.preemphasis)
    padded = F.pad(emphasised[:, None], config.padding, mode="reflect")[:, 0]
    window = torch.hann_window(config.win_length, device=waveform.device, dtype=waveform.dtype)
    filters = torch.from_numpy(mel_filterbank(config)).to(waveform)
    blocks = []
    for start in range(0, n_frames, _BLOCK):
        frames = min(_BLOCK, n_frames - start)
        first = start * config.hop_length
        piece = padded[:, first : first + (frames - 1) * config.hop_length + config.n_fft]
        spectrum = torch.stft(
            piece,
            config.n_fft,
            config.hop_length,
            config.win_length,
            window,
            center=False,
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        blocks.append((filters @ power).transpose(1, 2))
    return torch.cat(blocks, dim=1).reshape(*lead, n_frames, config.n_mels)


def mel_db(waveform: Tensor, config: FeatureConfig) -> Tensor:
    """Mel spectrogram in dB, 10 log10(max(P, floor)), without a clip-dependent top. Shape (..., N) to (..., T, M)."""
    return 10.0 * torch.log10(mel_power(waveform, config).clamp(min=config.floor))


def db_to_ln(db: Tensor) -> Tensor:
    """dB to ln(power), the vocoder's input."""
    return db / DB_PER_NEPER


def ln_to_db(ln: Tensor) -> Tensor:
    """ln(power) to dB."""
    return ln * DB_PER_NEPER
