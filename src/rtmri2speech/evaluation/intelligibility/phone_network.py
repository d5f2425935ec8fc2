"""The recognizer ``phones``: a small network that writes down the phones of a sound, without words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from rtmri2speech.arrays import Float32, Floating, Int64
from rtmri2speech.config import Config
from rtmri2speech.data.media.audio import resample
from rtmri2speech.errors import BundleError
from rtmri2speech.evaluation.intelligibility.recognizers import SHIPPED_PHONES
from rtmri2speech.models.bundle.container import read_container, write_container
from rtmri2speech.models.bundle.strict_loading import load_strictly
from rtmri2speech.signal import defaults
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db

FEATURES = FeatureConfig(
    sample_rate=defaults.SAMPLE_RATE, n_fft=512, win_length=320, hop_length=114, n_mels=40, floor=1e-7
)
"""Mel spectrogram of 100 frames per second, with a window of 28 ms."""

_KIND = "phones"
# Decibels below the loudest band of a sound that count as silence, and the scale of what the network reads.
_RANGE, _SCALE = 60.0, 12.0
# Natural logarithm of what it costs to pass from a phone to another: a frame of noise is no phone.
_SWITCH = 3.0


class PhoneConfig(Config):
    """Size of the network."""

    hidden: int = Field(64, ge=1, description="channels of the convolution, and units of the GRU in each direction")
    dropout: float = Field(0.3, ge=0.0, lt=1.0, description="share of values dropped in training")
    phones: tuple[str, ...] = Field(SHIPPED_PHONES, min_length=1, description="labels of its phones")
    features: FeatureConfig = FEATURES


class PhoneNetwork(nn.Module):
    """A convolution over five frames, two bidirectional GRUs, and the log-probability of each phone and of silence.

    Args:
        config: its size.
    """

    def __init__(self, config: PhoneConfig) -> None:
        super().__init__()
        self.config, size = config, config.hidden
        self.near = nn.Conv1d(config.features.n_mels, size, 5, padding=2)
        self.far = nn.GRU(size, size, 2, batch_first=True, bidirectional=True, dropout=config.dropout)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * size, len(config.phones) + 1)

    def forward(self, levels: Tensor) -> Tensor:
        """Levels (B, T, M), of :func:`levels_of`, to log-probabilities (B, T, P + 1), those of silence first."""
        near = torch.relu(self.near(levels.transpose(1, 2))).transpose(1, 2)
        return torch.log_softmax(self.head(self.dropout(self.far(self.dropout(near))[0])), dim=-1)

    @torch.inference_mode()
    def read(self, wave: Floating, rate: int) -> list[str]:
        """Phones of a wave, in order; none where it is silent, or shorter than a mel spectrogram needs.

        Args:
            wave: shape (N,), amplitude about -1 to 1.
            rate: samples per second.
        """
        levels = levels_of(wave, rate, self.config.features)
        if not levels.any():
            return []
        scores = self(torch.from_numpy(levels)[None])[0].double().numpy()
        return [self.config.phones[number - 1] for number in best_path(scores) if number]


def levels_of(wave: Floating, rate: int, features: FeatureConfig = FEATURES) -> Float32:
    """What the network reads of a wave, (T, M): level of each mel band about its mean, in units of 12 dB.

    Neither a steady coloring of the sound is in it nor, as far as the floor of the mel spectrogram is not reached, its
    loudness. Silence, and what is too short, gives zeros.

    Args:
        wave: shape (N,), amplitude about -1 to 1.
        rate: samples per second.
        features: of the mel spectrogram.
    """
    sound = resample(np.asarray(wave, np.float32), rate, features.sample_rate)
    if len(sound) < features.min_samples:
        return np.zeros((0, features.n_mels), np.float32)
    mel = mel_db(sound, features)
    heard = np.maximum(mel, mel.max() - _RANGE)
    return np.asarray((heard - heard.mean(axis=0)) / _SCALE, np.float32)


def best_path(scores: Floating) -> list[int]:
    """The most likely sequence of states, each once for as long as it lasts (Viterbi 1967, all changes alike).

    Args:
        scores: log-probabilities of P + 1 states, (T, P + 1).
    """
    count, states = scores.shape
    if not count:
        return []
    came_from = np.zeros((count, states), np.int64)
    total, stay = np.array(scores[0], np.float64), np.arange(states)
    for frame in range(1, count):
        best = int(total.argmax())
        changed = total[best] - _SWITCH
        came_from[frame] = np.where(total >= changed, stay, best)
        total = np.maximum(total, changed) + scores[frame]
    path: Int64 = np.zeros(count, np.int64)
    path[-1] = total.argmax()
    for frame in range(count - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return [int(state) for state in path[np.flatnonzero(np.diff(path, prepend=-1))]]


def save_phone_network(network: PhoneNetwork, path: Path, provenance: dict[str, object]) -> None:
    """Write a network with its size and where it is from, weights as half precision.

    Raises:
        UserError: when it cannot be written.
    """
    header = {"kind": _KIND, "config": network.config.model_dump(mode="json"), "provenance": provenance}
    write_container(path, header, {name: value.half() for name, value in network.state_dict().items()})


def load_phone_network(path: Path) -> PhoneNetwork:
    """Read a network, in eval mode.

    Raises:
        BundleError: when the file is missing, damaged or holds something else.
    """
    header, tensors = read_container(path)
    if header.get("kind") != _KIND:
        raise BundleError(f"{path}: holds no phone recognizer.", "Install the whole project again.")
    network = PhoneNetwork(PhoneConfig.parse(header["config"], str(path)))
    load_strictly(network, {name: value.float() for name, value in tensors.items()}, str(path))
    return network.eval()
