"""Rules about the code as a whole: size, docstrings, portability, thin packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "rtmri2speech"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 350

POSIX_MODULES = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog"}
OS_CALLS = """
    chown fork forkpty getegid geteuid getgid getpgid getuid killpg mkfifo nice sched_getaffinity sched_setaffinity
    setsid setuid uname
"""
SIGNAL_NAMES = "SIGALRM SIGHUP SIGKILL SIGUSR1 SIGUSR2 alarm pause setitimer"
POSIX_CALLS = {f"os.{name}" for name in OS_CALLS.split()} | {f"signal.{name}" for name in SIGNAL_NAMES.split()}

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def public_definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Public classes and functions with their names; methods too, but nothing local to a function."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            # Setters and overloads share the docstring of the first definition.
            decorators = {ast.unparse(item).rpartition(".")[2] for item in node.decorator_list}
            if not decorators & {"setter", "deleter", "overload", "override"}:
                yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{prefix}{node.name}.")


def dotted(node: ast.expr) -> str:
    """``a.b`` for an attribute of a plain name, else an empty string."""
    plain = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return ast.unparse(node) if plain else ""


def guarded(tree: ast.Module) -> set[int]:
    """Ids of the nodes in ``if sys.platform ...``, ``if os.name ...`` and ``if hasattr(os, ...)``."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp):
            question = ast.unparse(node.test)
            if any(word in question for word in ("sys.platform", "os.name", "hasattr(os", "hasattr(signal")):
                inside.update(id(child) for child in ast.walk(node))
    return inside


@each_file
def test_file_can_be_seen_across(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines: split it by role"


@each_file
def test_public_things_are_described(path: Path) -> None:
    tree = tree_of(path)
    bare = [] if ast.get_docstring(tree) else ["the module"]
    bare += [name for name, node in public_definitions(tree.body) if not ast.get_docstring(node)]
    assert not bare, "no docstring: " + ", ".join(bare)


@each_file
def test_runs_on_every_system(path: Path) -> None:
    tree = tree_of(path)
    allowed = guarded(tree)
    found = []
    for node in ast.walk(tree):
        if id(node) in allowed:
            continue
        if isinstance(node, ast.Import):
            found += [f"line {node.lineno}: import {a.name}" for a in node.names if a.name in POSIX_MODULES]
        elif isinstance(node, ast.ImportFrom):
            names = {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
            found += [f"line {node.lineno}: from {name}" for name in names if name in POSIX_MODULES | POSIX_CALLS]
        elif isinstance(node, ast.Attribute) and dotted(node) in POSIX_CALLS | {"os.system", "os.popen"}:
            found.append(f"line {node.lineno}: {dotted(node)}")
        elif isinstance(node, ast.keyword) and node.arg == "shell" and ast.unparse(node.value) != "False":
            found.append(f"line {node.value.lineno}: shell=True")
    assert not found, "; ".join(found)


@each_file
def test_text_names_its_encoding(path: Path) -> None:
    # Windows reads text in a local code page unless told otherwise.
    bare = []
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {keyword.arg for keyword in node.keywords}
        if (name == "read_text" and not node.args and "encoding" not in given) or (
            name == "write_text" and len(node.args) < 2 and "encoding" not in given
        ):
            bare.append(f"line {node.lineno}: {name}")
    assert not bare, "encoding missing: " + "; ".join(bare)


# The root is the public interface, which imports on first use; assets finds shipped files.
PACKAGES = [path for path in FILES if path.name == "__init__.py" and path.parent not in (SOURCE, SOURCE / "assets")]


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.relative_to(SOURCE.parent).as_posix())
def test_packages_are_thin(path: Path) -> None:
    imports = [ast.unparse(n) for n in ast.walk(tree_of(path)) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert not imports, "imports at a package's root are how cycles start: " + "; ".join(imports)


def test_every_folder_with_code_is_a_package() -> None:
    without = {path.parent for path in FILES} - {path.parent for path in FILES if path.name == "__init__.py"}
    assert not without
