"""What the rules about the code share: its files, and one message for all that break a rule."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "rtmri2speech"
FILES = sorted(SOURCE.rglob("*.py"))
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if "scripts" not in path.parts)]
PRETRAINED, BENCHMARKS = ROOT / "pretrained", ROOT / "benchmarks"
SCRIPTS = sorted([*BENCHMARKS.glob("*.py"), *(ROOT / "docs" / "scripts").glob("*.py"), *PRETRAINED.rglob("*.py")])
CARDS = sorted(PRETRAINED.rglob("*.md"))


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path), filename=str(path))


def docstrings(tree: ast.Module) -> set[int]:
    """Ids of the constants that are docstrings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def hold(rule: str, found: Iterable[tuple[Path, str]], remedy: str) -> None:
    """Fail with every place where a rule is broken."""
    broken = [f"{path.relative_to(ROOT).as_posix()}: {what}" for path, what in found]
    assert not broken, f"{rule}: {remedy}\n" + "\n".join(broken)
