"""Maps of the CNN backbone's layers: what each place of a feature map adds to the targets."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn

from rtmri2speech.errors import ConfigError
from rtmri2speech.models.acoustic import AcousticModel


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """The model in eval mode, its weights out of reach of autograd; afterwards everything is as it was."""
    modes = [(module, module.training) for module in model.modules()]
    asked = [(weight, weight.requires_grad) for weight in model.parameters()]
    try:
        model.eval()
        for weight, _ in asked:
            weight.requires_grad_(False)
        yield
    finally:
        for weight, flag in asked:
            weight.requires_grad_(flag)
        for module, mode in modes:
            module.training = mode


def layer_strides(model: AcousticModel) -> dict[int, str]:
    """Layers that can be explained: stride in pixels, and the module's name; the last one is the final feature map."""
    info: list[dict[str, Any]] = model.cnn.feature_info.info  # type: ignore[union-attr, assignment]
    return {int(layer["reduction"]): str(layer["module"]) for layer in info}


def require_strides(model: AcousticModel, strides: Iterable[int]) -> dict[int, str]:
    """Refuse layers that the model does not have; return those it has, as :func:`layer_strides`.

    Raises:
        ConfigError: naming the first one.
    """
    known = layer_strides(model)
    wrong = next((stride for stride in strides if stride not in known), None)
    if wrong is not None:
        raise ConfigError(
            f"`stride={wrong}`: the model has no layer with a stride of {wrong} pixels.",
            f"Choose one of {', '.join(str(stride) for stride in sorted(known))}.",
        )
    return known


def last_stride(model: AcousticModel) -> int:
    """Stride in pixels of the last feature map: 32 with the default backbone."""
    return max(layer_strides(model))


class LayerMaps:
    """Makes signed maps, gradient times activation summed over channels, of one or more layers.

    Draelos and Carin (2020) call this HiResCAM. At the last layer the gradient is the same at every place, because
    global average pooling follows, so the map equals Grad-CAM's (Selvaraju et al. 2017) before its ReLU, and sums up
    to g . f, gradient times feature vector. At earlier layers the channels' mean gradients, as Grad-CAM takes them,
    would lose where a channel helps and where it harms; they are not offered.

    Use it as a context; hooks are taken away at its end.

    Args:
        model: the acoustic model, frozen.
        strides: of the layers to explain, in pixels.

    Raises:
        ConfigError: for a stride that the model does not have.
    """

    def __init__(self, model: AcousticModel, strides: Sequence[int]) -> None:
        known = require_strides(model, strides)
        self.model = model
        self.last = last_stride(model)
        self.strides = tuple(dict.fromkeys(strides))
        self.first = min(self.strides)
        self._rest = _modules_after(model.cnn, known[self.first], known[self.last])
        self._modules = {stride: _module(model.cnn, known[stride]) for stride in self.strides if stride != self.last}
        self._seen = threading.local()
        self._handles: list[Any] = []

    def __enter__(self) -> LayerMaps:
        for stride, module in self._modules.items():
            self._handles.append(module.register_forward_hook(self._keeper(stride)))
        return self

    def __exit__(self, *_: object) -> None:
        while self._handles:
            self._handles.pop().remove()

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor | None]:
        """Feature vectors (n, C) of frames (n, H, W), and the first explained layer, for use in a call later on.

        The layer is None where the network's modules do not simply follow each other.
        """
        self._seen.activations = {}
        with torch.no_grad():
            top = self.model.feature_map(frames)
            features = top.mean(dim=(2, 3))
        kept = None if self._rest is None else self._seen.activations.get(self.first, top).detach()
        return features, kept

    def __call__(
        self,
        frames: Tensor,
        gradients: Tensor,
        kept: Tensor | None = None,
        wanted: Mapping[int, Sequence[int]] | None = None,
    ) -> dict[int, Tensor]:
        """Maps by stride: frames (n, H, W) in [0, 1] and dT/df (B, n, C) to (B, n, h, w), float32.

        Each backward pass serves all n frames, which is exact because no frame's activations depend on another's.

        Args:
            frames: unused where ``kept`` is given.
            gradients: of B targets.
            kept: the first explained layer of these frames, from :meth:`encode`.
            wanted: which of the targets are explained at which stride; all at each if None. The maps of a stride are
                then those of its targets, in their order.
        """
        self._seen.activations = {}
        rows = {stride: range(len(gradients)) if wanted is None else wanted[stride] for stride in self.strides}
        with torch.set_grad_enabled(bool(self._modules)):
            top = self.model.feature_map(frames) if kept is None else self._go_on(kept)
            activations: dict[int, Tensor] = self._seen.activations
            cells = top.shape[-2] * top.shape[-1]
            maps: dict[int, list[Tensor]] = {stride: [] for stride in self.strides}
            inner = [stride for stride in self.strides if stride != self.last]
            backward = [index for index in range(len(gradients)) if any(index in rows[stride] for stride in inner)]
            for index, gradient in enumerate(gradients):
                spread = (gradient / cells)[:, :, None, None]
                if index in rows.get(self.last, ()):
                    maps[self.last].append((top.detach() * spread).sum(dim=1))
                if index in backward:
                    layers = [stride for stride in inner if index in rows[stride]]
                    found = torch.autograd.grad(
                        top,
                        [activations[stride] for stride in layers],
                        spread.expand_as(top),
                        retain_graph=index != backward[-1],
                    )
                    for stride, slope in zip(layers, found, strict=True):
                        maps[stride].append((slope * activations[stride].detach()).sum(dim=1))
        return {stride: torch.stack(parts).float() for stride, parts in maps.items()}

    def _go_on(self, kept: Tensor) -> Tensor:
        """From the first explained layer to the feature map."""
        result = kept
        if self.first != self.last:
            result = self._seen.activations[self.first] = kept.detach().requires_grad_()
        for module in self._rest or ():
            result = module(result)
        return result

    def _keeper(self, stride: int) -> Any:
        def keep(module: nn.Module, arguments: Any, output: Tensor) -> Tensor | None:
            seen = getattr(self._seen, "activations", None)
            if seen is None:  # another thread's use of the model
                return None
            # The first layer that is explained is where autograd starts; nothing before it is kept.
            kept = output if output.requires_grad else output.detach().requires_grad_()
            seen[stride] = kept
            return kept

        return keep


def _module(cnn: nn.Module, name: str) -> nn.Module:
    # Some backbones are rebuilt by timm with flat names.
    found = dict(cnn.named_modules())
    module: nn.Module = found[name] if name in found else found[name.replace(".", "_")]
    return module


def _modules_after(cnn: nn.Module, first: str, last: str) -> list[nn.Module] | None:
    """What follows the module ``first`` up to ``last``, in the one family of backbones whose modules are in a row."""
    if not isinstance(cnn, EfficientNetFeatures):
        return None
    stages = [f"blocks.{number}" for number in range(len(cnn.blocks))]
    if first not in stages or last not in stages:
        return None
    return list(cnn.blocks[stages.index(first) + 1 : stages.index(last) + 1])
