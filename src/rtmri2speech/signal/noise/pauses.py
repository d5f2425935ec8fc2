"""How far speech lies above what is heard in its pauses, and whether those show that noise was taken off before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float32, Float64, Int64
from rtmri2speech.signal.noise.short_time import hann, pieces_of, running_mean

_STEP_SECONDS = 0.01
# Four periods of a low voice.
_SPEECH_SECONDS = 0.04
_BAND_HZ = (80.0, 5500.0)
_VOICE_HZ = (70.0, 400.0)
# Harmonics as loud as the noise between them (Boersma 1993, equation 4).
_VOICED = 0.5
_LOUD_SHARE, _QUIET_SHARE = 0.1, 0.1
# A pause is as long: longer than the closure of most stops.
_PAUSE_SECONDS = 0.1
_FEWEST = 10

# Holes: so far below the median of their band, dB, in spectra so short that single frames of a gate show.
_HOLE_DB = -15.0
_HOLE_SECONDS = 0.016
_HOLE_BAND_HZ = (300.0, 5000.0)
_MOST = 4000

NATURAL_HOLES = 1.0 - 2.0 ** -(10.0 ** (_HOLE_DB / 10.0))
"""Share of holes in steady noise whose power is distributed exponentially, as that of any Gaussian noise: 0.022."""

MOST_HOLES = 0.06
"""Share of holes from which on noise is taken to have been removed: nearly three times that of steady noise."""

MOST_SILENCE = 0.05
"""Share of digital silence, as a gate leaves it, from which on the same is said."""


@dataclass(frozen=True)
class Pauses:
    """What is between the words of a recording.

    Attributes:
        snr: level of speech above that of pauses, dB; None where there is too little voice, or no pause has a sound.
        holes: share of times and bands in the pauses that lie 15 dB or more below the median of their band; None where
            too little has a sound.
        silence: share of frames of 10 ms in which every sample is the same.
    """

    snr: float | None
    holes: float | None
    silence: float

    @property
    def gated(self) -> bool:
        """Whether the pauses are not those of a microphone: more holes than noise has, or digital silence."""
        return (self.holes or 0.0) > MOST_HOLES or self.silence > MOST_SILENCE

    @property
    def in_words(self) -> str:
        """What shows that noise was taken off; empty where nothing does."""
        found = []
        if (self.holes or 0.0) > MOST_HOLES:
            found.append(f"{self.holes:.0%} of the spectrum of its pauses are holes, steady noise has 2 %")
        if self.silence > MOST_SILENCE:
            found.append(f"{self.silence:.0%} of it is digital silence")
        return " and ".join(found)


def measure_pauses(samples: Float32, rate: int) -> Pauses:
    """Level of speech above its pauses, and what these are like.

    Speech is the loudest tenth of the voiced frames, in mean power; pauses are the softest tenth of all stretches of
    0.1 s. Frames are 40 ms long (Hann), 10 ms apart, from 80 to 5500 Hz. Voiced is what repeats itself after 2.5 to
    14.3 ms with an autocorrelation of .5 or more, that of the window divided out (Boersma 1993, "Accurate short-term
    analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", Proc. Inst. Phonetic
    Sciences Amsterdam 17, 97-110). That loud frames stand for speech and soft ones for noise, without anybody having to
    mark pauses, is the way of NIST's ``stnr`` (Speech Quality Assurance package, 1994), whose histogram is not used.

    A stretch with a frame of digital silence is no pause.

    Args:
        samples: shape (N,); of a video's sound the part that belongs to it, or else silence before the scan counts.
        rate: samples per second.
    """
    step = max(1, round(_STEP_SECONDS * rate))
    powers, voiced = _frames(samples, rate, step)
    silent = [np.ptp(block, axis=1) == 0 for block in pieces_of(samples, step, step)]
    silence = float(np.concatenate(silent).mean()) if silent else 0.0
    count = round(_PAUSE_SECONDS / _STEP_SECONDS)
    if len(powers) < 2 * count:
        return Pauses(None, None, silence)
    stretches = running_mean(powers, count)
    heard = (powers > 1e-12 * float(powers.max())).astype(np.float64)
    sounding = running_mean(heard, count) > 1.0 - 0.5 / count
    if voiced.sum() < _FEWEST or not sounding.any():
        return Pauses(None, None, silence)
    loud = powers[voiced]
    speech = float(loud[loud >= np.quantile(loud, 1.0 - _LOUD_SHARE)].mean())
    soft = sounding & (stretches <= np.quantile(stretches[sounding], _QUIET_SHARE))
    snr = 10.0 * float(np.log10(speech / stretches[soft].mean()))
    centers = step * (np.flatnonzero(soft) + count // 2) + round(_SPEECH_SECONDS * rate / 2)
    return Pauses(snr, _holes(samples, rate, centers), silence)


def _frames(samples: Float32, rate: int, step: int) -> tuple[Float64, Bool]:
    """Power in the band of speech and whether there is voice, of each frame."""
    size = 2 * round(_SPEECH_SECONDS * rate / 2)
    window = hann(size)
    own = np.fft.irfft(np.square(np.abs(np.fft.rfft(window, 2 * size))))
    lags = np.arange(int(rate / _VOICE_HZ[1]), int(rate / _VOICE_HZ[0]) + 1)
    hz = np.fft.rfftfreq(2 * size, 1.0 / rate)
    band = (hz >= _BAND_HZ[0]) & (hz <= _BAND_HZ[1])
    powers, voiced = [np.zeros(0)], [np.zeros(0, bool)]
    for block in pieces_of(samples, size, step):
        centered = (block - block.mean(axis=1, keepdims=True)) * window
        power = np.square(np.abs(np.fft.rfft(centered, 2 * size, axis=1)))
        powers.append(power[:, band].sum(axis=1))
        repeated = np.fft.irfft(power, axis=1)
        strength = (repeated[:, lags] / own[lags]).max(axis=1)
        voiced.append(strength >= _VOICED * np.maximum(repeated[:, 0] / own[0], 1e-20))
    return np.concatenate(powers), np.concatenate(voiced)


def _holes(samples: Float32, rate: int, centers: Int64) -> float | None:
    """Share of bins in spectra around these samples that lie far below the median of their band."""
    size = 2 * round(_HOLE_SECONDS * rate / 2)
    starts = centers - size // 2
    starts = starts[(starts >= 0) & (starts + size <= len(samples))][:: max(1, len(centers) // _MOST)]
    if len(starts) < _FEWEST:
        return None
    hz = np.fft.rfftfreq(size, 1.0 / rate)
    band = (hz >= _HOLE_BAND_HZ[0]) & (hz <= min(_HOLE_BAND_HZ[1], 0.45 * rate))
    pieces = samples[starts[:, None] + np.arange(size)]
    power = np.square(np.abs(np.fft.rfft(pieces * hann(size), axis=1)))[:, band]
    median = np.median(power, axis=0)
    sounding = median > 0
    if not sounding.any():
        return None
    return float(np.mean(power[:, sounding] < 10.0 ** (_HOLE_DB / 10.0) * median[sounding]))
