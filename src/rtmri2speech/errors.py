"""Errors a user can cause: one line of what happened, one of what to do."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend.

    Messages name parameters as they are written in a call, in backticks: ```workers``` or ```overwrite=True```.
    The command line turns them into its flags (``--workers``, ``--overwrite``), prints ``problem`` and ``remedy`` on
    a line each and exits with 1; a traceback appears only with ``--debug``.

    Attributes:
        problem: what happened, naming the file or option at fault.
        remedy: what to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n{self.remedy}"

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str]]:
        # Without this an error raised in a worker process cannot be unpickled.
        return (type(self), (self.problem, self.remedy))


class MediaError(UserError):
    """A video or sound file that cannot be used as it is."""


class DatasetError(UserError):
    """A dataset folder that is unfinished, damaged or does not fit."""


class BundleError(UserError):
    """A model file that is damaged, foreign or does not fit."""


class ConfigError(UserError):
    """A recipe, override or option with an unknown name or an impossible value."""
