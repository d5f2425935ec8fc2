"""How overlapping windows are best put together: measured on whole recordings, as the model is used."""

from __future__ import annotations

from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.data.dataset.layout import Dataset, Split, Utterance
from rtmri2speech.data.dataset.training_items import read_frames
from rtmri2speech.models.acoustic import AcousticModel, Inference
from rtmri2speech.signal.frames import model_input

# On a CPU the maps of four frames still fit in its cache.
_FRAMES_AT_ONCE = {"cpu": 4, "cuda": 64}
_FRAMES_IN_MEMORY = 1600


def features_of(model: AcousticModel, frames: NDArray[np.uint8], pixel_mask: Tensor | None) -> Tensor:
    """Features (T, C) of frames (T, H, W) under a mask (H, W) or None, a few frames at a time."""
    device = model.head.weight.device
    blocks = torch.split(torch.from_numpy(frames), _FRAMES_AT_ONCE[device.type])
    return torch.cat([model.encode(model_input(block.to(device), pixel_mask)) for block in blocks])


def features_of_utterance(
    model: AcousticModel, dataset: Dataset, utterance: Utterance, pixel_mask: Tensor | None
) -> Tensor:
    """Features (T, C) of an utterance; no more than a minute of its frames is in memory at a time.

    Raises:
        DatasetError: when the frames are missing or damaged.
    """
    starts = range(0, utterance.n_frames, _FRAMES_IN_MEMORY)
    blocks = (read_frames(dataset, utterance, start, start + _FRAMES_IN_MEMORY) for start in starts)
    return torch.cat([features_of(model, frames, pixel_mask) for frames in blocks])


def compare_modes(
    model: AcousticModel, dataset: Dataset, split: Split, pixel_mask: Tensor | None, device: torch.device
) -> dict[str, float]:
    """Mean absolute error in dB over a split for each way of inference.

    Args:
        model: in any state; it is put to evaluation on the device.
        dataset: what it is measured on.
        split: which part.
        pixel_mask: shape (H, W), or None.
        device: where to run.
    """
    model = model.to(device).eval()
    mask = None if pixel_mask is None else pixel_mask.to(device)
    errors = dict.fromkeys(get_args(Inference), 0.0)
    count = 0.0
    for utterance in dataset.of_split(split):
        true = torch.from_numpy(np.array(dataset.mel_db(utterance))).to(device)
        stored = dataset.mask(utterance)
        counts = torch.from_numpy(np.array(stored) if stored.ndim == 1 else np.ones(len(true))).to(true)
        with torch.inference_mode():
            features = features_of_utterance(model, dataset, utterance, mask)
            for mode in errors:
                by_frame = (model.predict(features, mode) - true).abs().mean(dim=1)
                errors[mode] += float((by_frame * counts).sum())
        count += float(counts.sum())
    return {mode: error / max(count, 1.0) for mode, error in errors.items()}
