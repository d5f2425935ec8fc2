"""One look for all frames of a recording, from its first to its last."""

from __future__ import annotations

import numpy as np
import torch

from rtmri2speech.appearance.look import Looks, develop, scan_looks
from rtmri2speech.appearance.recording import levels
from rtmri2speech.arrays import UInt8

_CHUNK = 16
# The scale of a recording comes from frames from this one on, where there are any: the first may be over-bright.
_SETTLED = 40


def film(frames: UInt8, labels: UInt8 | None, look: Looks, size: int | None = None) -> UInt8:
    """A recording as a scanner of this look would have shown it, (T, size, size).

    Args:
        frames: (T, S, S), gray.
        labels: (T, S, S), values of :class:`~rtmri2speech.data.labels.Label`, which get a brightness each; or None.
        look: a single one, on the device that shall do it.
        size: side of the frames that come out; by default that of the source.
    """
    count = len(frames)
    device = look.geometry.linear.device
    side = size or max(frames.shape[1:])
    scans = torch.empty((count, side, side), dtype=torch.float32)
    chunks = [slice(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    for number, chunk in enumerate(chunks):
        looks = look.for_frames(chunk.stop - chunk.start, number)
        numbers = torch.arange(chunk.start, chunk.stop, dtype=torch.float32, device=device)
        images = torch.from_numpy(frames[chunk]).to(device) / 255.0
        known = None if labels is None else torch.from_numpy(labels[chunk]).to(device)
        scans[chunk] = scan_looks(looks, images, known, side, gray=labels is not None, numbers=numbers)[0].cpu()
    dark, bright = levels(scans[min(_SETTLED, count // 2) :])
    low, high = dark.median()[None].to(device), bright.median()[None].to(device)
    result = np.empty((count, side, side), np.uint8)
    for number, chunk in enumerate(chunks):
        looks = look.for_frames(chunk.stop - chunk.start, number)
        video, _ = develop(looks, scans[chunk].to(device), None, low, high)
        result[chunk] = (video * 255.0).round().to(torch.uint8).cpu().numpy()
    return result
