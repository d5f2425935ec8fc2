"""Files that ship with the program: recipes, vowels, the pretrained models, the clip of the demo."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from rtmri2speech.errors import BundleError

MODELS = ("phantom", "strangers", "base-vocoder", "segmenter")
"""Names of the models that come with the program."""


def asset(relative: str) -> Path:
    """Path of a shipped file, the same in a checkout and in an installed wheel."""
    return Path(str(files(__name__))) / relative


def example_video() -> Path:
    """The clip of the demo: a simulated speaker the shipped model has not seen, with sound and labels next to it."""
    return next(asset("clip").glob("*/*.mp4"))


def recipes() -> dict[str, Path]:
    """The shipped recipes by name."""
    return {path.stem: path for path in sorted(asset("recipes").glob("*.yaml"))}


def find_model(name: str | Path) -> Path:
    """A model file by its path, or a shipped model by its name (``phantom``); a file of that name comes first.

    A path that does not exist is returned as it is, so that whoever opens it says so.

    Raises:
        BundleError: for the name of a shipped model whose file is missing.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = pretrained()
    if str(name) in MODELS and str(name) not in shipped:
        raise BundleError(
            f"The model {name} comes with the program, and its file is missing.",
            "Install the whole project again, or give the path of a model file of your own.",
        )
    return shipped.get(str(name), path)


def pretrained() -> dict[str, Path]:
    """The shipped models by name: in a wheel among its assets, in a checkout in the folder ``pretrained``."""
    for root in (asset("pretrained"), Path(__file__).parents[3] / "pretrained"):
        found = {path.parent.name: path for path in sorted(root.glob("*/*.safetensors"))}
        if found:
            return found
    return {}


def simulated_heads() -> Path | None:
    """Folder of the simulated heads that come with the segmenter, to be mixed in where it is adapted."""
    roots = (asset("pretrained"), Path(__file__).parents[3] / "pretrained")
    return next((path for root in roots if (path := root / "segmenter" / "heads").is_dir()), None)
