"""Cascading randomization: maps of a model whose weights are permuted, from its output to its input.

A map that stays what it was when the weights are gone describes the frame, not the model (Adebayo et al. 2018,
"Sanity checks for saliency maps").
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.validation.similarity import rank_correlation, structural_similarity
from rtmri2speech.arrays import Floating
from rtmri2speech.metrics.known import mean_of_known
from rtmri2speech.progress import SILENT, Progress

Key = TypeVar("Key", bound=Hashable)
Network = TypeVar("Network", bound=nn.Module)
Parts = Sequence[tuple[str, nn.Module]]

# Pixels of the images that structure is compared in.
_PIXELS = 64


@dataclass(frozen=True)
class Similarity(Generic[Key]):
    """How similar maps before and after are, means over frames.

    Attributes:
        step: what has been randomized last; everything from the output to there has.
        key: which maps.
        rank: Spearman's correlation of their values.
        rank_absolute: of their absolute values.
        ssim: structural similarity of the maps as images.
    """

    step: str
    key: Key
    rank: float
    rank_absolute: float
    ssim: float


def layers_from_output(model: nn.Module) -> Parts:
    """Layers that have weights of their own, last first.

    Layers are taken to run in the order in which they were registered; where they do not, name the parts yourself.
    """
    layers = [(name, part) for name, part in model.named_modules() if any(True for _ in part.parameters(recurse=False))]
    return layers[::-1]


def cascade(
    model: Network,
    make_maps: Callable[[Network], Mapping[Key, Floating]],
    *,
    trained: Mapping[Key, Floating] | None = None,
    parts: Callable[[Network], Parts] = layers_from_output,
    calibrate: Callable[[Network], object] | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Similarity[Key]]:
    """Compare maps of a trained model with those of models randomized further and further.

    Each part's weights are permuted among themselves, so that they keep their distribution. Statistics of BatchNorm
    are measured again, since those of other weights would let signals grow or vanish. The model itself stays as it is.

    Args:
        model: the trained network.
        make_maps: makes signed maps (n, h, w) of a model, by any key; see
            :mod:`rtmri2speech.analysis.validation.probe` for an example.
        trained: maps of the trained model, where they are known already.
        parts: a model to its named parts, from its output to its input.
        calibrate: passes typical inputs through a model; needed where it has BatchNorm.
        seed: of the permutations.
        progress: counts parts.

    Returns:
        One entry for each part and key, parts outermost.
    """
    before = make_maps(model) if trained is None else trained
    randomized = copy.deepcopy(model).eval()
    generator = torch.Generator().manual_seed(seed)
    found: list[Similarity[Key]] = []
    norm_reached = False
    for step, part in parts(randomized):
        permute_weights(part, generator)
        norm_reached = norm_reached or any(isinstance(module, _BatchNorm) for module in part.modules())
        if norm_reached and calibrate is not None:
            recalibrate_batch_norm(randomized, calibrate)
        for module in randomized.modules():
            if isinstance(module, nn.RNNBase):
                module.flatten_parameters()
        found += _compare(step, before, make_maps(randomized))
        progress.advance()
    return found


def permute_weights(part: nn.Module, generator: torch.Generator) -> None:
    """Permute the values of each of a module's tensors."""
    with torch.no_grad():
        for weight in part.parameters():
            order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
            weight.copy_(weight.flatten()[order].reshape(weight.shape))


def recalibrate_batch_norm(model: Network, calibrate: Callable[[Network], object]) -> None:
    """Take BatchNorm's means and variances from one pass of inputs; the modules end in eval mode.

    Args:
        model: the network.
        calibrate: passes inputs through it.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    with torch.no_grad():
        calibrate(model)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.eval()
        norm.momentum = momentum


def _compare(step: str, before: Mapping[Key, Floating], after: Mapping[Key, Floating]) -> Iterator[Similarity[Key]]:
    for key, trained in before.items():
        both = [np.asarray(maps, np.float64) for maps in (trained, after[key])]
        one, other = (maps.reshape(len(maps), -1) for maps in both)
        shown = [np.asarray(to_pixels(maps, _PIXELS), np.float64) for maps in both]
        rank, size = rank_correlation(one, other), rank_correlation(np.abs(one), np.abs(other))
        ssim = structural_similarity(*shown)
        yield Similarity(step, key, *(float(mean_of_known(values)) for values in (rank, size, ssim)))
