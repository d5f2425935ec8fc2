"""Which way of combining overlapping windows at inference has the least error, measured on whole utterances."""

from __future__ import annotations

from typing import get_args

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.data.dataset.layout import Dataset, Split
from rtmri2speech.inference.encoder import encode_utterance
from rtmri2speech.models.acoustic import AcousticModel, Inference


def compare_modes(
    model: AcousticModel, dataset: Dataset, split: Split, pixel_mask: Tensor | None, device: torch.device
) -> dict[Inference, float]:
    """Mean absolute error in dB over a split for each way of inference.

    Its own choice of inference is not changed.

    Args:
        model: is moved to the device, in eval mode.
        dataset: what it is measured on.
        split: which utterances.
        pixel_mask: shape (H, W), or None.
        device: where to run.

    Returns:
        The error of each way, dB.
    """
    model = model.to(device).eval()
    mask = None if pixel_mask is None else pixel_mask.to(device)
    errors: dict[Inference, float] = dict.fromkeys(get_args(Inference), 0.0)
    count = 0.0
    for utterance in dataset.of_split(split):
        true = torch.from_numpy(np.array(dataset.mel_db(utterance))).to(device)
        stored = dataset.mask(utterance)
        counts = torch.from_numpy(np.array(stored) if stored.ndim == 1 else np.ones(len(true))).to(true)
        with torch.inference_mode():
            features = encode_utterance(model, dataset, utterance, mask)
            for mode in errors:
                by_frame = (model.predict(features, mode) - true).abs().mean(dim=1)
                errors[mode] += float((by_frame * counts).sum())
        count += float(counts.sum())
    return {mode: error / max(count, 1.0) for mode, error in errors.items()}
