"""The feature clock and the mel filterbank's geometry."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.config import Config
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal import defaults

# Slaney's Auditory Toolbox (1998): linear below 1 kHz, logarithmic above.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0
# Frames per second: a video is laid on this clock, however few frames it has.
_FASTEST = 2000


class FeatureConfig(Config):
    """How sound becomes a mel spectrogram, carried by every file made with it (docs/reference/memo.md, section 1).

    Mel frame ``i`` is centered on sample ``i * hop_length + hop_length / 2``, the center of video
    frame ``i``; N samples give ``N // hop_length`` frames.
    """

    sample_rate: int = Field(defaults.SAMPLE_RATE, ge=1000, le=192_000, description="sampling rate in Hz")
    n_fft: int = Field(defaults.N_FFT, ge=16, le=1 << 17, description="length of the Fourier transform in samples")
    win_length: int = Field(defaults.WIN_LENGTH, ge=16, description="length of the Hann window in samples")
    hop_length: int = Field(defaults.HOP_LENGTH, ge=1, description="samples between frames: one video frame")
    n_mels: int = Field(defaults.N_MELS, ge=1, le=4096, description="number of mel bands")
    preemphasis: float = Field(defaults.PREEMPHASIS, ge=0.0, lt=1.0, description="coefficient of the pre-emphasis")
    fmin: float = Field(0.0, ge=0.0, description="lowest edge of the filterbank in Hz")
    fmax: float | None = Field(None, description="highest edge of the filterbank in Hz; none is Nyquist")
    floor: float = Field(1e-10, gt=0.0, description="smallest mel power, which bounds the decibels below")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.win_length > self.n_fft:
            raise ValueError(f"win_length {self.win_length} is larger than n_fft {self.n_fft}")
        if self.hop_length > self.n_fft:
            raise ValueError(f"hop_length {self.hop_length} is larger than n_fft {self.n_fft}: samples would be lost")
        if self.frame_rate > _FASTEST:
            raise ValueError(
                f"hop_length {self.hop_length} at {self.sample_rate} Hz makes {float(self.frame_rate):g} frames per "
                f"second, more than {_FASTEST}"
            )
        if self.fmax is not None and self.fmax > self.nyquist:
            raise ValueError(f"fmax {self.fmax:g} Hz lies above the Nyquist frequency {self.nyquist:g} Hz")
        if self.fmin >= self.top:
            raise ValueError(f"fmin {self.fmin:g} Hz is not below fmax {self.top:g} Hz")
        return self

    @property
    def nyquist(self) -> float:
        """Half the sampling rate, Hz."""
        return self.sample_rate / 2

    @property
    def top(self) -> float:
        """Highest edge of the filterbank, Hz."""
        return self.nyquist if self.fmax is None else self.fmax

    @property
    def frame_rate(self) -> Fraction:
        """Mel (and so video) frames per second, exact."""
        return Fraction(self.sample_rate, self.hop_length)

    @property
    def padding(self) -> tuple[int, int]:
        """Samples of reflection before and after the signal that center mel frame i on video frame i."""
        total = self.n_fft - self.hop_length
        return total // 2, total - total // 2

    @property
    def min_samples(self) -> int:
        """Fewest samples a signal may have: reflection needs more samples than it pads."""
        return max(self.padding[1] + 1, self.hop_length)

    @property
    def min_frames(self) -> int:
        """Fewest frames a signal may have: those of :attr:`min_samples`, rounded up."""
        return -(-self.min_samples // self.hop_length)

    def frames_in(self, samples: int) -> int:
        """Number of mel frames that ``samples`` samples give."""
        return samples // self.hop_length

    def mel_edges(self) -> Float64:
        """Edges and centers of the filters in Hz, shape (n_mels + 2,); filter m peaks at entry m + 1."""
        low, high = hz_to_mel(np.array([self.fmin, self.top]))
        return mel_to_hz(np.linspace(low, high, self.n_mels + 2))

    def mel_centers(self) -> Float64:
        """Frequency of each filter's peak in Hz, shape (n_mels,)."""
        return self.mel_edges()[1:-1]

    def band_bins(self, low: float, high: float) -> tuple[int, int]:
        """First and last mel bin, both included, whose center lies in ``low`` to ``high`` Hz.

        Raises:
            ConfigError: when the band lies outside the filterbank or holds no center.
        """
        if not 0 <= low < high:
            raise ConfigError(f"Band {low:g}-{high:g} Hz is empty.", "Give the lower frequency first.")
        if high > self.nyquist:
            raise ConfigError(
                f"Band {low:g}-{high:g} Hz ends above the Nyquist frequency {self.nyquist:g} Hz.",
                f"End the band at {self.top:g} Hz or below.",
            )
        inside = np.flatnonzero((self.mel_centers() >= low) & (self.mel_centers() <= high))
        if len(inside) == 0:
            raise ConfigError(f"Band {low:g}-{high:g} Hz holds no mel bin.", "Widen the band.")
        return int(inside[0]), int(inside[-1])


def hz_to_mel(hz: Float64) -> Float64:
    """Hz to mel on Slaney's scale."""
    logarithmic = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, logarithmic)


def mel_to_hz(mel: Float64) -> Float64:
    """Mel on Slaney's scale to Hz."""
    exponential = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, exponential)


@functools.lru_cache(maxsize=8)
def mel_filterbank(config: FeatureConfig) -> Float32:
    """Triangular filters with Slaney's area normalization, shape (n_mels, n_fft // 2 + 1).

    Source: Slaney, Auditory Toolbox (1998); the definition librosa calls ``htk=False, norm="slaney"``.
    """
    edges = config.mel_edges()
    bins = np.linspace(0.0, config.nyquist, config.n_fft // 2 + 1)
    rising = (bins[None, :] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins[None, :]) / np.diff(edges)[1:, None]
    triangles = np.clip(np.minimum(rising, falling), 0.0, None)
    area = 2.0 / (edges[2:] - edges[:-2])
    return (triangles * area[:, None]).astype(np.float32)


@functools.lru_cache(maxsize=8)
def transform_window(config: FeatureConfig) -> Float64:
    """Periodic Hann window in the middle of the transform, shape (n_fft,)."""
    phase = np.arange(config.win_length) * (2.0 * np.pi / config.win_length)
    window = np.zeros(config.n_fft)
    first = (config.n_fft - config.win_length) // 2
    window[first : first + config.win_length] = 0.5 - 0.5 * np.cos(phase)
    return window


def parse_band(text: str) -> tuple[str, float, float]:
    """Read a band as it is written in options, ``F1:300-900``, as name, low and high in Hz.

    Raises:
        ConfigError: for any other spelling.
    """
    match = re.fullmatch(r"([\w.]+):(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", text.strip())
    if match is None:
        raise ConfigError(f"Band '{text}' is not understood.", "Write NAME:LOW-HIGH in Hz, for example F1:300-900.")
    return match[1], float(match[2]), float(match[3])
