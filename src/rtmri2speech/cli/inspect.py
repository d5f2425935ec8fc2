"""``rtmri2speech inspect``."""

from __future__ import annotations

from pathlib import Path


def inspect(model: Path, /) -> int:
    """Say what a model file holds: stages, definitions, where it came from.

    Parameters
    ----------
    model
        A .safetensors file of this program.
    """
    from rtmri2speech.models.bundle import describe, load_bundle

    rows = describe(load_bundle(model))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    return 0
