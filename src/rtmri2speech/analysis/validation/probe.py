"""A clip whose single frames can be changed, to see what their own target does; and its maps of many kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.analysis.attribution.explainer import Explainer
from rtmri2speech.analysis.attribution.frame_gradients import frame_gradients
from rtmri2speech.analysis.attribution.layer_maps import LayerMaps, frozen, last_stride, require_strides
from rtmri2speech.analysis.attribution.targets import Band, Target, TargetKind, targets_for
from rtmri2speech.analysis.occlusion.effects import speaking
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.signal.frames import model_input

Floats = NDArray[np.float64]

KINDS: tuple[TargetKind, ...] = get_args(TargetKind)
"""All targets."""
STRIDES = (16, 8)
"""Pixels a cell of the finer layers that are looked at beside the last one."""

# Pictures in the image network at once.
_AT_ONCE = 8
# Frames on each side that the LSTM hears when one frame is changed: what is further away has no part in a change.
_CONTEXT = 32


@dataclass(frozen=True)
class Variant:
    """One way to make maps.

    Attributes:
        method: gradcam at the last layer, else hirescam.
        target: what is explained.
        stride: pixels a cell of the layer.
    """

    method: str
    target: TargetKind
    stride: int

    @property
    def key(self) -> tuple[str, str, int]:
        """As it stands in tables."""
        return self.method, self.target, self.stride

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.method} {self.target} {self.stride}"


class Probe:
    """A clip in memory, its targets, and the model that speaks of it.

    Args:
        clip: the video; one byte a pixel is kept.
        explainer: the model.
        bands: whose targets are looked at.
        kinds: of the targets.
        strides: pixels a cell of the layers, the last layer's among them or not.

    Attributes:
        frames: (T, S, S), uint8.
        features: of the clip as it is, (T, C).
        targets: one a kind and band, kinds outermost; adaptive ones follow the formants of the clip as it is.
        values: their values, (B, T).
        speaking: numbers of the frames in which the predicted mel is not silent.

    Raises:
        ConfigError: for a stride that the model does not have.
    """

    def __init__(
        self,
        clip: Clip,
        explainer: Explainer,
        bands: Sequence[Band],
        kinds: Sequence[TargetKind] = KINDS,
        strides: Sequence[int] = STRIDES,
    ) -> None:
        self.explainer, self.bands, self.kinds = explainer, tuple(bands), tuple(kinds)
        self._last = last_stride(explainer.model)
        self.strides = tuple(dict.fromkeys((self._last, *strides)))
        require_strides(explainer.model, self.strides)
        self.frames = torch.from_numpy(np.concatenate(list(clip.blocks())))
        self.features = self.encode_all(explainer)
        with torch.no_grad():
            mel = explainer.model.predict(self.features)
        plain = mel.cpu().numpy()
        self.speaking = speaking(plain)
        self.targets: list[Target] = []
        for kind in self.kinds:
            self.targets += targets_for(plain, self.bands, kind, explainer.features)[0]
        self.values = np.stack([target(mel.double()).cpu().numpy() for target in self.targets])

    @property
    def variants(self) -> list[Variant]:
        """Every way to make maps, layers innermost."""
        return [
            Variant("gradcam" if stride == self._last else "hirescam", kind, stride)
            for kind in self.kinds
            for stride in self.strides
        ]

    def index(self, kind: TargetKind, band: int) -> int:
        """Place of a target among :attr:`targets`."""
        return self.kinds.index(kind) * len(self.bands) + band

    def choose(self, count: int) -> NDArray[np.int64]:
        """Numbers of as many frames that speak, evenly spread."""
        places = np.linspace(0, len(self.speaking) - 1, min(count, len(self.speaking)))
        return np.asarray(self.speaking[np.unique(np.round(places).astype(np.int64))])

    def encode_all(self, explainer: Explainer) -> Tensor:
        """Feature vectors of the whole clip by a model, (T, C)."""

        def encode(frames: Tensor, _: int) -> Tensor:
            with torch.no_grad():
                return explainer.model.encode(model_input(frames.to(explainer.device), explainer.mask))

        return torch.cat(list(explainer.pieces([self.frames.numpy()], encode)))

    def maps(self, chosen: NDArray[np.int64], explainer: Explainer | None = None) -> dict[int, NDArray[np.float32]]:
        """Signed maps of some frames by stride, (B, n, h, w) for all targets; of another model where one is given."""
        features = self.features if explainer is None else self.encode_all(explainer)
        explainer = explainer or self.explainer
        gradients = frame_gradients(explainer.model, features, self.targets).gradients
        parts: dict[int, list[Tensor]] = {stride: [] for stride in self.strides}
        with frozen(explainer.model), LayerMaps(explainer.model, self.strides) as layers:
            for numbers in torch.split(torch.from_numpy(chosen), _AT_ONCE):
                pictures = model_input(self.frames[numbers].to(explainer.device), explainer.mask)
                found = layers(pictures, gradients[:, numbers.to(gradients.device)])
                for stride, maps in found.items():
                    parts[stride].append(maps.cpu())
        return {stride: torch.cat(maps, dim=1).numpy() for stride, maps in parts.items()}

    def picture(self, frame: int) -> Tensor:
        """A frame as a mask has not touched it, (S, S), 0 to 1."""
        return model_input(self.frames[frame].to(self.explainer.device))

    def respond(self, frame: int, pictures: Tensor) -> Floats:
        """Every target at a frame when its picture is another one and all other frames stay: (m, S, S) to (B, m)."""
        model, mask = self.explainer.model, self.explainer.mask
        first, stop = max(0, frame - _CONTEXT), frame + _CONTEXT + 1
        around, place = self.features[first:stop].clone(), frame - first
        targets = [_at(target, frame) for target in self.targets]
        rows = []
        with torch.no_grad():
            seen = pictures if mask is None else pictures * mask.to(pictures)
            for changed in torch.cat([model.encode(part) for part in torch.split(seen, _AT_ONCE)]):
                around[place] = changed
                rows.append(model.predict(around)[place])
            mel = torch.stack(rows).double()
        return np.stack([target(mel).cpu().numpy() for target in targets])


def _at(target: Target, frame: int) -> Target:
    """The target of one frame, for any number of mels."""
    return replace(target, weights=target.weights[frame : frame + 1]) if len(target.weights) > 1 else target
