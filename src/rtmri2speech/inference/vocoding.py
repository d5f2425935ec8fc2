"""Mel spectrogram to wave."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from rtmri2speech.arrays import Float32
from rtmri2speech.models.vocoder.generator import Vocoder
from rtmri2speech.signal.mel import db_to_ln


@torch.inference_mode()
def wave_pieces(
    vocoder: Vocoder, mel_db: Float32, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Iterator[Float32]:
    """The wave in pieces (n,) that together are hop_length * T samples.

    Args:
        vocoder: on the device, in that precision.
        mel_db: (T, M), dB.
        device: where the vocoder is.
        dtype: precision of the vocoder.
    """
    ln_mel = db_to_ln(torch.from_numpy(np.array(mel_db, np.float32))).T.to(device, dtype)
    for piece in vocoder.generate(ln_mel):
        yield piece.float().cpu().numpy()


def vocode(
    vocoder: Vocoder, mel_db: Float32, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Float32:
    """The wave (hop_length * T,) of a mel spectrogram; arguments as in :func:`wave_pieces`."""
    return np.concatenate([np.zeros(0, np.float32), *wave_pieces(vocoder, mel_db, device, dtype)])
