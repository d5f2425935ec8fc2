"""Files that ship with the program: recipes, and later the pretrained bundles and clips."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def asset(relative: str) -> Path:
    """Path of a shipped file, the same in a checkout and in an installed wheel."""
    return Path(str(files(__name__))) / relative


def recipes() -> dict[str, Path]:
    """The shipped recipes by name."""
    return {path.stem: path for path in sorted(asset("recipes").glob("*.yaml"))}
