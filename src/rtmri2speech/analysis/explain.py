"""Exact maps of a whole clip in bounded memory: features first, then gradients, then maps in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.analysis.layers import LayerMaps, frozen
from rtmri2speech.analysis.own_frame import OwnGradients, own_gradients
from rtmri2speech.analysis.targets import Target
from rtmri2speech.data.clips import Clip
from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle import Bundle
from rtmri2speech.models.threads import side_by_side
from rtmri2speech.signal.video import model_input

OnFrames = Callable[[int], None]
Made = TypeVar("Made")

# Frames the image network sees at once: on a CPU the maps of four still fit in its cache.
_FRAMES_AT_ONCE = {"cpu": 4, "cuda": 32}


@dataclass(frozen=True)
class BlockOfMaps:
    """The maps of consecutive frames.

    Attributes:
        first: number of the first frame.
        frames: the pictures, (n, H, W), uint8.
        maps: by stride, (B, n, h, w) for B targets, float32, signed.
    """

    first: int
    frames: NDArray[np.uint8]
    maps: dict[int, Tensor]


class Explainer:
    """The acoustic stage of a bundle, ready to be explained: eval mode, BatchNorm folded, float32.

    The map of frame t tells how the target at frame t hangs on the picture at frame t. What neighbouring pictures
    add, which the LSTM also reads, is not in it.

    Args:
        bundle: with an acoustic stage.
        device: where to run.

    Raises:
        BundleError: when there is no acoustic stage.
    """

    def __init__(self, bundle: Bundle, device: torch.device | str = "cpu") -> None:
        if bundle.frames is None:
            raise BundleError(
                f"{bundle.source} holds no acoustic model, so there is nothing that has seen a picture.",
                "Give a model with an acoustic stage: the file from train acoustic, import acoustic or bundle.",
            )
        self.features = bundle.features
        self.frames = bundle.frames
        self.device = torch.device(device)
        self.model = bundle.build_acoustic(device).fuse()
        self.mask = None if bundle.mask is None else bundle.mask.to(self.device)

    def encode(self, clip: Clip, on_frames: OnFrames = lambda count: None) -> Tensor:
        """Feature vectors of a clip, (T, C); ``on_frames`` is called with the number of frames done."""
        with torch.no_grad():
            return torch.cat(
                [part for part in self._pieces(clip.blocks(), lambda frames, _: self._encode(frames, on_frames))]
            )

    def explain(
        self, features: Tensor, make_targets: Callable[[NDArray[np.float32]], Sequence[Target]]
    ) -> OwnGradients:
        """Targets and own-frame gradients of features (T, C).

        Args:
            features: from :meth:`encode`.
            make_targets: gets the predicted mel, (T, M) in dB, and returns what to explain.
        """
        with torch.no_grad():
            mel = self.model.predict(features)
        return own_gradients(self.model, features, make_targets(mel.cpu().numpy()), mel=mel)

    def maps(
        self, clip: Clip, gradients: Tensor, strides: Sequence[int], on_frames: OnFrames = lambda count: None
    ) -> Iterator[BlockOfMaps]:
        """Maps of all frames, a block of the video at a time.

        Args:
            clip: the video.
            gradients: from :meth:`explain`, (B, T, C).
            strides: pixels a cell of the layers to explain.
            on_frames: called with the number of frames done.

        Raises:
            ConfigError: for a stride that the model does not have.
        """
        first = 0
        with frozen(self.model), LayerMaps(self.model, strides) as layers:
            for block in clip.blocks():

                def explain(frames: Tensor, start: int, first: int = first) -> dict[int, Tensor]:
                    part = gradients[:, first + start : first + start + len(frames)]
                    found = layers(model_input(frames.to(self.device), self.mask), part)
                    on_frames(len(frames))
                    return {stride: maps.cpu() for stride, maps in found.items()}

                pieces = list(self._pieces([block], explain))
                yield BlockOfMaps(
                    first,
                    block,
                    {stride: torch.cat([piece[stride] for piece in pieces], dim=1) for stride in layers.strides},
                )
                first += len(block)

    def _encode(self, frames: Tensor, on_frames: OnFrames) -> Tensor:
        with torch.no_grad():
            encoded = self.model.encode(model_input(frames.to(self.device), self.mask))
        on_frames(len(frames))
        return encoded

    def _pieces(
        self, blocks: Iterator[NDArray[np.uint8]] | list[NDArray[np.uint8]], work: Callable[[Tensor, int], Made]
    ) -> Iterator[Made]:
        size = _FRAMES_AT_ONCE[self.device.type]
        # A GPU takes one piece after the other.
        with side_by_side(torch.get_num_threads() if self.device.type == "cpu" else 1) as pool:
            for block in blocks:
                parts = torch.split(torch.from_numpy(block), size)
                yield from pool.map(work, parts, [size * index for index in range(len(parts))])


def to_pixels(maps: Tensor, size: int) -> NDArray[np.float32]:
    """Spread maps (..., h, w) over pixels, (..., size, size), bilinearly; the sum over a map stays what it was.

    (To rounding, where size is a multiple of h and w, as it is with every stride of the default network.)
    """
    cells = maps.shape[-2] * maps.shape[-1]
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    spread = nnf.interpolate(flat, size=(size, size), mode="bilinear", align_corners=False)
    spread *= cells / (size * size)
    result: NDArray[np.float32] = spread.reshape(*maps.shape[:-2], size, size).numpy()
    return result
