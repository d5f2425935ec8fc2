"""The page as HTML: template, style and scripts around the description and the binary parts."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from importlib.resources import files
from typing import Any

from rtmri2speech.reporting.page.data import PageData

_TEMPLATES = "templates"
SCRIPTS = ("data", "frame", "sound", "timeline", "lanes", "tract", "widening", "charts", "export", "controls", "app")
"""The scripts in the order in which they run; they share one scope."""


def render(page: PageData, chunks: list[str]) -> str:
    """The page as HTML.

    Everything that comes from files is text to the template, which escapes it, and to the script, which never makes
    markup from it. Scripts and styles are allowed by their checksums, so that no others run, and nothing is loaded.

    Args:
        page: the description.
        chunks: the binary parts, base64, by number.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    folder = files("rtmri2speech.reporting.page") / _TEMPLATES
    scripts = "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = f'"use strict";\n(() => {{\n{scripts}\n}})();\n'
    environment = Environment(
        loader=PackageLoader("rtmri2speech.reporting.page", _TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html").render(
        title=page["title"],
        page=_without_nan(page),
        strings=json.loads((folder / "strings.json").read_text(encoding="utf-8")),
        chunks=chunks,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _without_nan(value: Any) -> Any:
    """NaN and infinity as null: JSON, as browsers read it, has no other numbers."""
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
