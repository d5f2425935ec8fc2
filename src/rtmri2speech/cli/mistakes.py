"""A command line that cannot be read, explained in two lines."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from inspect import Parameter as PythonParameter
from pathlib import PurePath

from cyclopts import App, ArgumentCollection, CycloptsError, MissingArgumentError, UnknownCommandError

from rtmri2speech.cli.reference_names import option_answer, script_answer
from rtmri2speech.errors import UserError

_ALWAYS = ("--help", "--version", "--debug")
_INTERPRETER = re.compile(r"python[\d.]*(\.exe)?$")


def explain(error: CycloptsError, app: App, words: Sequence[str], typed: Sequence[str]) -> UserError:
    """What is wrong with a command line: unknown options first, whatever else is wrong with it.

    Args:
        error: what the command line's library says.
        app: the program.
        words: the command line, options with hyphens.
        typed: the same words as they were typed.
    """
    if isinstance(error, UnknownCommandError) and (known := _script(app, typed)) is not None:
        return known
    command, arguments = _command(app, words)
    remedy = f"See: rtmri2speech {command}{' ' * bool(command)}--help"
    if arguments is not None:
        if (unknown := _unknown_options(command, arguments, words, typed, remedy)) is not None:
            return unknown
        if isinstance(error, MissingArgumentError) and (missing := _missing(error, arguments, words)):
            return UserError(f'Command "{command}" needs {" and ".join(missing)}.', remedy)
    return UserError(" ".join(str(error).split()), remedy)


def _script(app: App, typed: Sequence[str]) -> UserError | None:
    rest = list(typed)
    if rest and _INTERPRETER.fullmatch(PurePath(rest[0]).name):
        rest = rest[1:]
    answer = script_answer(rest[0]) if rest and rest[0] not in app else None
    return None if answer is None else UserError(f"{rest[0]}: a script of other programs, not a command.", answer)


def _command(app: App, words: Sequence[str]) -> tuple[str, ArgumentCollection | None]:
    """The command that words call, ``train vocoder``, and its arguments if it is one that does something."""
    level, names = app, []
    for word in words:
        if word.startswith("-") or word not in level:
            break
        names.append(word)
        level = level[word]
        if level.default_command is not None:
            return " ".join(names), level.assemble_argument_collection()
    return " ".join(names), None


def _unknown_options(
    command: str, arguments: ArgumentCollection, words: Sequence[str], typed: Sequence[str], remedy: str
) -> UserError | None:
    known = {name for argument in arguments for name in (*argument.names, *argument.negatives)}
    unknown: dict[str, str] = {}
    answers: dict[str, list[str]] = {}
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if word == "--":
            break
        if not re.match(r"--[A-Za-z]", option) or option in known or option in _ALWAYS:
            continue
        after = words[place + 1] if place + 1 < len(words) else "-"
        given = value if equals else None if after.startswith("-") else after
        name = typed[place].partition("=")[0]
        unknown[name] = option
        if answer := option_answer(command, option, given):
            answers.setdefault(answer, []).append(name)
    if not unknown:
        return None
    if answers:
        texts = [f"{', '.join(names)}: {answer}" for answer, names in answers.items()]
        return UserError(f"Unknown option of {command}: {', '.join(unknown)}.", f"{'; '.join(texts)}.")
    name, option = next(iter(unknown.items()))
    near = difflib.get_close_matches(option, sorted(known), n=1, cutoff=0.7)
    return UserError(f"Unknown option: {name}." + (f" Did you mean {near[0]}?" if near else ""), remedy)


def _missing(error: MissingArgumentError, arguments: ArgumentCollection, words: Sequence[str]) -> list[str]:
    """Options and files that are needed and were not given; none where one was given without its value."""
    given = {word.partition("=")[0] for word in words}
    if error.argument is None or error.argument.tokens or error.tokens_so_far or given & set(error.argument.names):
        return []
    others = [
        argument.name
        for argument in arguments
        if argument.required
        and argument.field_info.kind is PythonParameter.KEYWORD_ONLY
        and not given & set(argument.names)
    ]
    return list(dict.fromkeys([error.argument.name, *others]))
