"""What Python tells the page, what its scripts are checked against, and the page itself name the same things."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import pytest

from rtmri2speech.reporting.page import data
from rtmri2speech.reporting.page.template import SCRIPTS

TYPES = Path(__file__).parents[3] / "javascript" / "page.d.ts"
TEMPLATES = files("rtmri2speech.reporting.page") / "templates"
DESCRIBED = {name: one for name, one in vars(data).items() if is_typeddict(one)}


def interface(name: str) -> dict[str, str]:
    """Members of an interface and their types, as they are written."""
    (body,) = re.findall(rf"^interface {name} {{\n(.*?)^}}", TYPES.read_text(encoding="utf-8"), re.M | re.S)
    return dict(re.findall(r'^  "?([\w-]+)"?: (.+);$', body, re.M))


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_scripts_are_checked_against_what_python_writes(name: str) -> None:
    members = interface(name)
    assert members.keys() == DESCRIBED[name].__annotations__.keys()
    hints: dict[str, Any] = get_type_hints(DESCRIBED[name], vars(data))
    may_be_null = {member for member, hint in hints.items() if type(None) in getattr(hint, "__args__", ())}
    assert {member for member, written in members.items() if written.endswith("| null")} == may_be_null


def test_every_element_that_scripts_name_is_on_the_page() -> None:
    markup = (TEMPLATES / "page.html").read_text(encoding="utf-8")
    ids = set(re.findall(r'\bid="([\w-]+)"', markup))
    assert interface("PageElements").keys() == ids


def test_every_script_is_joined_and_every_name_in_them_is_used() -> None:
    scripts = {
        one.name[:-3]: one.read_text(encoding="utf-8") for one in TEMPLATES.iterdir() if one.name.endswith(".js")
    }
    assert scripts.keys() == set(SCRIPTS)
    whole = "\n".join(scripts.values())
    names = re.findall(r"^(?:async )?(?:const|let|function) ([\w$]+)", whole, re.M)
    assert len(names) == len(set(names)) > 80
    assert [name for name in names if len(re.findall(rf"(?<![\w$]){re.escape(name)}(?![\w$])", whole)) < 2] == []
