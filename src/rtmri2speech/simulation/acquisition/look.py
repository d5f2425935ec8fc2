"""Frames of a simulated utterance with the look of some scanner, and the truth about what moved with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.geometry import warp_labels, warp_points
from rtmri2speech.appearance.look import develop, draw_looks, scan_looks
from rtmri2speech.appearance.recording import levels, visible
from rtmri2speech.arrays import UInt8
from rtmri2speech.data.truth import Truth

_CHUNK = 16
# The scale of a recording comes from frames from this one on, where there are any: the first may be over-bright.
_SETTLED = 40


def with_look(frames: UInt8, truth: Truth, config: LookConfig, seed: int) -> tuple[UInt8, Truth]:
    """One look for a whole recording.

    Regions, sections and the sections' positions move with the frames. All else of the truth stays as it was, and
    stays true of the sound: formants, areas, lengths, sensitivity functions and tract parameters are those of the
    speaker as simulated, in cm, not of the zoomed and warped shape in the frames.

    Args:
        frames: (T, S, S).
        truth: of these frames.
        config: what the look is drawn from.
        seed: of the look.

    Returns:
        Frames (T, S, S) and their truth.
    """
    before = torch.get_num_threads()
    # One thread, as everywhere in workers; sums then come out the same on every computer.
    torch.set_num_threads(1)
    try:
        return _with_look(frames, truth, config, seed)
    finally:
        torch.set_num_threads(before)


def _with_look(frames: UInt8, truth: Truth, config: LookConfig, seed: int) -> tuple[UInt8, Truth]:
    count, size = frames.shape[:2]
    look = draw_looks(1, torch.Generator().manual_seed(seed), config)
    scans = np.empty(frames.shape, np.float32)
    regions, sections = np.empty_like(frames), np.empty_like(frames)
    chunks = [slice(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    for number, chunk in enumerate(chunks):
        looks = look.for_frames(chunk.stop - chunk.start, number)
        numbers = torch.arange(chunk.start, chunk.stop, dtype=torch.float32)
        labels = torch.from_numpy(truth.regions[chunk])
        scan, moved = scan_looks(looks, torch.from_numpy(frames[chunk]) / 255.0, labels, numbers=numbers)
        shown = visible(looks.recording, size).to(torch.uint8).numpy()
        scans[chunk] = scan.numpy()
        regions[chunk] = shown if moved is None else moved.numpy() * shown
        sections[chunk] = warp_labels(torch.from_numpy(truth.sections[chunk]), looks.geometry, size).numpy() * shown
    dark, bright = levels(torch.from_numpy(scans[min(_SETTLED, count // 2) :]))
    result = np.empty_like(frames)
    for number, chunk in enumerate(chunks):
        looks = look.for_frames(chunk.stop - chunk.start, number)
        video, _ = develop(looks, torch.from_numpy(scans[chunk]), None, dark.median()[None], bright.median()[None])
        result[chunk] = (video * 255.0).round().to(torch.uint8).numpy()
    points = torch.from_numpy(truth.positions.reshape(1, -1, 2))
    positions = warp_points(points, look.geometry, (size, size), size).numpy().reshape(truth.positions.shape)
    return result, replace(truth, regions=regions, sections=sections, positions=positions.astype(np.float32))
