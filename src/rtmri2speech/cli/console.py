"""What commands share: option types, progress bars, tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from rtmri2speech.assets import find_model
from rtmri2speech.cli.flags import in_flags
from rtmri2speech.errors import UserError

Many = Parameter(consume_multiple=True, negative="")
"""An option that takes several values after its name: ``--target-frames 60 90 120``."""

Flag = Parameter(negative="")
"""An option without a value, and without a ``--no-`` twin."""

Inputs = Annotated[
    list[Path] | None, Parameter(name=["--inputs", "--data-dir"], consume_multiple=True, negative="", metavar="PATH")
]
"""Videos or folders, named one after the other, or after ``--data_dir`` as in the reference configuration."""

Fps = Annotated[str | None, Parameter(help="True frame rate, where the file's is wrong: 27.17 or 625/23.")]
Workers = Annotated[int, Parameter(help="Worker processes; 0 for one per core.")]
VideoWorkers = Annotated[
    int, Parameter(help="Videos at a time, each with one core; 0 for one per core. 1: one, with all the cores.")
]
Device = Literal["auto", "cpu", "cuda"]
"""Where to run; ``auto`` takes a GPU if there is one."""


def said(text: str) -> Parameter:
    """What the help says of an option that stands in a group of them."""
    return Parameter(help=text)


Backend = Annotated[
    Literal["auto", "torch", "openvino", "onnx"],
    Parameter(
        help="What computes the networks on a CPU: torch; openvino (extra fast); onnx; auto, OpenVINO where it is "
        "installed, for those networks that gain by it."
    ),
]


def _convert_model(_: Any, tokens: Any) -> Path:
    return find_model(tokens[0].value)


ModelFile = Annotated[Path, Parameter(converter=_convert_model)]
"""An option that takes a model file or the name of a model that comes with the program."""


def note_ending(path: Path) -> None:
    """Say of a model file that was written under another ending what it is."""
    if path.suffix.lower() != ".safetensors":
        print(
            f"note: {path}: a .safetensors file, whatever its name; this program reads it so, torch.load does not",
            file=sys.stderr,
        )


_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Show no bars within: in a process among several, whose terminal is another's."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


@contextmanager
def progress(title: str, unit: str) -> Iterator[Progress]:
    """A progress bar on stderr; silent where that is no terminal."""
    bar = Progress(title, unit, not _quiet.get() and sys.stderr.isatty())
    try:
        yield bar
    finally:
        bar.close()


class Progress:
    """A bar whose total may become known, or grow, while it runs."""

    def __init__(self, title: str, unit: str, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # what is printed meanwhile; a file gets it as ever
            disable=not shown,
        )
        self._task = self._bar.add_task(title, total=None)
        self._total = 0
        self._bar.start()

    def describe(self, title: str) -> None:
        """Change the text before the bar."""
        self._bar.update(self._task, description=title)

    def expect(self, count: int) -> None:
        """Add to the total."""
        self._total += count
        self._bar.update(self._task, total=self._total)

    def advance(self, count: int = 1) -> None:
        """Count what is done."""
        self._bar.advance(self._task, count)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def ran_with(backend: str) -> str:
    """What follows a result that another library than PyTorch has computed."""
    return "" if backend == "torch" else f" ({backend})"


def report_failures(failures: list[tuple[Path, UserError]]) -> int:
    """Print what failed in a batch that went on; the exit code."""
    for path, error in failures:
        problem = error.problem if str(path) in error.problem else f"{path}: {error.problem}"
        print(f"error: {in_flags(problem)}\n       {in_flags(error.remedy)}", file=sys.stderr)
    return 1 if failures else 0
