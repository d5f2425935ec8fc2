"""The command line reads options, calls the library, prints; the library's messages name parameters, never flags."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from house import FILES, SOURCE, docstrings, hold, text_of, tree_of

CLI = SOURCE / "cli"
MOST_LINES = 30
REGISTERED = re.compile(r"_COMMANDS\}\.([\w.]+):(\w+)")
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
# Command lines of this program and of others, whose flags are their own.
PROGRAM = re.compile(r"\b(?:rtmri2speech|torchrun|srun|python -m \w+|pip|apt|git)\b.*?--[a-z]|\((?:torchrun|srun)\)")


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """The functions behind the commands."""
    for module, name in REGISTERED.findall(text_of(CLI / "main.py")):
        path = CLI.joinpath(*module.split(".")).with_suffix(".py")
        (found,) = (node for node in tree_of(path).body if isinstance(node, ast.FunctionDef) and node.name == name)
        yield path, found


def lines_of_body(path: Path, function: ast.FunctionDef) -> int:
    """Lines that are not blank, without signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    lines = text_of(path).splitlines()[body[0].lineno - 1 : function.end_lineno]
    return sum(bool(line.strip()) for line in lines)


def strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is no docstring; what an f-string puts in is an ellipsis."""
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    left_out = docstrings(tree) | parts
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.lineno, node.value


def flags(tree: ast.Module) -> Iterator[str]:
    """Flags in messages that are no part of a whole command line."""
    for line, text in strings(tree):
        for part in text.splitlines():
            if FLAG.search(part) and not PROGRAM.search(part):
                yield f"line {line}: {part.strip()[:80]}"


def test_a_command_is_short() -> None:
    sizes = [(path, function.name, lines_of_body(path, function)) for path, function in functions()]
    assert len(sizes) > 20
    long = [(path, f"{name} has {lines} lines") for path, name, lines in sizes if lines > MOST_LINES]
    hold("command length", long, f"more than {MOST_LINES} lines: what it does is the library's")


def test_messages_of_the_library_name_parameters() -> None:
    library = [path for path in FILES if CLI not in path.parents]
    found = [(path, what) for path in library for what in flags(tree_of(path))]
    hold("flags in messages", found, "write `name=value`, which the command line translates")


def test_the_searches_find_what_they_look_for() -> None:
    for code in ('raise E("Choose another --out.")', 'x = f"--seed {seed}: less than 0."', 'e("a\\n--b c")'):
        assert list(flags(ast.parse(code))), code
    for code in ('"""See --out."""', 'e("Run: rtmri2speech check D --json")', 'e("a -- b", "`out`: taken.")'):
        assert not list(flags(ast.parse(code))), code
