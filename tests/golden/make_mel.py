"""Golden data of the mel spectrogram: a fixed signal and what librosa makes of it.

Run again only when the definition changes: ``python tests/golden/make_mel.py`` writes ``mel.npz`` beside this file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE, N_FFT, HOP, MELS, PREEMPHASIS, FLOOR = 11413, 2048, 420, 64, 0.97, 1e-10


def golden_signal() -> NDArray[np.float32]:
    """A chirp over all bands, noise, two clicks and a stretch of digital silence; 1.3 s."""
    rng = np.random.default_rng(20261122)
    n = round(1.3 * RATE)
    time = np.arange(n) / RATE
    chirp = 0.4 * np.sin(2 * np.pi * (60.0 * time + 2000.0 * time**2))
    signal = chirp + 0.02 * rng.standard_normal(n)
    signal[[3000, 9001]] += [0.8, -0.7]
    signal[6000:6900] = 0.0
    return signal.astype(np.float32)


def librosa_mel_db(
    signal: NDArray[np.float32],
    rate: int = RATE,
    n_fft: int = N_FFT,
    win: int = N_FFT,
    hop: int = HOP,
    mels: int = MELS,
    preemphasis: float = PREEMPHASIS,
    fmin: float = 0.0,
    fmax: float | None = None,
) -> NDArray[np.float64]:
    """The mel spectrogram of DESIGN.md in librosa's words, double precision, shape (T, M), dB."""
    import librosa

    x = signal.astype(np.float64)
    emphasised = np.append(x[:1], x[1:] - preemphasis * x[:-1])
    before = (n_fft - hop) // 2
    padded = np.pad(emphasised, (before, n_fft - hop - before), mode="reflect")
    spectrum = librosa.stft(padded, n_fft=n_fft, hop_length=hop, win_length=win, window="hann", center=False)
    basis = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=mels, fmin=fmin, fmax=fmax, htk=False, norm="slaney")
    power = basis.astype(np.float64) @ np.square(np.abs(spectrum))
    return 10.0 * np.log10(np.maximum(power, FLOOR)).T


if __name__ == "__main__":
    sound = golden_signal()
    target = Path(__file__).with_name("mel.npz")
    np.savez_compressed(target, signal=sound, mel_db=librosa_mel_db(sound).astype(np.float32))
    print(f"{target}: {target.stat().st_size / 1024:.0f} KiB")
