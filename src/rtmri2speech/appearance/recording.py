"""From magnitude frames to a video: pixels, gray values, compression, margins, letters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi

import torch
import torch.nn.functional as functional
from torch import Tensor

from rtmri2speech.appearance.config import RecordingConfig
from rtmri2speech.appearance.draws import Drawn, Draws, chosen, per_frame

# Sides of the compression's blocks in pixels of the frame: 8 pixels of a video with fewer pixels are larger there.
_BLOCKS = (8, 16, 24)
# Rows and columns of dots of the letters.
_LETTERS = (5, 18)
_MOST_PIXELS = 256.0


@dataclass(frozen=True)
class Recording(Drawn):
    """What happens to the frames of N looks on their way to the video.

    Attributes:
        pixels: (N,), per side of the video; infinite for as many as the frames have.
        nearest: (N,), 1 where those were enlarged to squares.
        gamma: (N,), exponent.
        bright_cut: (N,) and dark_cut: (N,), shares of the brightest that are cut off.
        quantizer: (N,), step of the compression in gray values of 255, 0 for none.
        block: (N,), number of the block size.
        grays: (N,), gray values.
        interlace: (N,), shift of every other line, share of the frame.
        margins: (N, 4), black at top, bottom, left and right, shares.
        circle: (N,), radius outside of which is black, in halves of the frame.
        letters: (N, 5, 18), dots; all 0 for none.
        letter_box: (N, 4), column and row where they start, side of a dot, shares; their brightness.
        noisy_rows: (N,), share of the frame.
    """

    pixels: Tensor
    nearest: Tensor
    gamma: Tensor
    bright_cut: Tensor
    dark_cut: Tensor
    quantizer: Tensor
    block: Tensor
    grays: Tensor
    interlace: Tensor
    margins: Tensor
    circle: Tensor
    letters: Tensor
    letter_box: Tensor
    noisy_rows: Tensor


def draw_recording(draws: Draws, config: RecordingConfig, matrix: Tensor) -> Recording:
    """Draw the video of N looks whose frames resolve ``matrix`` (N,) pixels per side."""
    own = draws.chance(config.pixels) > 0.0
    more = matrix + (_MOST_PIXELS - matrix).clamp(min=0.0) * draws.uniform((0.0, 1.2))
    pixels = torch.where(own, matrix, more).round()
    infinite = torch.full_like(pixels, torch.inf)
    clipped = draws.chance(config.clipping)
    # Letters are three dots wide with one between, and stand in runs.
    dots = draws.chance(0.6, *_LETTERS)
    dots[:, :, 3::4] = 0.0
    left = draws.chance(0.5)
    return Recording(
        pixels=torch.where(pixels < _MOST_PIXELS, pixels, infinite),
        nearest=draws.chance(config.nearest),
        gamma=draws.ratio(config.gamma),
        bright_cut=draws.uniform(config.clipped) * clipped,
        dark_cut=draws.uniform((0.0, 0.08)) * clipped,
        quantizer=draws.ratio(config.quantizer) * draws.chance(config.compression),
        block=(256.0 / pixels.clamp(min=1.0)).round().clamp(1, len(_BLOCKS)).long() - 1,
        grays=torch.where(draws.chance(config.coarse_gray) > 0.0, 2.0 ** draws.uniform((5.0, 7.0)), 256.0).round(),
        interlace=draws.uniform((0.006, 0.02)) * (1.0 - 2.0 * left) * draws.chance(config.interlaced),
        margins=draws.uniform(config.margin, 4) * draws.chance(config.border)[:, None] * draws.chance(0.6, 4),
        circle=torch.where(draws.chance(config.circle) > 0.0, draws.uniform((0.95, 1.1)), infinite),
        letters=dots * draws.chance(config.marks)[:, None, None],
        letter_box=torch.stack(
            [
                left * 0.03 + (1.0 - left) * draws.uniform((0.5, 0.7)),
                torch.where(draws.chance(0.5) > 0.0, 0.03, 0.88),
                draws.uniform((0.008, 0.016)),
                draws.uniform((0.5, 1.0)),
            ],
            dim=1,
        ),
        noisy_rows=draws.uniform((0.01, 0.04)) * draws.chance(config.noisy_rows),
    )


def resample(frames: Tensor, recording: Recording) -> Tensor:
    """Frames (N, S, S) as they look with the video's number of pixels, brought back to S x S."""
    size = frames.shape[1]
    index = chosen((recording.pixels < size).float())
    if not len(index):
        return frames
    rows = _through_pixels(recording.pixels[index], recording.nearest[index] > 0.0, size)
    return frames.index_copy(0, index, rows @ frames[index] @ rows.transpose(1, 2))


def _through_pixels(pixels: Tensor, nearest: Tensor, size: int) -> Tensor:
    """(N, S, S): S values to ``pixels`` values in between and back, as one matrix per look."""
    line = torch.arange(size, device=pixels.device)
    count = pixels[:, None]
    place = (line + 0.5) * (count / size) - 0.5
    first = torch.where(nearest[:, None], place.round(), place.floor())
    share = torch.where(nearest[:, None], torch.zeros_like(place), place - first)

    def taken(number: Tensor) -> Tensor:
        center = (number.clamp(min=0.0).minimum(count - 1.0) + 0.5) * (size / count) - 0.5
        return (1.0 - (line - center[:, :, None]).abs()).clamp(min=0.0)

    return taken(first) * (1.0 - share)[:, :, None] + taken(first + 1.0) * share[:, :, None]


def levels(frames: Tensor) -> tuple[Tensor, Tensor]:
    """Darkest and brightest value per frame, (N,) each."""
    flat = frames.flatten(1)
    return flat.amin(dim=1), flat.amax(dim=1)


def record(frames: Tensor, labels: Tensor | None, recording: Recording, seed: int) -> tuple[Tensor, Tensor | None]:
    """Frames (N, S, S), 0 to 1 and above where they are over-bright, as the video shows them, 0 to 1; and labels.

    Labels under black margins become background.
    """
    dark, bright = per_frame(recording.dark_cut), per_frame(1.0 - recording.bright_cut)
    frames = ((frames - dark) / (bright - dark)).clamp(0.0, 1.0) ** per_frame(recording.gamma)
    frames = _noisy_rows(frames, recording, seed)
    frames = _interlace(frames, recording)
    shown = visible(recording, frames.shape[1])
    frames = _write_letters(frames * shown, recording)
    frames = compress(frames, recording)
    steps = per_frame(recording.grays - 1.0)
    frames = (frames * steps).round() / steps
    return frames, None if labels is None else labels * shown.to(labels.dtype)


def compress(frames: Tensor, recording: Recording) -> Tensor:
    """Frames (N, S, S) through a cosine transform of blocks with coarse coefficients, as video files hold them."""
    for number, block in enumerate(_BLOCKS):
        index = chosen(recording.quantizer * (recording.block == number))
        if len(index):
            frames = frames.index_copy(0, index, _quantized(frames[index], recording.quantizer[index], block))
    return frames


def _quantized(frames: Tensor, step: Tensor, block: int) -> Tensor:
    size = frames.shape[1]
    missing = -size % block
    # Not reflected: margins of a block may be wider than the frame.
    padded = functional.pad(frames[:, None], (0, missing, 0, missing), mode="replicate")[:, 0]
    rows, columns = padded.shape[1] // block, padded.shape[2] // block
    blocks = padded.reshape(-1, rows, block, columns, block).transpose(2, 3)
    basis, slope = _cosines(block)
    basis, slope = basis.to(frames.device), slope.to(frames.device)
    steps = step[:, None, None, None, None] / 255.0 * slope
    values = ((basis @ blocks @ basis.T) / steps).round() * steps
    back = (basis.T @ values @ basis).transpose(2, 3).reshape(padded.shape)
    return back[:, :size, :size].clamp(0.0, 1.0)


@lru_cache(maxsize=8)
def _cosines(block: int) -> tuple[Tensor, Tensor]:
    """Orthonormal DCT-II of a block, and the quantizer's steps relative to the first: coarser for finer waves.

    A block of more than 8 pixels stands for 8 larger ones: waves that those cannot hold are left out.
    """
    number = torch.arange(block, dtype=torch.float32)
    basis = torch.cos(pi / block * (number + 0.5) * number[:, None]) * (2.0 / block) ** 0.5
    basis[0] /= 2.0**0.5
    basis[8:] = 0.0
    # A coefficient grows with the block's side.
    return basis, (1.0 + 0.25 * (number + number[:, None])) * (block / 8.0)


def visible(recording: Recording, size: int) -> Tensor:
    """1 where the video shows the frame, 0 under margins: (N, S, S)."""
    line = (torch.arange(size, device=recording.circle.device) + 0.5) / size
    top, bottom, left, right = (per_frame(margin) for margin in recording.margins.unbind(1))
    x, y = line[None, None, :], line[None, :, None]
    inside = (y >= top) & (y <= 1.0 - bottom) & (x >= left) & (x <= 1.0 - right)
    radius = ((2.0 * x - 1.0) ** 2 + (2.0 * y - 1.0) ** 2).sqrt()
    return (inside & (radius <= per_frame(recording.circle))).float()


def _noisy_rows(frames: Tensor, recording: Recording, seed: int) -> Tensor:
    index = chosen(recording.noisy_rows)
    if not len(index):
        return frames
    generator = torch.Generator(frames.device).manual_seed(seed + 1)
    size = frames.shape[1]
    noise = torch.rand(len(index), size, size, generator=generator, device=frames.device)
    row = torch.arange(size, device=frames.device)[None, :, None]
    noisy = torch.where(row < per_frame(recording.noisy_rows[index]) * size, noise, frames[index])
    return frames.index_copy(0, index, noisy)


def _interlace(frames: Tensor, recording: Recording) -> Tensor:
    index = chosen(recording.interlace.abs())
    if not len(index):
        return frames
    size = frames.shape[1]
    line = torch.arange(size, device=frames.device)
    shift = (recording.interlace[index] * size).round().long()
    column = (line - shift[:, None, None] * (line % 2)[:, None]).clamp(0, size - 1)
    return frames.index_copy(0, index, torch.gather(frames[index], 2, column))


def _write_letters(frames: Tensor, recording: Recording) -> Tensor:
    index = chosen(recording.letters.sum(dim=(1, 2)))
    if not len(index):
        return frames
    size = frames.shape[1]
    x, y, side, bright = (value[:, None] for value in recording.letter_box[index].unbind(1))
    line = (torch.arange(size, device=frames.device) + 0.5)[None] / size
    column, row = ((line - x) / side).floor().long(), ((line - y) / side).floor().long()
    rows, columns = _LETTERS
    inside = ((row >= 0) & (row < rows))[:, :, None] & ((column >= 0) & (column < columns))[:, None, :]
    dots = recording.letters[index]
    which = torch.arange(len(index), device=frames.device)[:, None, None]
    dot = dots[which, row.clamp(0, rows - 1)[:, :, None], column.clamp(0, columns - 1)[:, None, :]] * inside
    return frames.index_copy(0, index, torch.where(dot > 0.0, bright[:, :, None], frames[index]))
