"""Exact maps of a whole clip in bounded memory: features first, then gradients, then the cells of the maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.analysis.attribution.frame_gradients import FrameGradients, frame_gradients
from rtmri2speech.analysis.attribution.layer_maps import LayerMaps, frozen
from rtmri2speech.analysis.attribution.targets import Target
from rtmri2speech.arrays import Float32, Float64, UInt8
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.encoder import in_pieces, predict
from rtmri2speech.inference.model import Model
from rtmri2speech.models.threads import one_core
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frames import model_input

# Layers are kept from the first pass for the second one up to this size: some 4,000 frames at stride 16.
_KEEP_BYTES = 512 << 20


@dataclass(frozen=True)
class Encoded:
    """Features of a clip, and activations kept for its maps.

    Attributes:
        features: (T, C).
        mean_frame: (S, S), gray values from 0 to 255.
        kept: the first layer to explain, of pieces of frames by the number of their first one; empty where the clip
            is too long for that.
    """

    features: Tensor
    mean_frame: Float32
    kept: dict[int, Tensor]


class Explainer:
    """Explains an acoustic model: eval mode, BatchNorm folded, float32 whatever the model's precision.

    The map of frame t says how the target at frame t depends on frame t itself. What neighboring frames add, which
    the LSTM reads as well, is not in it.

    Args:
        model: with an acoustic model.

    Attributes:
        model: the acoustic model that is explained.
        device: where it runs.
        pixel_mask: which pixels it reads, (H, W); None for all.

    Raises:
        BundleError: when there is no acoustic model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model.acoustic_float32
        self.device = model.device
        self.pixel_mask = model.pixel_mask

    def encode(self, clip: Clip, strides: Sequence[int], progress: Progress = SILENT) -> Encoded:
        """Feature vectors of a clip, and what of the layers can be kept for :meth:`cells`.

        Args:
            clip: the video.
            strides: of the layers to explain, in pixels.
            progress: counts frames.

        Raises:
            ConfigError: for a stride that the model does not have.
        """
        n_frames = clip.n_frames
        total = np.zeros((clip.frames.size, clip.frames.size))
        kept: dict[int, Tensor] = {}
        with frozen(self.model), LayerMaps(self.model, strides) as layers:

            def encode_piece(frames: Tensor, start: int) -> Tensor:
                features, layer = layers.encode(model_input(frames.to(self.device), self.pixel_mask))
                if layer is not None and layer[0].nbytes * n_frames <= _KEEP_BYTES:
                    kept[start] = layer.cpu()
                progress.advance(len(frames))
                return features

            features = list(in_pieces(_summed(clip.blocks(), total), encode_piece, self.device, backward=True))
        return Encoded(torch.cat(features), (total / n_frames).astype(np.float32), kept)

    def predict(self, features: Tensor) -> Float32:
        """Mel spectrogram (T, M) in dB of features (T, C)."""
        return predict(self.model, features)

    def explain(self, features: Tensor, targets: Sequence[Target], mel_db: Float32 | None = None) -> FrameGradients:
        """Targets and their gradients with respect to their own frame's features.

        Args:
            features: from :meth:`encode`, (T, C).
            targets: what to explain.
            mel_db: from :meth:`predict`, where that is known already.
        """
        mel = None if mel_db is None else torch.from_numpy(mel_db).to(features)
        with one_core():
            return frame_gradients(self.model, features, targets, mel=mel)

    def cells(
        self,
        clip: Clip,
        gradients: Tensor,
        strides: Sequence[int],
        kept: Mapping[int, Tensor] | None = None,
        wanted: Mapping[int, Sequence[int]] | None = None,
        progress: Progress = SILENT,
    ) -> dict[int, Float32]:
        """Maps of all frames by stride, each (B, T, h, w) for B targets, float32, signed.

        Args:
            clip: the video.
            gradients: from :meth:`explain`, (B, T, C).
            strides: of the layers to explain, in pixels.
            kept: from :meth:`encode` with the same strides; without it the CNN backbone runs again.
            wanted: which of the targets are explained at which stride; all at each if None.
            progress: counts frames.

        Raises:
            ConfigError: for a stride that the model does not have.
        """
        known = kept or {}
        parts: dict[int, list[Float32]] = {stride: [] for stride in strides}
        with frozen(self.model), LayerMaps(self.model, strides) as layers:

            def explain_piece(frames: Tensor, start: int) -> dict[int, Tensor]:
                part = gradients[:, start : start + len(frames)]
                if start in known:
                    found = layers(frames, part, known[start].to(self.device), wanted)
                else:
                    found = layers(model_input(frames.to(self.device), self.pixel_mask), part, wanted=wanted)
                progress.advance(len(frames))
                return found

            for found in in_pieces(clip.blocks(), explain_piece, self.device, backward=True):
                for stride, maps in found.items():
                    parts[stride].append(maps.cpu().numpy())
        return {stride: np.concatenate(maps, axis=1) for stride, maps in parts.items()}


def _summed(blocks: Iterable[UInt8], total: Float64) -> Iterator[UInt8]:
    """The blocks, whose frames are added to ``total`` (S, S) on the way."""
    for block in blocks:
        total += block.sum(axis=0, dtype=np.float64)
        yield block
