"""The pages of the manual that say what the code says: commands from the command line, recipes from their types.

python docs/scripts/reference.py            # writes docs/reference/cli.md and recipes.md
python docs/scripts/reference.py --check    # says which of them differs from the code, exit code 1
"""

from __future__ import annotations

import argparse
import inspect
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cyclopts import App
from docstring_parser import parse as parse_docstring
from pydantic.fields import FieldInfo

from rtmri2speech.assets import recipes
from rtmri2speech.cli.main import app
from rtmri2speech.config import Config
from rtmri2speech.training.recipes import Recipe, load_recipe

PAGES = Path(__file__).parents[1] / "reference"
MADE_BY = "<!-- Made by docs/scripts/reference.py; change the code instead. -->"

Words = tuple[str, ...]


def commands(level: App = app, words: Words = ()) -> Iterator[tuple[Words, App]]:
    """Every command that does something, in the order of the help."""
    for name in level:
        if name.startswith("-"):
            continue
        inner = level[name]
        if inner.default_command is None:
            yield from commands(inner, (*words, name))
        else:
            yield (*words, name), inner


def plain(text: str) -> str:
    """Running text as Markdown that shows the same."""
    for character in "\\*|<":
        text = text.replace(character, {"<": "&lt;"}.get(character, "\\" + character))
    return " ".join(text.split())


def code(text: object) -> str:
    return f"`{str(text).replace('|', chr(92) + '|')}`"


# --- Commands -------------------------------------------------------------------------------------------------------


def cli_page() -> str:
    lines = [
        "# Commands",
        "",
        MADE_BY,
        "",
        "What `rtmri2speech COMMAND --help` says. Every command takes `--debug` as well, to show where an error came "
        "from. Options may be spelt with underscores (`--out_dir`). An option that takes several values takes them one "
        "after the other (`--target-frames 60 90 120`), or is given several times.",
        "",
        "The exit code is 0 when all went well, 1 after an error, and 130 after Ctrl-C. Messages go to the standard "
        "error stream. A batch in which something failed finishes the rest, lists the failures, and ends with 1.",
        "",
        "| command | does |",
        "|---|---|",
    ]
    every = list(commands())
    for words, command in every:
        name = " ".join(words)
        lines.append(f"| [`{name}`](#{'-'.join(words)}) | {plain(_summary(command))} |")
    for words, command in every:
        lines += ["", f"## {' '.join(words)} {{ #{'-'.join(words)} }}", "", *_command(words, command)]
    return "\n".join(lines) + "\n"


def _summary(command: App) -> str:
    return parse_docstring(inspect.getdoc(command.default_command) or "").short_description or ""


def _command(words: Words, command: App) -> list[str]:
    function = command.default_command
    assert function is not None
    text = parse_docstring(inspect.getdoc(function) or "")
    told = {one.arg_name: one.description or "" for one in text.params}
    paragraphs = [text.short_description or "", *(text.long_description or "").split("\n\n")]
    arguments = [argument for argument in command.assemble_argument_collection() if argument.show]
    usage = ["rtmri2speech", *words]
    rows = []
    for argument in arguments:
        positional = argument.index is not None
        named = [name for name in argument.names if name.startswith("-")]
        help_text = told.get(argument.field_info.name) or argument.parameter.help or ""
        value = _value(argument)
        display = argument.field_info.name.upper().replace("_", "-")
        title = ", ".join(code(name) for name in ([display] if positional else []) + named)
        many = " ..." if _is_many(argument) else ""
        if argument.required:
            usage.append(f"{display}{many}" if positional else f"{named[0]} {value or display}{many}")
        elif positional:
            usage.append(f"[{display}{many}]")
        shown = code(f"{value}{many}") if value else ""
        rows.append(f"| {title} | {shown} | {_default(argument)} | {plain(help_text)} |")
    options = [argument for argument in arguments if argument.index is None and not argument.required]
    usage += ["[OPTIONS]"] if options else []
    lines = []
    for paragraph in paragraphs:
        if paragraph.strip():
            lines += [plain(paragraph), ""]
    lines += ["```text", " ".join(usage), "```", ""]
    if rows:
        lines += ["| option | value | default | |", "|---|---|---|---|", *rows]
    return lines


def _is_many(argument: Any) -> bool:
    hint = _without_none(argument.hint)
    return typing.get_origin(hint) is list


def _value(argument: Any) -> str:
    choices = argument.get_choices()
    if choices:
        return "|".join(choices)
    hint = _without_none(argument.hint)
    if typing.get_origin(hint) is list:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        return " ".join(_name(part) for part in typing.get_args(hint))
    return "" if hint is bool else _name(hint)


def _name(hint: Any) -> str:
    return {"str": "TEXT", "int": "INTEGER", "float": "NUMBER", "Path": "PATH"}.get(getattr(hint, "__name__", ""), "")


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = [part for part in typing.get_args(hint) if part is not type(None)]
    return hint


def _default(argument: Any) -> str:
    default = argument.field_info.default
    if argument.required:
        return "needed"
    if default is None or default is False or default is inspect.Parameter.empty:
        return ""
    if isinstance(default, tuple):
        return code(" ".join(f"{part:g}" for part in default))
    return code(default.as_posix() if isinstance(default, Path) else default)


# --- Recipes --------------------------------------------------------------------------------------------------------


def recipes_page() -> str:
    shipped = {name: load_recipe(name) for name in recipes()}
    lines = [
        "# Recipes",
        "",
        MADE_BY,
        "",
        "A recipe is a YAML file with every setting of both trainings. `--recipe` takes the name of one that comes "
        "with the program, or a path. Settings that a file leaves out have the values in the column *default*, which "
        "are those of the reference configuration where it names one. Unknown names are refused, and the nearest known "
        "one is named. Single"
        " values are changed with `--set`, by their dotted name:",
        "",
        "```",
        "rtmri2speech train acoustic dataset --recipe small --set acoustic.optimizer.lr=1e-4 acoustic.max_steps=2000",
        "```",
        "",
        "| recipe | is |",
        "|---|---|",
    ]
    lines += [f"| [`{name}`](#{name}) | {plain(recipe.description)} |" for name, recipe in shipped.items()]
    for stage in ("acoustic", "vocoder"):
        field = Recipe.model_fields[stage]
        assert isinstance(field.annotation, type) and issubclass(field.annotation, Config)
        lines += ["", f"## train {stage} {{ #train-{stage} }}", ""]
        lines += ["| setting | | default | allowed | other values |", "|---|---|---|---|---|"]
        lines += _rows(field.annotation, stage, shipped)
    for name, path in recipes().items():
        lines += ["", f"## {name} {{ #{name} }}", "", "```yaml", path.read_text(encoding="utf-8").rstrip(), "```"]
    return "\n".join(lines) + "\n"


def _rows(model: type[Config], prefix: str, shipped: dict[str, Recipe]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, Config):
            yield from _rows(field.annotation, path, shipped)
            continue
        default = field.get_default(call_default_factory=True)
        others = {recipe: _at(values, path) for recipe, values in shipped.items()}
        told = [f"{recipe}: {code(_yaml(value))}" for recipe, value in others.items() if value != default]
        described = plain(field.description or "")
        yield f"| {code(path)} | {described} | {code(_yaml(default))} | {_allowed(field)} | {', '.join(told)} |"


def _at(recipe: Recipe, path: str) -> Any:
    value: Any = recipe
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _yaml(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple):
        return f"[{', '.join(_yaml(part) for part in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _allowed(field: FieldInfo) -> str:
    hint = _without_none(field.annotation)
    if typing.get_origin(hint) is typing.Literal:
        return ", ".join(code(one) for one in typing.get_args(hint))
    if hint is bool:
        return "`true`, `false`"
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "&lt;"}
    limits = [
        f"{sign} {getattr(one, name):g}"
        for one in field.metadata
        for name, sign in signs.items()
        if isinstance(getattr(one, name, None), int | float)
    ]
    return ", ".join(limits)


def pages() -> dict[Path, str]:
    """What the generated pages should hold."""
    return {PAGES / "cli.md": cli_page(), PAGES / "recipes.md": recipes_page()}


def main() -> int:
    parser = argparse.ArgumentParser(description="reference pages made from the code")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    different = []
    for path, text in pages().items():
        if check and path.read_text(encoding="utf-8") != text:
            different.append(path)
        elif not check:
            path.write_text(text, encoding="utf-8", newline="\n")
    for path in different:
        print(f"{path} differs from the code; make it anew: python docs/scripts/reference.py", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
