"""Training items cut from memory-mapped utterances: segments of frames, segments of sound, collation."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.dataset.layout import Dataset, Split, Utterance
from rtmri2speech.data.dataset.mel_folders import MelSource, read_mel_db
from rtmri2speech.data.dataset.sound_augment import SoundAugmentConfig, augmented_sound
from rtmri2speech.data.dataset.windows import Segment, tile
from rtmri2speech.data.media.audio import read_sound_slice
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.signal.frames import as_uint8


class SegmentBatch(TypedDict):
    """B segments of at most L frames; a shorter one is padded with zeros at its end."""

    frames: Tensor  # (B, V + L, H, W) uint8; V views of the whole utterance in front, where the model wants some
    mel: Tensor  # (B, L, M) dB
    mask: Tensor  # (B, L) 1 where the frame counts in the loss
    length: Tensor  # (B,) frames that are real
    first: Tensor  # (B,) first window that counts
    n_frames: int  # sum of the lengths, known without asking the device


FrameItem = tuple[Tensor, Tensor, Tensor, int]


class FrameSegments(TorchDataset[FrameItem]):
    """Segments of one split: frames uint8 (V + l, H, W), mel (l, M) dB, frame mask (l,), first window that counts.

    V views in front of the segment's own frames are evenly spread over its utterance.
    """

    def __init__(self, dataset: Dataset, split: Split, segment_frames: int, ref_frames: int, views: int = 0) -> None:
        """Lay out the segments.

        Raises:
            DatasetError: when the dataset has no frames, or no utterance of the split is as long as a window.
        """
        dataset.need_frames()
        self.dataset, self.views = dataset, views
        self.segments: list[tuple[Utterance, Segment]] = [
            (utterance, segment)
            for utterance in dataset.of_split(split)
            for segment in tile(utterance.n_frames, segment_frames, ref_frames)
        ]
        if not self.segments:
            raise DatasetError(
                f"{dataset.root}: no utterance of the {split} split is {ref_frames} frames long.",
                "Prepare longer recordings.",
            )

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, index: int) -> FrameItem:
        utterance, (start, stop, first) = self.segments[index]
        # Opened here, by path, so that a worker process inherits no memory map.
        frames = read_frames(self.dataset, utterance, start, stop)
        if self.views:
            spread = (2 * np.arange(self.views) + 1) * utterance.n_frames // (2 * self.views)
            seen = as_uint8(np.array(self.dataset.frames(utterance)[spread]))
            frames = np.concatenate([seen, frames])
        mel = np.asarray(self.dataset.mel_db(utterance)[start:stop])
        if not np.isfinite(mel).all():
            raise DatasetError(
                f"{self.dataset.folder(utterance) / 'mel_db.npy'}: holds values that are not numbers.",
                "Run: rtmri2speech check DATASET; then prepare again.",
            )
        mask = self.dataset.mask(utterance)
        counts = np.array(mask[start:stop]) if mask.ndim == 1 else np.ones(stop - start)
        return torch.from_numpy(frames), torch.from_numpy(mel.copy()), torch.from_numpy(counts).float(), first


def read_frames(dataset: Dataset, utterance: Utterance, start: int = 0, stop: int | None = None) -> UInt8:
    """Frames of an utterance, (l, H, W) uint8, as an array of its own; older datasets hold float32 in [0, 1]."""
    return as_uint8(np.array(dataset.frames(utterance)[start:stop]))


def collate_pad(items: list[FrameItem]) -> SegmentBatch:
    """Stack segments, padding the shorter ones with zeros."""
    parts = zip(*(item[:3] for item in items), strict=True)
    frames, mel, mask = (torch.nn.utils.rnn.pad_sequence(list(part), batch_first=True) for part in parts)
    first = torch.tensor([item[3] for item in items])
    lengths = [len(item[1]) for item in items]
    return {
        "frames": frames,
        "mel": mel,
        "mask": mask,
        "length": torch.tensor(lengths),
        "first": first,
        "n_frames": sum(lengths),
    }


class SoundSegments(TorchDataset[tuple[Tensor, Tensor]]):
    """Segments of sound with their mel for the vocoder: mel (F, M) dB and wave (F * hop,), one an utterance.

    The mel is a slice of the whole utterance's, because the reflected edges of a crop would spoil its
    outer frames. Utterances shorter than the segment are padded: silence in the wave, the floor in the mel.
    The key is (epoch, index): the crop, and where there is a choice of mels the choice, is a function of seed,
    epoch and index alone, whatever the worker. ``mels`` are taken instead of the dataset's own; they know only the
    sound as it was recorded, so that it cannot be changed by ``augment``.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: Split,
        segment_frames: int,
        seed: int,
        mels: MelSource | None = None,
        augment: SoundAugmentConfig | None = None,
    ) -> None:
        if mels is not None and augment is not None and augment.active:
            raise ConfigError(
                f"The mels in {mels.folder} belong to the sound as it was recorded; augmentation would change it.",
                "Leave vocoder.data.augment out of the recipe.",
            )
        self.dataset = dataset
        self.utterances = dataset.of_split(split)
        self.segment_frames = segment_frames
        self.seed = seed
        self.mels = mels
        self.augment = augment if augment is not None and augment.active else None

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        epoch, index = key
        utterance = self.utterances[index]
        if self.augment is not None:
            rng = np.random.default_rng((self.seed, epoch, index))
            return augmented_sound(self.dataset, utterance, self.segment_frames, self.augment, rng)
        room = utterance.n_frames - self.segment_frames
        start = int(np.random.default_rng((self.seed, epoch, index)).integers(room + 1)) if room > 0 else 0
        folder = None if self.mels is None else self.mels.draw(self.seed, epoch, index)
        return load_sound(self.dataset, utterance, start, self.segment_frames, folder)


def load_sound(
    dataset: Dataset, utterance: Utterance, start: int, n_frames: int, mels: Path | None = None
) -> tuple[Tensor, Tensor]:
    """Mel (F, M) dB and wave (F * hop,) of F = n_frames frames from ``start``, padded beyond the end.

    Args:
        dataset: the dataset.
        utterance: which of it.
        start: first frame.
        n_frames: frames, beyond the end too.
        mels: folder to take the mel from instead of the dataset's own (:mod:`rtmri2speech.data.dataset.mel_folders`).

    Raises:
        DatasetError: when the sound is missing or shorter than its frames, or the mel in ``mels`` cannot be used.
    """
    features = dataset.meta.features
    real = min(n_frames, utterance.n_frames - start)
    mel = torch.full((n_frames, features.n_mels), 10.0 * float(np.log10(features.floor)))
    if mels is None:
        own = np.array(dataset.mel_db(utterance)[start : start + real])
    else:
        own = read_mel_db(mels, utterance, features.n_mels, start, start + real)
    mel[:real] = torch.from_numpy(own)
    path: Path = dataset.audio_path(utterance)
    hop = features.hop_length
    samples = read_sound_slice(path, start * hop, real * hop)
    if len(samples) != real * hop:
        raise DatasetError(f"{path}: shorter than its {utterance.n_frames} frames.", "Run prepare again; it mends it.")
    wave = torch.zeros(n_frames * hop)
    wave[: real * hop] = torch.from_numpy(samples)
    return mel, wave
