"""The mel spectrogram as a figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.drawing.style import Drawing, new_drawing, save_drawing, set_title
from rtmri2speech.signal.features import FeatureConfig

_TICKS_HZ = (100, 300, 500, 900, 1500, 2500, 4000, 5500, 8000)
# Speech lies within some 60 dB of its peak; a fixed span keeps figures of different clips comparable.
_SPAN_DB = 70.0


def mel_figure(mel_db: Float32, features: FeatureConfig, title: str) -> Drawing:
    """A mel spectrogram (T, M) in dB over time in seconds and frequency in Hz."""
    seconds = float(len(mel_db) / features.frame_rate)
    figure = new_drawing(min(max(6.0, 1.2 * seconds), 24.0), 3.6)
    axes = figure.add_subplot()
    top = float(np.max(mel_db))
    image = axes.imshow(
        mel_db.T,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        vmin=top - _SPAN_DB,
        vmax=top,
        extent=(0.0, seconds, -0.5, features.n_mels - 0.5),
    )
    centers = features.mel_centers()
    ticks = [hz for hz in _TICKS_HZ if centers[0] <= hz <= centers[-1]]
    axes.set_yticks(np.interp(ticks, centers, np.arange(features.n_mels)), [str(hz) for hz in ticks])
    axes.set_xlabel("time (s)")
    axes.set_ylabel("frequency (Hz)")
    set_title(axes, title)
    figure.colorbar(image, ax=axes, label="power (dB)", pad=0.01)
    return figure


def draw_mel(path: Path, mel_db: Float32, features: FeatureConfig, title: str) -> None:
    """Write :func:`mel_figure` as PNG.

    Raises:
        UserError: when the file cannot be written.
    """
    save_drawing(mel_figure(mel_db, features, title), path)
