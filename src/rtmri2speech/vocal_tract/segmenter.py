"""The segmenter at work: gray frames of any size to probabilities of classes, block by block."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rtmri2speech.arrays import Float64
from rtmri2speech.assets import find_model
from rtmri2speech.data.media.gray import GrayFrame
from rtmri2speech.errors import MediaError
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.devices import choose_device
from rtmri2speech.models.exported import stages
from rtmri2speech.models.exported.backends import IN_TORCH, Backend, Wanted, choose_backend
from rtmri2speech.parallel import one_ahead

SHIPPED = "segmenter"
"""Name of the model that comes with the program."""

SMOOTHING_SECONDS = 0.01
"""Standard deviation of the smoothing in time: nothing at 25 frames per second, three frames at 80."""

SMALLEST = 16
"""Pixels that frames have on either side at least."""

Box: TypeAlias = tuple[slice, slice]
"""Rows and columns."""

_BATCH = 8
# Weights of the smoothing below this share of the middle one are left out.
_LEAST_WEIGHT = 0.05
# A pixel that belongs to anything else has a background of less than this, and there are some pixels around it.
_BACKGROUND, _ROOM = 0.5, 3


@dataclass(frozen=True)
class Placement:
    """How a source of ``width`` x ``height`` pixels lies on the segmenter's square of ``size`` pixels.

    The source keeps its proportions, centered in the square; margins are filled with its darkest gray.
    """

    width: int
    height: int
    size: int

    @property
    def side(self) -> int:
        """Of the square, source pixels."""
        return max(self.width, self.height)

    @property
    def scale(self) -> float:
        """Source pixels per pixel of the square."""
        return self.side / self.size

    @property
    def margins(self) -> tuple[int, int]:
        """Source pixels to the left and above."""
        return (self.side - self.width) // 2, (self.side - self.height) // 2

    def squares(self, frames: Tensor) -> Tensor:
        """Frames (B, H, W) of the source as (B, 1, size, size)."""
        left, top = self.margins
        if left or top or self.width != self.height:
            square = frames.amin(dim=(1, 2), keepdim=True).expand(-1, self.side, self.side).clone()
            square[:, top : top + self.height, left : left + self.width] = frames
            frames = square
        return _resized(frames[:, None], self.size)

    def to_source(self, maps: Tensor, box: Box | None = None) -> tuple[Tensor, Box]:
        """Maps of the square on the source's grid.

        Args:
            maps: (C, h, w), of a part of the square.
            box: rows and columns of that part; by default it is all.

        Returns:
            Maps (C, H, W) of a part of the source, and its rows and columns. Of a part, values near its edges are too
            low by what lies outside.
        """
        part = box or (slice(0, self.size), slice(0, self.size))
        matrix = _resizing(self.size, self.side)
        found = []
        for inner, margin, length in zip(part, reversed(self.margins), (self.height, self.width), strict=True):
            first = max(math.floor(inner.start * self.scale), margin)
            last = min(math.ceil(inner.stop * self.scale), margin + length)
            found.append((matrix[first : max(last, first), inner], slice(first - margin, max(last, first) - margin)))
        (down, rows), (across, columns) = found
        return down @ (maps @ across.T), (rows, columns)

    def points(self, points: Float64) -> Float64:
        """x and y on the square, from its corner, as x and y on the source, from its corner."""
        return np.asarray(points * self.scale - np.array(self.margins))


class FrameSegmenter:
    """A segmenter ready to run.

    Args:
        bundle: of kind ``segmenter``.
        device: where to run.
        wanted: what computes the network, in what precision.

    Attributes:
        bundle: as given.
        size: side of the frames that the network reads, pixels.
        notes: a line where the backend could not be used, so that PyTorch is.
        ran_with: the backend and its version.
    """

    notes: Sequence[str] = ()
    ran_with: str = "torch"

    def __init__(self, bundle: Bundle, device: torch.device | str = "cpu", wanted: Wanted = IN_TORCH) -> None:
        self.bundle = bundle
        self.device = torch.device(device)
        self._network = bundle.build_segmenter(device).folded()
        self.size = self._network.config.size
        notes: list[str] = []
        exported = stages.segmenter(self._network, wanted, notes)
        self.notes = notes
        self._logits = exported or self._network
        self.ran_with = stages.ran_with(wanted, exported is not None)

    def placement(self, shape: tuple[int, int]) -> Placement:
        """How frames of ``shape`` (H, W) are laid on the network's square.

        Raises:
            MediaError: when they are too small to see anything in.
        """
        height, width = shape
        if min(height, width) < SMALLEST:
            raise MediaError(
                f"frames of {width} x {height} pixels show no vocal tract.",
                f"Give frames of {SMALLEST} pixels or more.",
            )
        return Placement(width, height, self.size)

    def probabilities(self, frames: Iterable[GrayFrame]) -> Iterator[Tensor]:
        """Probabilities (C, S, S) of the classes for every frame (H, W), on the network's own square, float32.

        All frames have one shape. Memory does not grow with their number. A thread reads and runs the network one batch
        ahead, while what it found is used.
        """
        for found in one_ahead(self._batches(iter(frames))):
            yield from found

    def _batches(self, frames: Iterator[GrayFrame]) -> Iterator[Tensor]:
        """Probabilities (B, C, S, S) of all frames, batch by batch."""
        while (found := self._batch(frames)) is not None:
            yield found

    @torch.inference_mode()
    def _batch(self, frames: Iterator[GrayFrame]) -> Tensor | None:
        """Probabilities (B, C, S, S) of the next frames; None where there are none."""
        batch = list(islice(frames, _BATCH))
        if not batch:
            return None
        placement = self.placement(batch[0].shape)
        gray = torch.from_numpy(np.stack(batch).astype(np.float32)).to(self.device)
        squares = placement.squares(gray).contiguous(memory_format=torch.channels_last)
        return functional.softmax(self._logits(squares).float(), dim=1).cpu().contiguous()


def load_segmenter(model: str | Path = SHIPPED, device: str = "auto", backend: Backend = "auto") -> FrameSegmenter:
    """Read a segmenter.

    Args:
        model: a model file of ``train segmenter``, or the name of a shipped one.
        device: ``auto``, ``cpu`` or ``cuda``.
        backend: what computes the network: ``torch``; ``openvino`` (extra ``fast``) or ``onnx``, on a CPU; ``auto``,
            OpenVINO where it is installed.

    Raises:
        BundleError: when it is missing, damaged, or holds no segmenter.
        UserError: for a backend that is unknown, not installed, or of no use here.
    """
    place = choose_device(device)
    return FrameSegmenter(load_bundle(find_model(model)), place, choose_backend(backend, place))


def head_box(maps: Tensor, scale: float) -> Box | None:
    """Rows and columns outside of which probabilities (C, S, S) show nothing but background; None: nowhere else.

    Args:
        maps: probabilities, background first.
        scale: source pixels per pixel of the maps; the smaller, the more room, since each covers many.
    """
    shown = maps[0].numpy() < _BACKGROUND
    if not shown.any():
        return None
    room = _ROOM + math.ceil(2.0 / min(scale, 1.0))
    ends = []
    for axis in (1, 0):
        places = np.flatnonzero(shown.any(axis=axis))
        ends.append(slice(max(int(places[0]) - room, 0), int(places[-1]) + 1 + room))
    rows, columns = (slice(end.start, min(end.stop, len(shown))) for end in ends)
    return rows, columns


def smoothing_weights(frame_rate: Fraction, seconds: float = SMOOTHING_SECONDS) -> Float64:
    """Weights of a frame and its neighbors, symmetric about the frame so that nothing lags behind: (2 R + 1,)."""
    if seconds <= 0.0:
        return np.ones(1)
    steps = float(frame_rate) * seconds
    reach = int(steps * math.sqrt(-2.0 * math.log(_LEAST_WEIGHT)))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / steps) ** 2)
    return np.asarray(weights / weights.sum())


def smoothed(maps: Iterable[Tensor], weights: Float64) -> Iterator[Tensor]:
    """Every map as the weighted mean of itself and its neighbors; beyond the ends stand the first and the last."""
    reach = len(weights) // 2
    if reach == 0:
        yield from maps
        return
    window: deque[Tensor] = deque(maxlen=len(weights))
    waiting = 0
    for one in maps:
        if not window:
            window.extend([one] * reach)
        window.append(one)
        waiting += 1
        if len(window) == len(weights):
            waiting -= 1
            yield _mean(window, weights)
    if not window:
        return
    last = window[-1]
    while len(window) < len(weights):
        window.append(last)
        if len(window) == len(weights) and waiting:
            waiting -= 1
            yield _mean(window, weights)
    for _ in range(waiting):
        window.append(last)
        yield _mean(window, weights)


def _mean(window: Iterable[Tensor], weights: Float64) -> Tensor:
    result: Tensor | None = None
    for one, weight in zip(window, weights.tolist(), strict=True):
        result = one * weight if result is None else result.add_(one, alpha=weight)
    assert result is not None
    return result


@lru_cache(maxsize=8)
def _resizing(size: int, side: int) -> Tensor:
    """What takes a column of ``size`` pixels to one of ``side``, as :func:`_resized` does: (side, size)."""
    return _resized(torch.eye(size)[:, None, :, None].expand(-1, -1, -1, size), side)[:, 0, :, 0].T.contiguous()


def _resized(maps: Tensor, side: int) -> Tensor:
    """Square maps (B, C, S, S) with another side: means over area when it is smaller, interpolated when larger."""
    if maps.shape[-1] == side:
        return maps
    return functional.interpolate(
        maps, size=(side, side), mode="bilinear", align_corners=False, antialias=maps.shape[-1] > side
    )
