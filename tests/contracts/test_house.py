"""Rules about the code as a whole: size, portability, thin packages. (Docstrings and the shell are ruff's.)"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from house import FILES, ROOT, SOURCE, hold, text_of, tree_of

MOST_LINES = 350
MOST_FILES = 13

POSIX_MODULES = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog"}
OS_CALLS = """
    chown fork forkpty getegid geteuid getgid getpgid getuid killpg mkfifo nice sched_getaffinity sched_setaffinity
    setsid setuid uname
"""
SIGNAL_NAMES = "SIGALRM SIGHUP SIGKILL SIGUSR1 SIGUSR2 alarm pause setitimer"
POSIX_CALLS = {f"os.{name}" for name in OS_CALLS.split()} | {f"signal.{name}" for name in SIGNAL_NAMES.split()}


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


def posix_only(tree: ast.Module) -> Iterator[str]:
    """What a file takes from the system that Windows does not have, unless it has asked before."""
    allowed = guarded(tree)
    for node in ast.walk(tree):
        if id(node) in allowed:
            continue
        if isinstance(node, ast.Import):
            yield from (f"line {node.lineno}: import {a.name}" for a in node.names if a.name in POSIX_MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
            yield from (f"line {node.lineno}: from {name}" for name in names if name in POSIX_MODULES | POSIX_CALLS)
        elif isinstance(node, ast.Attribute) and dotted(node) in POSIX_CALLS:
            yield f"line {node.lineno}: {dotted(node)}"


def without_encoding(tree: ast.Module) -> Iterator[str]:
    """Text read or written in the local code page, as Windows does unless told otherwise.

    Ruff's PLW1514 sees ``open``, and ``read_text`` only where it can tell that its owner is a Path.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = {keyword.arg for keyword in node.keywords}
            positional = {"read_text": 0, "write_text": 1}.get(name)
            if positional is not None and len(node.args) <= positional and "encoding" not in given:
                yield f"line {node.lineno}: {name}"


def test_files_can_be_seen_across() -> None:
    sizes = [(path, len(text_of(path).splitlines())) for path in FILES]
    long = [(path, f"{lines} lines") for path, lines in sizes if lines > MOST_LINES]
    hold("file length", long, f"more than {MOST_LINES} lines: split it by role")


def test_folders_can_be_seen_across() -> None:
    folders = {path.parent for path in [*FILES, *(ROOT / "tests" / "unit").rglob("*.py")]}
    counts = [(folder, len(list(folder.glob("*.py")))) for folder in sorted(folders)]
    full = [(folder, f"{count} files") for folder, count in counts if count > MOST_FILES]
    hold("folder size", full, f"more than {MOST_FILES} files: it has rooms of its own")


def test_runs_on_every_system() -> None:
    found = [(path, what) for path in FILES for what in posix_only(tree_of(path))]
    hold("portability", found, "not on Windows; ask sys.platform, os.name or hasattr(os, ...) first")


def test_text_names_its_encoding() -> None:
    found = [(path, what) for path in FILES for what in without_encoding(tree_of(path))]
    hold("encoding", found, 'encoding="utf-8" is missing')


def test_packages_are_thin() -> None:
    # The root holds the table of the public names, which imports what is asked for.
    packages = [path for path in FILES if path.name == "__init__.py" and path.parent not in (SOURCE, SOURCE / "assets")]
    imports = [
        (path, ast.unparse(node))
        for path in packages
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    hold("thin packages", imports, "imports at a package's root are how cycles start")


def test_the_root_imports_nothing_at_once() -> None:
    ours = [
        ast.unparse(node)
        for node in tree_of(SOURCE / "__init__.py").body
        if (isinstance(node, ast.Import) and any(a.name.startswith("rtmri2speech") for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("rtmri2speech")))
    ]
    ours = [line for line in ours if "rtmri2speech.version" not in line]
    assert not ours, "`import rtmri2speech` is to be quick: " + "; ".join(ours)


def test_every_folder_with_code_is_a_package() -> None:
    without = {path.parent for path in FILES} - {path.parent for path in FILES if path.name == "__init__.py"}
    assert not without


def test_the_searches_find_what_they_look_for() -> None:
    for code in ("import fcntl", "from os import fork", "import os\nos.setsid()", "from signal import SIGKILL"):
        assert list(posix_only(ast.parse(code))), code
    assert not list(posix_only(ast.parse("if hasattr(os, 'nice'):\n    os.nice(1)")))
    assert len(list(without_encoding(ast.parse("p.read_text(); p.write_text(x); p.read_text('utf-8')")))) == 2
    assert Path(FILES[0]).is_file() and len(FILES) > 150
