"""A clip whose single frames can be changed, to see how the model's targets respond; and its maps of many kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn

from rtmri2speech.analysis.attribution.frame_gradients import frame_gradients
from rtmri2speech.analysis.attribution.layer_maps import LayerMaps, frozen, last_stride, require_strides
from rtmri2speech.analysis.attribution.targets import KINDS, Band, Target, TargetKind, targets_for
from rtmri2speech.analysis.occlusion.effects import speech_frames
from rtmri2speech.arrays import Float32, Float64, Int64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.encoder import encode, frames_at_once
from rtmri2speech.inference.model import Model
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.signal.frames import model_input

STRIDES = (16, 8)
"""Strides in pixels of the finer layers that are compared with the last one."""

# Frames on each side that the LSTM reads when one frame is changed: what is further away has no part in a change.
_CONTEXT = 32


@dataclass(frozen=True)
class Variant:
    """One way to make maps.

    Attributes:
        method: gradcam at the last layer, else hirescam; or widening.
        target: what is explained; ``formant`` by widening.
        stride: of the layer, pixels.
    """

    method: str
    target: TargetKind | Literal["formant"]
    stride: int

    @property
    def key(self) -> dict[str, str | int]:
        """Its columns in tables."""
        return {"method": self.method, "target": self.target, "cell_pixels": self.stride}

    @property
    def name(self) -> str:
        """Human-readable."""
        return f"{self.method} {self.target} {self.stride}"


MapKey = tuple[Variant, str]
"""Maps of one variant for one band, by the band's name."""


@dataclass(frozen=True)
class MapTargets:
    """The targets of a clip's maps, kinds outermost.

    Attributes:
        kinds: of targets.
        bands: frequency bands, one target each.
        strides: of the layers, pixels; the last layer's first.
    """

    kinds: tuple[TargetKind, ...]
    bands: tuple[Band, ...]
    strides: tuple[int, ...]

    @property
    def variants(self) -> list[Variant]:
        """Every way to make maps, layers innermost."""
        return [
            Variant("gradcam" if stride == self.strides[0] else "hirescam", kind, stride)
            for kind in self.kinds
            for stride in self.strides
        ]

    @property
    def keys(self) -> list[MapKey]:
        """Every variant with every band, bands innermost."""
        return [(variant, band.name) for variant in self.variants for band in self.bands]

    def index(self, key: MapKey) -> int:
        """Number of the target that maps explain."""
        variant, band = key
        assert variant.target != "formant", "widening is no map of a layer"
        return self.numbers(variant.target)[[one.name for one in self.bands].index(band)]

    def numbers(self, kind: TargetKind) -> list[int]:
        """Numbers of a kind's targets, one per band."""
        first = self.kinds.index(kind) * len(self.bands)
        return list(range(first, first + len(self.bands)))


class ClipProbe:
    """A clip in memory (one byte per pixel), its targets, and the model that reads it; a :class:`.probe.Probe`.

    Args:
        model: whose acoustic model is tested.
        frames: of the clip, (T, S, S), uint8.
        features: feature vectors of the frames, (T, C).
        layout: which targets and layers.

    Attributes:
        model, frames, features, layout: as given.
        targets: in the order of the layout; adaptive ones follow the formants of the clip as it is.
        values: their values, (B, T).
        speech_frames: numbers of the frames in which the predicted mel is not silent.
    """

    in_sequence = True

    def __init__(self, model: Model, frames: Tensor, features: Tensor, layout: MapTargets) -> None:
        self.model, self.frames, self.features, self.layout = model, frames, features, layout
        self.acoustic = model.acoustic_float32
        with torch.no_grad():
            mel = self.acoustic.predict(features)
        plain = mel.cpu().numpy()
        self.speech_frames = speech_frames(plain)
        self.targets: list[Target] = []
        for kind in layout.kinds:
            self.targets += targets_for(plain, layout.bands, kind, model.features)[0]
        self.values = np.stack([target(mel.double()).cpu().numpy() for target in self.targets])

    @classmethod
    def open(
        cls,
        model: Model,
        clip: Clip,
        bands: Sequence[Band],
        kinds: Sequence[TargetKind] = KINDS,
        strides: Sequence[int] = STRIDES,
    ) -> ClipProbe:
        """Decode and encode a whole clip.

        Args:
            model: with an acoustic model.
            clip: the video.
            bands: whose targets are looked at.
            kinds: of the targets.
            strides: of the layers in pixels, the last layer's among them or not.

        Raises:
            ConfigError: for a stride that the model does not have.
            BundleError: when there is no acoustic model.
            MediaError: when the video cannot be decoded.
        """
        acoustic = model.acoustic_float32
        layout = MapTargets(tuple(kinds), tuple(bands), tuple(dict.fromkeys((last_stride(acoustic), *strides))))
        require_strides(acoustic, layout.strides)
        frames = torch.from_numpy(np.concatenate(list(clip.blocks())))
        return cls(model, frames, _encode(acoustic, frames, model.pixel_mask), layout)

    @cached_property
    def mean(self) -> Tensor:
        """The mean frame, (S, S), 0 to 1."""
        return self.frames.float().mean(dim=0).to(self.model.device) / 255.0

    def choose(self, count: int) -> Int64:
        """Numbers of as many frames that are not silent, evenly spread."""
        places = np.linspace(0, len(self.speech_frames) - 1, min(count, len(self.speech_frames)))
        return np.asarray(self.speech_frames[np.unique(np.round(places).astype(np.int64))])

    def maps(self, chosen: Int64, acoustic: AcousticModel | None = None) -> dict[MapKey, Float32]:
        """Signed maps (n, h, w) of n frames, of every variant and band.

        Args:
            chosen: numbers of the frames.
            acoustic: another acoustic model than the probe's, float32, in eval mode, on the same device.
        """
        if acoustic is None:
            by_stride = self._maps(chosen, self.acoustic, self._gradients)
        else:
            features = _encode(acoustic, self.frames, self.model.pixel_mask)
            by_stride = self._maps(chosen, acoustic, frame_gradients(acoustic, features, self.targets).gradients)
        return {key: by_stride[key[0].stride][self.layout.index(key)] for key in self.layout.keys}

    def frame(self, number: int) -> Tensor:
        """A frame before any pixel mask, (S, S), 0 to 1."""
        return model_input(self.frames[number].to(self.model.device))

    def respond(self, number: int, changed: Tensor) -> Float64:
        """Every target at a frame that is replaced while all others stay: (m, S, S) to (B, m)."""
        mask = self.model.pixel_mask
        first, stop = max(0, number - _CONTEXT), number + _CONTEXT + 1
        around, place = self.features[first:stop].clone(), number - first
        speaker = self.acoustic.for_speaker(self.features)
        targets = [_at(target, number) for target in self.targets]
        rows = []
        with torch.no_grad():
            seen = changed if mask is None else changed * mask.to(changed)
            pieces = torch.split(seen, frames_at_once(self.model.device))
            for features in torch.cat([self.acoustic.encode(piece) for piece in pieces]):
                around[place] = features
                rows.append(speaker.predict(around)[place])
            mel = torch.stack(rows).double()
        return np.stack([target(mel).cpu().numpy() for target in targets])

    def randomizable(self) -> AcousticModel:
        """The acoustic model once more, with BatchNorm as layers of its own, to be changed at will."""
        return self.model.bundle.build_acoustic(self.model.device)

    def calibrate(self, acoustic: AcousticModel, count: int = 32) -> None:
        """Pass some frames of the clip through a model's CNN backbone, for statistics of BatchNorm."""
        chosen = self.frames[torch.from_numpy(self.choose(count))].to(self.model.device)
        with torch.no_grad():
            acoustic.encode(model_input(chosen, self.model.pixel_mask))

    @cached_property
    def _gradients(self) -> Tensor:
        return frame_gradients(self.acoustic, self.features, self.targets).gradients

    def _maps(self, chosen: Int64, acoustic: AcousticModel, gradients: Tensor) -> dict[int, Float32]:
        """Maps by stride, (B, n, h, w)."""
        mask, device, strides = self.model.pixel_mask, self.model.device, self.layout.strides
        parts: dict[int, list[Tensor]] = {stride: [] for stride in strides}
        with frozen(acoustic), LayerMaps(acoustic, strides) as layers:
            for numbers in torch.split(torch.from_numpy(chosen), frames_at_once(device, backward=True)):
                shown = model_input(self.frames[numbers].to(device), mask)
                for stride, maps in layers(shown, gradients[:, numbers.to(gradients.device)]).items():
                    parts[stride].append(maps.cpu())
        return {stride: torch.cat(maps, dim=1).numpy() for stride, maps in parts.items()}


def acoustic_parts(model: AcousticModel) -> list[tuple[str, nn.Module]]:
    """Parts of an acoustic model from its output to its input, with their names."""
    parts: list[tuple[str, nn.Module]] = [("head", model.head), ("lstm", model.lstm)]
    if not isinstance(model.cnn, EfficientNetFeatures):
        return [*parts, ("cnn", model.cnn)]
    stages = [(f"stage {number}", stage) for number, stage in enumerate(model.cnn.blocks, start=1)]
    return [*parts, *reversed(stages), ("stem", nn.ModuleList([model.cnn.conv_stem, model.cnn.bn1]))]


def _encode(acoustic: AcousticModel, frames: Tensor, mask: Tensor | None) -> Tensor:
    # The copy is no longer an inference tensor, so that gradients may be taken from it.
    return encode(acoustic, [frames.numpy()], mask).clone()


def _at(target: Target, number: int) -> Target:
    """The target of one frame, for any number of mels."""
    return replace(target, weights=target.weights[number : number + 1]) if len(target.weights) > 1 else target
