"""Waveform to mel spectrogram: the only mel code of the program, for NumPy arrays and PyTorch tensors alike."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rtmri2speech.arrays import Floating
from rtmri2speech.errors import UserError
from rtmri2speech.signal.features import FeatureConfig, mel_filterbank, transform_window

if TYPE_CHECKING:
    from torch import Tensor

# NumPy arrays are for what must not wait seconds for PyTorch to be imported (prepare, check); tensors have gradients.
Array = TypeVar("Array", Floating, "Tensor")

# Frames a transform works on at once: an hour of sound stays within some 100 MB.
_BLOCK = 4096

DB_PER_NEPER = 10.0 / math.log(10.0)
"""Decibels a unit of ln(power); the acoustic model's dB and the vocoder's ln P differ by this factor only."""


def _library(array: Any) -> Any:
    """The library that an array belongs to; what is used of it below is spelled the same in both.

    ``Any``, because the two have no common type that a checker knows, and the array API's compatibility package would
    be one more dependency for five functions: concatenate, flip, fft.rfft, log10 and clip.
    """
    if isinstance(array, np.ndarray):
        return np
    import torch  # here, because only tensors need it, and whoever has one has imported it

    return torch


def _window_and_filters(config: FeatureConfig, array: Any) -> tuple[Any, Any]:
    """The definition's constants in the library, precision and place of an array."""
    if isinstance(array, np.ndarray):
        return transform_window(config).astype(array.dtype), mel_filterbank(config).T.astype(array.dtype)
    return _constants_on(config, array.dtype, array.device)


@functools.lru_cache(maxsize=8)
def _constants_on(config: FeatureConfig, dtype: Any, device: Any) -> tuple[Any, Any]:
    import torch

    # Kept, since a copy to a GPU waits for it; and fit for gradients, wherever the first call came from.
    with torch.inference_mode(False):
        window, filters = (torch.from_numpy(values) for values in (transform_window(config), mel_filterbank(config).T))
        return window.to(device, dtype), filters.to(device, dtype)


def _cut(signal: Any, length: int, hop: int) -> Any:
    """Every stretch of ``length`` samples, ``hop`` apart, as a view: (..., N) to (..., T, length)."""
    if isinstance(signal, np.ndarray):
        return np.lib.stride_tricks.sliding_window_view(signal, length, axis=-1)[..., ::hop, :]
    return signal.unfold(-1, length, hop)


def preemphasize(waveform: Array, coefficient: float) -> Array:
    """y[n] = x[n] - coefficient * x[n-1], with x[-1] = 0. Shape (..., N) in and out."""
    rest = waveform[..., 1:] - coefficient * waveform[..., :-1]
    emphasized: Array = _library(waveform).concatenate([waveform[..., :1], rest], axis=-1)
    return emphasized


def mel_power(waveform: Array, config: FeatureConfig) -> Array:
    """Mel power spectrogram, not yet floored. Differentiable where the waveform is a tensor.

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
    library = _library(waveform)
    emphasized = preemphasize(waveform, config.preemphasis)
    before, after = config.padding
    reflected = [
        library.flip(emphasized[..., 1 : before + 1], (-1,)),
        emphasized,
        library.flip(emphasized[..., n - 1 - after : n - 1], (-1,)),
    ]
    frames = _cut(library.concatenate(reflected, axis=-1), config.n_fft, config.hop_length)
    window, filters = _window_and_filters(config, waveform)
    blocks = []
    for start in range(0, config.frames_in(n), _BLOCK):
        spectrum = library.fft.rfft(frames[..., start : start + _BLOCK, :] * window)
        power = spectrum.real**2 + spectrum.imag**2
        blocks.append(power @ filters)
    mel: Array = blocks[0] if len(blocks) == 1 else library.concatenate(blocks, axis=-2)
    return mel


def mel_db(waveform: Array, config: FeatureConfig) -> Array:
    """Mel spectrogram in dB, 10 log10(max(P, floor)), without a clip-dependent top. Shape (..., N) to (..., T, M)."""
    power = mel_power(waveform, config).clip(min=config.floor)
    db: Array = 10.0 * _library(power).log10(power)
    return db


def mel_ln(waveform: Array, config: FeatureConfig) -> Array:
    """Mel spectrogram in ln(max(P, floor)), what the vocoder reads. Shape (..., N) to (..., T, M)."""
    power = mel_power(waveform, config).clip(min=config.floor)
    ln: Array = _library(power).log(power)
    return ln


def db_to_ln(db: Array) -> Array:
    """dB to ln(power), the vocoder's input."""
    return db / DB_PER_NEPER


def ln_to_db(ln: Array) -> Array:
    """ln(power) to dB."""
    return ln * DB_PER_NEPER
