"""Exact maps of a whole clip in bounded memory: features first, then gradients, then maps in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.analysis.attribution.frame_gradients import OwnGradients, own_gradients
from rtmri2speech.analysis.attribution.layer_maps import LayerMaps, frozen
from rtmri2speech.analysis.attribution.targets import Target
from rtmri2speech.data.media.clips import Clip, open_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import BundleError, ConfigError, MediaError
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.threads import side_by_side
from rtmri2speech.signal.frames import model_input

OnFrames = Callable[[int], None]
Made = TypeVar("Made")

# Frames the image network sees at once: on a CPU the maps of four still fit in its cache.
_FRAMES_AT_ONCE = {"cpu": 4, "cuda": 32}


# Layers are kept from the first pass for the second one up to this size: some 4,000 frames at stride 16.
_KEEP_BYTES = 512 << 20


@dataclass(frozen=True)
class Encoded:
    """What the image network made of a clip.

    Attributes:
        features: (T, C).
        kept: the first layer to explain, by pieces of frames; None where it is not kept.
    """

    features: Tensor
    kept: list[Tensor] | None


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
        self._at_once = _FRAMES_AT_ONCE[self.device.type]

    def encode(self, clip: Clip, strides: Sequence[int], on_frames: OnFrames = lambda count: None) -> Encoded:
        """Feature vectors of a clip, and what of the layers can be kept for :meth:`maps`.

        Args:
            clip: the video.
            strides: pixels a cell of the layers to explain.
            on_frames: called with the number of frames done.

        Raises:
            ConfigError: for a stride that the model does not have.
        """
        n_frames = clip.n_frames
        with frozen(self.model), LayerMaps(self.model, strides) as layers:

            def encode(frames: Tensor, _: int) -> tuple[Tensor, Tensor | None]:
                features, kept = layers.encode(model_input(frames.to(self.device), self.mask))
                on_frames(len(frames))
                if kept is None or kept[0].nbytes * n_frames > _KEEP_BYTES:
                    return features, None
                return features, kept.cpu()

            parts = list(self.pieces(clip.blocks(), encode))
        kept = [one for _, one in parts if one is not None]
        return Encoded(torch.cat([one for one, _ in parts]), kept if len(kept) == len(parts) else None)

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
        self,
        clip: Clip,
        gradients: Tensor,
        strides: Sequence[int],
        kept: list[Tensor] | None = None,
        on_frames: OnFrames = lambda count: None,
    ) -> Iterator[BlockOfMaps]:
        """Maps of all frames, a block of the video at a time.

        Args:
            clip: the video.
            gradients: from :meth:`explain`, (B, T, C).
            strides: pixels a cell of the layers to explain.
            kept: from :meth:`encode` with the same strides; without it the image network runs again.
            on_frames: called with the number of frames done.

        Raises:
            ConfigError: for a stride that the model does not have.
        """
        first = 0
        pieces = iter(kept or ())
        with frozen(self.model), LayerMaps(self.model, strides) as layers:

            def explain(frames: Tensor, start: int, piece: Tensor | None) -> dict[int, Tensor]:
                part = gradients[:, start : start + len(frames)]
                if piece is None:
                    found = layers(model_input(frames.to(self.device), self.mask), part)
                else:
                    found = layers(frames, part, piece.to(self.device))
                on_frames(len(frames))
                return {stride: maps.cpu() for stride, maps in found.items()}

            for block in clip.blocks():
                count = -(-len(block) // self._at_once)
                stored = [next(pieces, None) for _ in range(count)]
                made = list(self.pieces([block], partial(_with_piece, explain, first, stored, self._at_once)))
                yield BlockOfMaps(
                    first,
                    block,
                    {stride: torch.cat([one[stride] for one in made], dim=1) for stride in layers.strides},
                )
                first += len(block)

    def pieces(
        self, blocks: Iterator[NDArray[np.uint8]] | list[NDArray[np.uint8]], work: Callable[[Tensor, int], Made]
    ) -> Iterator[Made]:
        """What ``work`` makes of pieces of blocks (n, H, W), in order; on a CPU several at a time.

        Args:
            blocks: normalised frames.
            work: gets a piece, uint8, and the number of its first frame within the block.
        """
        size = self._at_once
        # A GPU takes one piece after the other.
        with side_by_side(torch.get_num_threads() if self.device.type == "cpu" else 1) as pool:
            for block in blocks:
                parts = torch.split(torch.from_numpy(block), size)
                yield from pool.map(work, parts, [size * index for index in range(len(parts))])


def open_video(video: Path, explainer: Explainer, fps: Fraction | None = None) -> Clip:
    """A video on the model's clock.

    Raises:
        MediaError: when it cannot be used.
    """
    scan = scan_video(video, fps)
    scan.require_whole()
    if scan.frozen:
        raise MediaError(f"{video}: the picture never changes.", "Export the recording again.")
    return open_clip(scan, explainer.features, explainer.frames)


def require_frames(frames: Sequence[int], clip: Clip) -> None:
    """Refuse frames that the clip does not have.

    Raises:
        ConfigError: naming the first one.
    """
    wrong = next((frame for frame in frames if not 0 <= frame < clip.n_frames), None)
    if wrong is not None:
        raise ConfigError(
            f"--target-frames {wrong}: {clip.scan.path} has {clip.n_frames} frames.",
            f"Frames are counted from 0; the last one is {clip.n_frames - 1}.",
        )


def _with_piece(
    explain: Callable[[Tensor, int, Tensor | None], dict[int, Tensor]],
    first: int,
    stored: list[Tensor | None],
    size: int,
    frames: Tensor,
    start: int,
) -> dict[int, Tensor]:
    """One piece of a block that begins with frame ``first``, with what was stored of it."""
    return explain(frames, first + start, stored[start // size])


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
