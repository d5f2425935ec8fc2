"""Cascading randomisation: maps of a model that has forgotten what it learnt, from its output to its input.

A map that stays what it was when the weights are gone tells of the picture, not of the model (Adebayo et al. 2018,
"Sanity checks for saliency maps").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn

from rtmri2speech.analysis.attribution.explainer import Explainer
from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.validation.probe import Probe, Variant
from rtmri2speech.analysis.validation.similarity import mean_of_known, rank_correlation, structural_similarity
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.frames import model_input

# Frames that statistics of BatchNorm are taken from, and pixels of the pictures that structure is compared in.
_SETTLING = 32
_PIXELS = 64


@dataclass(frozen=True)
class Similarity:
    """How alike maps before and after are, means over frames.

    Attributes:
        step: what has been randomised last; everything from the output to there has.
        variant, band: which maps.
        rank: Spearman's correlation of the cells.
        rank_absolute: of their absolute values.
        ssim: structural similarity of the maps as pictures.
    """

    step: str
    variant: Variant
    band: str
    rank: float
    rank_absolute: float
    ssim: float


def cascade(
    bundle: Bundle,
    probe: Probe,
    chosen: NDArray[np.int64],
    seed: int = 0,
    on_step: Callable[[], None] = lambda: None,
) -> list[Similarity]:
    """Compare maps of the trained model with those of models randomised further and further.

    Each layer's weights are dealt out anew among themselves, so that they keep their distribution, and the statistics
    of BatchNorm are taken again from the clip, since those of other weights would let signals grow or vanish.

    Args:
        bundle: the model.
        probe: the clip.
        chosen: frames to make maps of.
        seed: of the dealing.
        on_step: called after each of :func:`steps_of` the model.
    """
    trained = probe.maps(chosen)
    explainer = Explainer(bundle, probe.explainer.device)
    explainer.model = bundle.build_acoustic(explainer.device)
    picked = probe.frames[torch.from_numpy(probe.choose(_SETTLING))].to(explainer.device)
    pictures = model_input(picked, explainer.mask)
    generator = torch.Generator().manual_seed(seed)
    found = []
    for step, part in steps_of(explainer.model):
        deal(part, generator)
        if step not in ("head", "lstm"):
            _settle(explainer.model.cnn, explainer.model.encode, pictures)
        explainer.model.lstm.flatten_parameters()
        found += list(_compare(step, probe, trained, probe.maps(chosen, explainer)))
        on_step()
    return found


def steps_of(model: AcousticModel) -> list[tuple[str, nn.Module]]:
    """Parts of a model from its output to its input, with their names."""
    parts: list[tuple[str, nn.Module]] = [("head", model.head), ("lstm", model.lstm)]
    if not isinstance(model.cnn, EfficientNetFeatures):
        return [*parts, ("cnn", model.cnn)]
    stages = [(f"stage {number}", stage) for number, stage in enumerate(model.cnn.blocks, start=1)]
    return [*parts, *reversed(stages), ("stem", nn.ModuleList([model.cnn.conv_stem, model.cnn.bn1]))]


def deal(part: nn.Module, generator: torch.Generator) -> None:
    """Deal out the values of each of a module's tensors anew among its places."""
    with torch.no_grad():
        for weight in part.parameters():
            order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
            weight.copy_(weight.flatten()[order].reshape(weight.shape))


def _settle(cnn: nn.Module, encode: Callable[[Tensor], Tensor], pictures: Tensor) -> None:
    """Take BatchNorm's means and variances from some pictures; the modules end as they were, in eval mode."""
    norms = [module for module in cnn.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    with torch.no_grad():
        encode(pictures)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.eval()
        norm.momentum = momentum


def _compare(
    step: str, probe: Probe, trained: dict[int, NDArray[np.float32]], other: dict[int, NDArray[np.float32]]
) -> Iterator[Similarity]:
    for variant in probe.variants:
        for number, band in enumerate(probe.bands):
            index = probe.index(variant.target, number)
            before, after = (maps[variant.stride][index].astype(np.float64) for maps in (trained, other))
            flat = [maps.reshape(len(maps), -1) for maps in (before, after)]
            shown = [to_pixels(torch.from_numpy(maps), _PIXELS).astype(np.float64) for maps in (before, after)]
            yield Similarity(
                step,
                variant,
                band.name,
                mean_of_known(rank_correlation(*flat)),
                mean_of_known(rank_correlation(*(np.abs(one) for one in flat))),
                mean_of_known(structural_similarity(*shown)),
            )
