"""Strict loading of weights: every name and shape agrees, or the error says which does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from rtmri2speech.errors import BundleError


def load_strictly(model: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Load ``tensors`` into ``model``; every name and shape has to agree.

    Raises:
        BundleError: naming what is missing, left over or of another shape.
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
            "Use the version of this program that made it, or save it anew.",
        )
    model.load_state_dict(dict(tensors), strict=True)


def list_names(names: Iterable[str], most: int = 5) -> str:
    """The first names in order and how many more there are, for messages."""
    listed = sorted(names)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
