"""Strict loading of weights: every name and shape agrees, or the error says which does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from rtmri2speech.errors import BundleError

_SAVE_ANEW = "Use the version of this program that made it, or save it anew."


def load_strictly(model: nn.Module, tensors: Mapping[str, Tensor], source: str, remedy: str = _SAVE_ANEW) -> None:
    """Load ``tensors`` into ``model``; every name and shape has to agree, and every value has to be a number.

    Args:
        model: receives the tensors.
        tensors: by the model's names.
        source: where they are from, for the message.
        remedy: what to do when names or shapes do not agree.

    Raises:
        BundleError: naming what is missing, left over, of another shape or not a number.
    """
    expected = model.state_dict()
    problems = [f"missing: {list_names(expected.keys() - tensors.keys())}"] if expected.keys() - tensors.keys() else []
    if tensors.keys() - expected.keys():
        problems.append(f"unknown: {list_names(tensors.keys() - expected.keys())}")
    shapes = [
        f"{name} {tuple(tensors[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in sorted(expected.keys() & tensors.keys())
        if tensors[name].shape != expected[name].shape
    ]
    if shapes:
        problems.append(f"shapes: {list_names(shapes)}")
    if problems:
        raise BundleError(
            f"{source}: its tensors do not fit its configuration; {'; '.join(problems)}.",
            remedy,
        )
    require_finite(tensors, source)
    model.load_state_dict(dict(tensors), strict=True)


def require_finite(tensors: Mapping[str, Tensor], source: str) -> None:
    """Refuse weights with values that are not numbers (NaN, infinity), which would be heard as noise at full scale.

    Raises:
        BundleError: naming the tensors.
    """
    bad = [name for name, one in tensors.items() if one.is_floating_point() and not bool(torch.isfinite(one).all())]
    if bad:
        raise BundleError(
            f"{source}: holds values that are not numbers (NaN or infinity), in {list_names(bad)}.",
            "Its training run diverged: use an earlier checkpoint.",
        )


def list_names(names: Iterable[str], most: int = 5) -> str:
    """The first names in order and how many more there are, for messages."""
    listed = sorted(names)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
