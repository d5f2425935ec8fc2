"""The public interface: complete, lazy, and known to type checkers under the same names."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import rtmri2speech as r2s


@pytest.mark.parametrize("name", r2s.__all__)
def test_every_public_name_is_there_and_described(name: str) -> None:
    value = getattr(r2s, name)
    assert name == "__version__" or inspect.getdoc(value)
    assert name in dir(r2s)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'synthesise'"):
        r2s.synthesise  # noqa: B018


def test_type_checkers_know_the_same_names() -> None:
    tree = ast.parse(Path(r2s.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.asname: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert typed == {name: f"rtmri2speech.{home}" for name, home in r2s._HOMES.items()}


def test_importing_it_imports_nothing_heavy_and_takes_no_time() -> None:
    code = (
        "import sys, time; began = time.perf_counter(); import rtmri2speech; spent = time.perf_counter() - began\n"
        "print(spent, [name for name in ('numpy', 'torch', 'av', 'pydantic', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    seconds, loaded = done.stdout.split(maxsplit=1)
    # A tenth of a second on an idle machine, with room for a busy one.
    assert float(seconds) < 0.3 and loaded.strip() == "[]"
