"""Gradient checkpointing: the CNN's activations are recomputed in the backward pass instead of stored: less memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial

import torch
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from rtmri2speech.errors import ConfigError


def batch_norms(network: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """Layers of a network that keep running statistics of their batches."""
    layers = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    return [layer for layer in layers if layer.track_running_stats]


def require_recomputable(cnn: nn.Module) -> EfficientNetFeatures:
    """The CNN backbone, if its stages are known.

    Raises:
        ConfigError: for other families than EfficientNet.
    """
    if not isinstance(cnn, EfficientNetFeatures):
        raise ConfigError(
            "Gradient checkpointing knows the stages of EfficientNets only.",
            "Set acoustic.checkpoint_segments to 0, or take an EfficientNet as acoustic.model.backbone.",
        )
    return cnn


def recomputed(cnn: EfficientNetFeatures, frames: Tensor, segments: int) -> Tensor:
    """Last feature map of frames (N, 3, H, W), with only the borders of ``segments`` parts kept for the gradient.

    The first stages hold nearly all of the memory: the parts have equal numbers of stages, and each is computed
    again when its gradient is due.
    """
    stages = [nn.Sequential(cnn.conv_stem, cnn.bn1), *cnn.blocks]
    size = -(-len(stages) // segments)
    hidden = frames
    for first in range(0, len(stages), size):
        part = nn.Sequential(*stages[first : first + size])
        # The input needs no gradient; without reentry the weights get theirs all the same.
        hidden = checkpoint(part, hidden, use_reentrant=False, context_fn=partial(_contexts, part))
    return hidden


def _contexts(
    part: nn.Module,
) -> tuple[contextlib.AbstractContextManager[None], contextlib.AbstractContextManager[None]]:
    return contextlib.nullcontext(), _keeping_statistics(part)


@contextlib.contextmanager
def _keeping_statistics(part: nn.Module) -> Iterator[None]:
    """The second pass over a batch must not count in the running statistics again."""
    layers = batch_norms(part)
    before = [(layer.momentum, layer.num_batches_tracked) for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
        # A stand-in, so that the second pass saves as many tensors as the first and counts nothing.
        layer.num_batches_tracked = torch.zeros_like(layer.num_batches_tracked)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for layer, (momentum, count) in zip(layers, before, strict=True):
            layer.momentum, layer.num_batches_tracked = momentum, count
