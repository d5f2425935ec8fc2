"""Acoustic model of a measured tract: distances, lips, velum, larynx and tube formants to mel spectrogram.

It reads a whole utterance and predicts the voice (F0, voicing, level) and the formants along with the mel. The last
stage is given F0 and voicing, as predicted or as anybody wants them, so that the mel's harmonics follow them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import gelu
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rtmri2speech.config import Config
from rtmri2speech.models.tract.inputs import TractScaler
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.scaler import MelScaler

FORMANT_COUNT = 4
"""Formants that are predicted."""

TYPICAL_F0_HZ = 150.0
"""Between a man's and a woman's voice."""

_F0_HZ = (40.0, 800.0)
_TYPICAL_FORMANTS_HZ = (500.0, 1500.0, 2500.0, 3500.0)


class TractAcousticConfig(Config):
    """Size of the acoustic model that reads a measured tract."""

    width: int = Field(192, ge=4, description="channels of the convolutions before the LSTM and of the last stage")
    kernel: int = Field(5, ge=1, description="frames that a convolution spans")
    hidden: int = Field(256, ge=4, description="units of the LSTM in each direction")
    layers: int = Field(2, ge=1, description="layers of the LSTM")
    dropout: float = Field(0.3, ge=0.0, lt=1.0, description="share of values dropped in training")


@dataclass(frozen=True)
class Voice:
    """What is predicted next to the mel, (B, T) each.

    Attributes:
        log_base: (B,), logarithm of the recording's mean F0 by :data:`TYPICAL_F0_HZ`.
        log_f0: logarithm of F0 by that mean.
        voicing: logit that there is voice.
        loudness: level, dB.
        log_formants: (B, T, 4), logarithms of F1 to F4 by those of a neutral tract.
    """

    log_base: Tensor
    log_f0: Tensor
    voicing: Tensor
    loudness: Tensor
    log_formants: Tensor

    @property
    def f0_hz(self) -> Tensor:
        """F0, Hz, whether there is voice or not."""
        return (TYPICAL_F0_HZ * (self.log_base[:, None] + self.log_f0).exp()).clamp(*_F0_HZ)

    @property
    def voiced(self) -> Tensor:
        """Probability that there is voice."""
        return self.voicing.sigmoid()

    @property
    def formants_hz(self) -> Tensor:
        """F1 to F4, Hz."""
        return self.log_formants.exp() * self.log_formants.new_tensor(_TYPICAL_FORMANTS_HZ)


@dataclass(frozen=True)
class TractPrediction:
    """The mel (T, M) in dB of one recording, F0 (T,) in Hz and voicing (T,) as they were used, and the voice."""

    mel_db: Tensor
    f0_hz: Tensor
    voiced: Tensor
    voice: Voice


class TractAcousticModel(nn.Module):
    """Rows of inputs to the scaled mel: convolutions, LSTM over the utterance in both directions, heads, last stage.

    Args:
        config: size.
        features: mel definition, whose bands the harmonics fall in.

    Attributes:
        config: as given.
        inputs: scales the inputs; fitted to the training data.
        scaler: of the mel.
    """

    bands: Tensor

    def __init__(self, config: TractAcousticConfig, features: FeatureConfig) -> None:
        super().__init__()
        self.config, self.n_mels = config, features.n_mels
        width, dropout = config.width, config.dropout
        self.inputs = TractScaler()
        self.entry = nn.Linear(self.inputs.size, width)
        self.blocks = nn.ModuleList(_Block(width, config.kernel, dropout) for _ in range(2))
        self.lstm = nn.LSTM(
            width,
            config.hidden,
            config.layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if config.layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        both = 2 * config.hidden
        self.base = nn.Linear(both, 1)
        self.heads = nn.Linear(both, 3 + FORMANT_COUNT)
        # Harmonics of the bands, log F0, voicing.
        self.source = nn.Linear(self.n_mels + 2, width)
        self.tract = nn.Linear(both, width)
        self.last = _Block(width, 3, dropout)
        self.mel = nn.Linear(width, self.n_mels)
        self.depth = nn.Linear(both, self.n_mels)
        self.scaler = MelScaler.identity(self.n_mels)
        edges = torch.from_numpy(features.mel_edges().copy()).float()
        # Not a weight: it follows from the features.
        self.register_buffer("bands", torch.stack([edges[1:-1], 0.5 * (edges[2:] - edges[:-2])]), persistent=False)

    def read(self, rows: Tensor, real: Tensor) -> Tensor:
        """What the network makes of recordings: rows (B, T, C), padded, to (B, T, 2 H).

        Args:
            rows: of :data:`~rtmri2speech.models.tract.inputs.INPUTS`, NaN where unknown.
            real: (B, T), bool; False in the padding, which is at the end. It changes nothing.
        """
        with torch.autocast(rows.device.type, enabled=False):
            values = self.inputs(rows, real)
        x = self.entry(values) * real[..., None]
        for block in self.blocks:
            x = block(x, real)
        packed = pack_padded_sequence(x, real.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=rows.shape[1])
        result: Tensor = self.dropout(read) * real[..., None]
        return result

    def voice(self, read: Tensor, real: Tensor) -> Voice:
        """The heads, of what :meth:`read` gives."""
        mean = read.sum(dim=1) / real.sum(dim=1, keepdim=True).clamp(min=1)
        heads = self.heads(read).float()
        return Voice(
            log_base=self.base(mean).float()[:, 0],
            log_f0=0.2 * heads[..., 0],
            voicing=heads[..., 1],
            loudness=10.0 * heads[..., 2],
            log_formants=0.3 * heads[..., 3:],
        )

    def harmonics(self, f0_hz: Tensor, voiced: Tensor) -> Tensor:
        """How the harmonics of a voice fall into the mel's bands, (B, T, M), -1 to 1.

        A comb 1 + cos(2 pi f / F0) through a triangular filter of half width w about f_m has the wave
        cos(2 pi f_m / F0) sinc^2(w / F0): bands that hold several harmonics do not tell them apart.

        Args:
            f0_hz: (B, T).
            voiced: (B, T), 0 to 1.
        """
        centers, widths = self.bands
        ratio = 1.0 / f0_hz.clamp(*_F0_HZ)[..., None]
        wave: Tensor = (2.0 * torch.pi * centers * ratio).cos() * torch.sinc(widths * ratio).square()
        return wave * voiced[..., None]

    def sound(self, read: Tensor, real: Tensor, f0_hz: Tensor, voiced: Tensor) -> Tensor:
        """The scaled mel (B, T, M) of a tract as it was read, with this voice.

        Args:
            read: from :meth:`read`.
            real: (B, T), bool.
            f0_hz: (B, T), Hz.
            voiced: (B, T), 0 to 1.
        """
        with torch.autocast(read.device.type, enabled=False):
            harmonics = self.harmonics(f0_hz.float(), voiced.float())
            pitch = (f0_hz.float().clamp(*_F0_HZ) / TYPICAL_F0_HZ).log() * voiced
            source = torch.cat([harmonics, pitch[..., None], voiced.float()[..., None]], dim=-1)
        x = self.last((self.source(source) + self.tract(read)) * real[..., None], real)
        scaled: Tensor = self.mel(gelu(x)) + self.depth(read) * harmonics
        return scaled

    def forward(self, rows: Tensor, real: Tensor) -> tuple[Tensor, Voice]:
        """Scaled mel (B, T, M) with the predicted voice, and that voice."""
        read = self.read(rows, real)
        voice = self.voice(read, real)
        return self.sound(read, real, voice.f0_hz, voice.voiced), voice

    def predict(self, rows: Tensor, f0_hz: Tensor | None = None) -> TractPrediction:
        """The mel of one recording; gradients pass through.

        Args:
            rows: (T, C), of :data:`~rtmri2speech.models.tract.inputs.INPUTS`.
            f0_hz: (T,), Hz, in place of the predicted F0; 0 where there is no voice.
        """
        real = torch.ones(1, len(rows), dtype=torch.bool, device=rows.device)
        if len(rows) == 0:
            voice = self.voice(rows.new_zeros(1, 0, 2 * self.config.hidden), real)
            return TractPrediction(rows.new_zeros(0, self.n_mels), voice.f0_hz[0], voice.voiced[0], voice)
        read = self.read(rows[None], real)
        voice = self.voice(read, real)
        pitch, voiced = (voice.f0_hz, voice.voiced) if f0_hz is None else (f0_hz[None], (f0_hz[None] > 0).float())
        scaled = self.sound(read, real, pitch, voiced)
        return TractPrediction(self.scaler.inverse(scaled[0].float()), pitch[0], voiced[0], voice)


class _Block(nn.Module):
    """A convolution over time with a shortcut; frames of the padding stay 0."""

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, kernel, padding="same")
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        there = real[..., None]
        inside = gelu(self.norm(x)) * there
        result: Tensor = x + self.dropout(self.conv(inside.transpose(1, 2)).transpose(1, 2)) * there
        return result


def log_ratio(hertz: Tensor, to: float | Tensor = TYPICAL_F0_HZ) -> Tensor:
    """Logarithm of frequencies by another one; 0 where they are 0 or unknown."""
    safe = torch.where(hertz > 0, hertz, torch.ones_like(hertz) * to)
    return (safe / to).log()


def neutral_formants(like: Tensor) -> Tensor:
    """Formants of a neutral tract, (4,), Hz."""
    return like.new_tensor(_TYPICAL_FORMANTS_HZ)


def log_base_of(f0_hz: Tensor) -> Tensor:
    """Mean logarithm of F0 (B, T) by :data:`TYPICAL_F0_HZ` over voiced frames, (B,); NaN where there are none."""
    voiced = f0_hz > 0
    total = torch.where(voiced, log_ratio(f0_hz), torch.zeros_like(f0_hz)).sum(dim=1)
    count = voiced.sum(dim=1)
    return torch.where(count > 0, total / count.clamp(min=1), torch.full_like(total, torch.nan))
