"""The table of ``check``: a line for each recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rtmri2speech.cli.flags import in_flags
from rtmri2speech.data.endings import printable

if TYPE_CHECKING:
    from rtmri2speech.corpora.public.facts import CorpusFacts
    from rtmri2speech.preparation.facts import RecordingFacts

_COLUMNS = (
    "file",
    "stream",
    "sound",
    "rate\nkHz",
    "offset\ns",
    "drift\ns",
    "snr\ndB",
    "channels",
    "band\nkHz",
    "labels",
)
# The others are short; folded they could not be read.
_FOLDED = ("file", "labels", "channels")


def print_corpora(corpora: list[CorpusFacts]) -> None:
    """Print what is known of published corpora."""
    from rich.console import Console
    from rich.text import Text

    for facts in corpora:
        lines = [("license", facts.licence), ("cite", facts.citation), ("source", facts.source)]
        lines += [("frames", facts.frames_in_words)]
        lines += [("known", fault) for fault in facts.faults] + [("not verified", what) for what in facts.unverified]
        Console().print(Text(facts.title, "bold"))
        for name, text in lines:
            Console().print(Text.assemble((f"  {name}: ", "dim"), in_flags(text)))


def print_facts(facts: list[RecordingFacts], inputs: list[Path]) -> None:
    """Print what each recording is.

    Args:
        facts: a row for each.
        inputs: as they were given; files are named below them.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not facts:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    asked = any(row.sync is not None for row in facts)
    for name in (*_COLUMNS, "sync\ns") if asked else _COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name not in _FOLDED)
    for row in facts:
        # Text, so that brackets in file names are not taken for markup.
        cells = _cells(row, inputs)
        table.add_row(*(Text(cell) for cell in (cells if asked else cells[:-1])))
    Console().print(table)
    if marked := [row.denoised for row in facts if row.denoised]:
        more = len(marked) - 1
        print(f"* noise seems to have been taken off before: {marked[0]}{f'; and of {more} more' if more else ''}\n")


def _cells(row: RecordingFacts, inputs: list[Path]) -> list[str]:
    sync = row.sync
    return [
        shown(Path(row.file), inputs),
        (row.stream or "").replace(", ", "\n"),
        "none" if row.sound is None else _sound(row.sound, Path(row.file)),
        "" if row.rate is None else f"{row.rate / 1000:g}",
        "" if row.offset is None else f"{row.offset:.3f}",
        "" if row.drift is None else f"{row.drift:.3f}",
        _snr(row),
        row.channels or "",
        "" if row.band is None else f"{row.band / 1000:.1f}",
        row.labels or "none",
        "unknown" if sync is None else f"{sync.offset:+.2f}\n({sync.confidence:.2f})",
    ]


def _snr(row: RecordingFacts) -> str:
    """Speech above its pauses, with a mark where noise seems to have been taken off before."""
    return f"{'' if row.snr is None else f'{row.snr:.0f}'}{'*' if row.denoised else ''}"


def print_effects(facts: list[RecordingFacts], inputs: list[Path]) -> None:
    """Print what taking the noise off does to each recording; nothing where that was not asked for.

    Args:
        facts: of all recordings.
        inputs: as they were given; files are named below them.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    done = [(row, row.effect) for row in facts if row.effect is not None]
    if not done:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title="before and after --denoise")
    table.add_column("file", overflow="fold")
    for name in ("snr\ndB", "F1\nHz", "F1\nr", "F2\nHz", "F2\nr", "late\ns"):
        table.add_column(name, no_wrap=True)
    for row, effect in done:
        levels = ["?" if level is None else f"{level:.0f}" for level in (row.snr, effect.snr)]
        cells = [shown(Path(row.file), inputs), " > ".join(levels)]
        for change in effect.formants:
            cells += [f"{change.before:.0f} > {change.after:.0f}"]
            cells += ["" if change.correlation is None else f"{change.correlation:.2f}"]
        cells += [""] * (6 - len(cells)) + [f"{effect.delay:.3f}"]
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    if not any(effect.formants for _, effect in done):
        print("No formants: too little voice, or Praat is missing (pip install 'rtmri2speech[phonetics]').")


def _sound(name: str, file: Path) -> str:
    """The name of a sound, short where it is that of the video."""
    path = Path(name)
    return printable(f"NAME{path.suffix}" if path.stem == file.stem else name)


def shown(file: Path, inputs: list[Path]) -> str:
    """Short, but enough to find it: two speakers may have a file of the same name."""
    for path in inputs:
        if file != path and file.is_relative_to(path):
            return printable(file.relative_to(path))
    return printable(file.name or file)
