"""Frames to feature vectors, a few frames at a time (the one place that knows how many), and these to a mel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.training_items import read_frames
from rtmri2speech.inference.captured_pieces import CapturedPieces
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.threads import one_core, single_core_threads
from rtmri2speech.parallel import one_ahead
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frames import model_input

Made = TypeVar("Made")

# On a CPU the feature maps of four frames still fit in its cache. A GPU needs 128 to take longer over them than over
# starting its kernels; what a layer reads and writes is 4.2 MB per frame of 256 x 256 pixels, so that they fit into a
# small one. Where activations are kept for a backward pass there is room for fewer.
_CPU, _GPU, _GPU_BACKWARD = 4, 128, 32

# Of an utterance, some minutes of 256 x 256 pixels at a time.
_FRAMES_IN_MEMORY = 1600


def frames_at_once(device: torch.device, backward: bool = False) -> int:
    """How many frames the CNN backbone is given at a time.

    Args:
        device: where it runs.
        backward: whether activations are kept for gradients.
    """
    if device.type == "cpu":
        return _CPU
    return _GPU_BACKWARD if backward else _GPU


def in_pieces(
    blocks: Iterable[UInt8], work: Callable[[Tensor, int], Made], device: torch.device, backward: bool = False
) -> Iterator[Made]:
    """What ``work`` makes of pieces of blocks, in order; on a CPU several pieces at a time, one thread each.

    While a GPU works, another thread makes the next block. On a CPU a block takes a hundredth of the time that work on
    it does (0.1 ms per frame decoded), and the cores are busy.

    Args:
        blocks: frames (n, H, W), uint8, in order.
        work: gets a piece (m, H, W), uint8, on the CPU, and the number of its first frame in the clip.
        device: where the model runs.
        backward: whether activations are kept for gradients.
    """
    size, first = frames_at_once(device, backward), 0
    if device.type != "cpu":
        for piece in _regrouped(one_ahead(blocks), size):
            # Here, since libraries of a GPU start anew in every thread, which takes a second; and with gradients as
            # in a new one, whatever the caller has switched off.
            with torch.inference_mode(False), torch.enable_grad():
                made = work(torch.from_numpy(piece), first)
            yield made
            first += len(piece)
        return
    with single_core_threads(torch.get_num_threads()) as pool:
        for block in blocks:
            pieces = torch.split(torch.from_numpy(block), size)
            yield from pool.map(work, pieces, range(first, first + len(block), size))
            first += len(block)


def _regrouped(blocks: Iterable[UInt8], size: int) -> Iterator[UInt8]:
    """The same frames in blocks of ``size``, the last one smaller."""
    waiting: list[UInt8] = []
    for block in blocks:
        while len(block):
            room = size - sum(len(part) for part in waiting)
            waiting.append(block[:room])
            block = block[room:]
            if len(waiting[-1]) == room:
                yield np.concatenate(waiting)
                waiting = []
    if waiting:
        yield np.concatenate(waiting)


def encode(
    model: AcousticModel,
    blocks: Iterable[UInt8],
    pixel_mask: Tensor | None,
    progress: Progress = SILENT,
    encoder: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Feature vectors (T, C) of frames, on the model's device.

    Only the features are kept (208 numbers per frame at the default size), so that an hour of video needs some 100 MB.

    Args:
        model: in eval mode.
        blocks: frames (n, H, W), uint8, in order.
        pixel_mask: (H, W) on the model's device, or None.
        progress: counts frames.
        encoder: makes features (n, C) of frames (n, H, W) in [0, 1] in place of ``model``.
    """
    weight = model.head.weight
    features_of = encoder or model.encode

    def made_of(frames: Tensor) -> Tensor:
        return features_of(model_input(frames, pixel_mask)).to(weight.dtype)

    on_device = made_of if weight.device.type == "cpu" else CapturedPieces(made_of, _GPU, weight.device)

    def encode_piece(frames: Tensor, _: int) -> Tensor:
        with torch.inference_mode():
            features = on_device(frames)
        progress.advance(len(frames))
        return features

    return torch.cat(list(in_pieces(blocks, encode_piece, weight.device)))


@torch.inference_mode()
def predict(model: AcousticModel, features: Tensor) -> Float32:
    """Mel spectrogram (T, M) in dB of feature vectors (T, C), as an array.

    Args:
        model: in eval mode.
        features: from :func:`encode`.
    """
    with one_core():
        mel: Float32 = model.predict(features).float().cpu().numpy()
    return mel


def encode_utterance(
    model: AcousticModel,
    dataset: Dataset,
    utterance: Utterance,
    pixel_mask: Tensor | None,
    encoder: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Feature vectors (T, C) of an utterance's frames, of which few are in memory at a time.

    Arguments are as of :func:`encode`.

    Raises:
        DatasetError: when the frames are missing or damaged.
    """
    starts = range(0, utterance.n_frames, _FRAMES_IN_MEMORY)
    blocks = (read_frames(dataset, utterance, start, start + _FRAMES_IN_MEMORY) for start in starts)
    return encode(model, blocks, pixel_mask, encoder=encoder)
