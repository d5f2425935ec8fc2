"""An utterance of an opened dataset with its arrays, read when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float32, Float64, UInt8
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.textgrid import Label, labels_of, read_textgrid

if TYPE_CHECKING:
    from rtmri2speech.data.dataset.layout import Dataset, Split, Utterance


@dataclass(frozen=True, repr=False)
class OpenUtterance:
    """One utterance: T frames of H x W pixels, N samples, M mel bands.

    ``frames``, ``mel_db`` and ``mask`` are memory-mapped: what is not looked at is not read. They, ``wave`` and
    ``labels`` are opened anew whenever they are asked for; keep them in a variable inside a loop.

    Attributes:
        dataset: what it belongs to.
        row: its row of ``utterances.csv``.
    """

    dataset: Dataset
    row: Utterance

    @property
    def id(self) -> str:
        """Its name in the dataset."""
        return self.row.id

    @property
    def speaker(self) -> str:
        """Who speaks."""
        return self.row.speaker

    @property
    def split(self) -> Split:
        """``train``, ``validation`` or ``test``."""
        return self.row.split

    @property
    def text(self) -> str:
        """What is said, in words; empty where its corpus does not say."""
        return self.row.text

    @property
    def folder(self) -> Path:
        """The folder with its files."""
        return self.dataset.folder(self.row)

    @property
    def frames(self) -> NDArray[Any]:
        """Frames (T, H, W): uint8, or float32 in [0, 1] in older datasets.

        Raises:
            DatasetError: when they are missing or damaged, or the dataset has none.
        """
        return self.dataset.frames(self.row)

    @property
    def mel_db(self) -> Float32:
        """Mel spectrogram (T, M), dB.

        Raises:
            DatasetError: when it is missing or damaged.
        """
        return self.dataset.mel_db(self.row)

    @property
    def mask(self) -> UInt8:
        """Mask: (T,) frames that count, (H, W) pixels that count, or (T, H, W) both.

        Raises:
            DatasetError: when it is missing or damaged, or the dataset has no frames.
        """
        return self.dataset.mask(self.row)

    @property
    def wave(self) -> Float32:
        """Sound (N,) at ``sample_rate``, N = T * hop_length.

        Raises:
            MediaError: when it is missing or damaged.
        """
        return read_sound(self.dataset.audio_path(self.row)).samples

    @property
    def sample_rate(self) -> int:
        """Samples per second of ``wave``."""
        return self.dataset.meta.features.sample_rate

    @property
    def times(self) -> Float64:
        """Centers of the frames (T,), in seconds from the first sample of ``wave``."""
        return (np.arange(self.row.n_frames, dtype=np.float64) + 0.5) / float(self.dataset.meta.features.frame_rate)

    @property
    def labels(self) -> list[Label]:
        """Labels of its TextGrid, tier by tier; empty where it has none.

        Raises:
            MediaError: when the TextGrid cannot be read.
        """
        path = self.folder / f"{self.id}.TextGrid"
        return labels_of(read_textgrid(path)) if path.is_file() else []

    def __repr__(self) -> str:
        size = f"{self.row.n_frames} frames, {self.row.seconds:.2f} s"
        return f"OpenUtterance('{self.id}', speaker {self.speaker}, {self.split}, {size})"
