"""``rtmri2speech inspect``."""

from __future__ import annotations

from typing import Annotated

from rtmri2speech.cli.console import Flag, ModelFile


def inspect(model: ModelFile, /, *, json: Annotated[bool, Flag] = False) -> int:
    """Say what a model file holds: stages, definitions, where it came from.

    Parameters
    ----------
    model
        A .safetensors file of this program.
    json
        Print everything but the weights as JSON, the recipes it was trained with included.
    """
    from rtmri2speech.models.bundle.describe import describe
    from rtmri2speech.models.bundle.model_file import load_bundle

    bundle = load_bundle(model)
    if json:
        _print_json(bundle.header())
        return 0
    rows = describe(bundle)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    if bundle.card:
        print(f"\n{bundle.card}")
    return 0


def _print_json(values: dict[str, object]) -> None:
    import json

    print(json.dumps(values, ensure_ascii=False, indent=1))
