"""Speech that was made from a video."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.annotation.pitch_tier import PitchTier, write_pitch_tier
from rtmri2speech.data.files import replacing
from rtmri2speech.data.media.audio import wav_bytes, write_wav
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import db_to_ln

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing


@dataclass(frozen=True, repr=False)
class Speech:
    """Speech made from one video.

    Attributes:
        name: the video's name without its ending.
        wave: (N,), N = hop_length * T samples.
        mel_db: (T, M), dB.
        features: the mel definition.
        notes: remarks about the video.
        way: how it was made: ``image``, by the network that reads frames, or ``tract``, from the measured tract.
        f0_hz: (T,), Hz, 0 where there is no voice: what the mel was made with on the way of the tract, or the wave by a
            vocoder with a harmonic source; else None.
        backend: what computed the networks.
    """

    name: str
    wave: Float32
    mel_db: Float32
    features: FeatureConfig
    notes: list[str] = field(default_factory=list)
    way: Literal["image", "tract"] = "image"
    f0_hz: Float32 | None = None
    backend: str = "torch"

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.features.sample_rate

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.wave) / self.sample_rate

    @property
    def times(self) -> Float64:
        """Centers of the frames, (T,), seconds from the start of the video."""
        return np.asarray((np.arange(len(self.mel_db)) + 0.5) / float(self.features.frame_rate), np.float64)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``<name>_generated.wav``, ``<name>_mel.npy`` and ``<name>_mel_log.npy``.

        ``_mel.npy`` is (T, M) in dB, as in the dataset; ``_mel_log.npy`` is (M, T) in ln(power), as the vocoder
        reads it. Where F0 is known, ``<name>_generated.PitchTier`` has F0 of the voiced frames: Praat
        opens it, and what was changed there can be given to ``synthesize`` again.

        Args:
            folder: made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        wav, mel, ln_mel = (
            Path(folder) / f"{self.name}{end}" for end in ("_generated.wav", "_mel.npy", "_mel_log.npy")
        )
        write_wav(wav, self.wave, self.sample_rate)
        for path, array in ((mel, self.mel_db), (ln_mel, db_to_ln(self.mel_db).T)):
            with replacing(path) as file:
                np.save(file, array)
        return [wav, mel, ln_mel, *self._save_pitch(wav.with_suffix(".PitchTier"))]

    def _save_pitch(self, path: Path) -> list[Path]:
        if self.f0_hz is None or not (self.f0_hz > 0).any():
            return []
        voiced = self.f0_hz > 0
        f0_hz = self.f0_hz[voiced].astype(np.float64)
        write_pitch_tier(path, PitchTier(0.0, self.seconds, self.times[voiced], f0_hz))
        return [path]

    def show(self) -> Drawing:
        """The mel spectrogram as a figure, which a notebook shows."""
        from rtmri2speech.drawing.mel import mel_figure

        return mel_figure(self.mel_db, self.features, self.name)

    def __repr__(self) -> str:
        return f"Speech({self.name!r}, {self.seconds:.2f} s at {self.sample_rate} Hz, {len(self.mel_db)} frames)"

    def _repr_html_(self) -> str:
        sound = base64.b64encode(wav_bytes(self.wave, self.sample_rate)).decode("ascii")
        player = f'<audio controls src="data:audio/wav;base64,{sound}"></audio>'
        return f"<div>{html.escape(repr(self))}<br>{player}<br>{self.show().html('mel spectrogram')}</div>"
