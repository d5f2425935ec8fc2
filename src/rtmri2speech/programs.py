"""Programs of the user's that do a part of the work: their command lines, and what is said when they fail."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence

from rtmri2speech.errors import UserError


def words_of(line: str, *places: str) -> list[str]:
    """The words of a command line, as this system parts them; no shell reads it.

    Args:
        line: as the user wrote it.
        places: words that stand for files (``{wav}``); those that the line lacks are put at its end, in this order.
    """
    words = [word.strip('"') if os.name == "nt" else word for word in shlex.split(line, posix=os.name != "nt")]
    return [*words, *(place for place in places if not any(place in word for word in words))]


def run_program(words: Sequence[str], option: str, advice: str) -> str:
    """Run a program to its end; what it prints on its standard output.

    Args:
        words: the program and its arguments.
        option: parameter that the user named it with, for messages.
        advice: what to do when the program fails.

    Raises:
        UserError: when it cannot be run, or ends with another code than 0.
    """
    try:
        done = subprocess.run(list(words), capture_output=True, check=False)
    except OSError as error:
        raise UserError(
            f"{words[0]}: cannot be run ({error.strerror}).", f"Check the command after `{option}`."
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UserError(f"{words[0]}: ended with {done.returncode}{': ' + said[-1] if said else ''}.", advice)
    return done.stdout.decode("utf-8", errors="replace")
