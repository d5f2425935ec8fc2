"""Frames of a simulated utterance with the look of some scanner, and the truth about what moved with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.film import film
from rtmri2speech.appearance.geometry import warp_labels, warp_points
from rtmri2speech.appearance.look import draw_looks
from rtmri2speech.appearance.recording import visible
from rtmri2speech.arrays import UInt8
from rtmri2speech.data.truth import Truth

_CHUNK = 16


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
    regions, sections = np.empty_like(frames), np.empty_like(frames)
    for start in range(0, count, _CHUNK):
        chunk = slice(start, min(start + _CHUNK, count))
        looks = look.for_frames(chunk.stop - chunk.start)
        shown = visible(looks.recording, size).to(torch.uint8).numpy()
        for values, moved in ((truth.regions, regions), (truth.sections, sections)):
            moved[chunk] = warp_labels(torch.from_numpy(values[chunk]), looks.geometry, size).numpy() * shown
    result = film(frames, truth.regions, look)
    points = torch.from_numpy(truth.positions.reshape(1, -1, 2))
    positions = warp_points(points, look.geometry, (size, size), size).numpy().reshape(truth.positions.shape)
    return result, replace(truth, regions=regions, sections=sections, positions=positions.astype(np.float32))
