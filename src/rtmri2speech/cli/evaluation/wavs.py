"""``rtmri2speech evaluate --wavs``: two folders of sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtmri2speech.cli.console import progress, report_failures
from rtmri2speech.cli.evaluation.tables import print_listening, print_sounds
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.errors import ConfigError, UserError


def evaluate_wavs(folders: tuple[Path, Path], out: Path, options: Mapping[str, Any]) -> int:
    """Compare two folders, print what was found, and return the exit code.

    Args:
        folders: of recordings and of made sounds.
        out: folder to write to.
        options: of :func:`rtmri2speech.evaluation.sounds.compare.evaluate_sounds`.

    Raises:
        UserError: as that function.
    """
    from rtmri2speech.evaluation.sounds.compare import evaluate_sounds

    with progress("Comparing", "files") as bar:
        found = evaluate_sounds(*folders, out, **options, progress=bar)
    print_notes(found.notes)
    print_sounds(found)
    print_listening(found.intelligibility, found.comparison)
    for path in found.files(out):
        print(path)
    return report_failures(found.failures)


def refuse_mixture(
    wavs: tuple[Path, Path] | None, of_model: Mapping[str, object], of_sounds: Mapping[str, object]
) -> None:
    """Refuse options that go with the other way of evaluating.

    Args:
        wavs: the two folders; None where a model is evaluated.
        of_model: what a model's evaluation alone takes, None where not given.
        of_sounds: what a comparison of sounds alone takes, None where not given.

    Raises:
        ConfigError: for an option that does not go with what is evaluated.
    """
    for name, value in (of_sounds if wavs is None else of_model).items():
        if value is not None:
            without = "without" if wavs is None else "with"
            raise ConfigError(f"`{name}={value}`: given {without} `wavs`.", "Leave one of them out.")


def nothing_to_evaluate() -> UserError:
    """The error for a command line that names neither a model with its dataset nor two folders."""
    return UserError(
        'Command "evaluate" needs --dataset and --model, or --wavs RECORDED GENERATED.',
        "See: rtmri2speech evaluate --help",
    )
