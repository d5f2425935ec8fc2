"""What ``evaluate`` prints: measures, error rates, and the figures of a paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtmri2speech.data.tables import Value
    from rtmri2speech.evaluation.intelligibility.rates import Intelligibility
    from rtmri2speech.evaluation.published import Comparison
    from rtmri2speech.evaluation.sounds.results import SoundEvaluation
    from rtmri2speech.evaluation.summary import Summary


def print_groups(summary: Summary) -> None:
    """Measures of the main groups of speakers under each condition."""
    from rtmri2speech.evaluation.conditions import CONDITIONS
    from rtmri2speech.evaluation.summary import OF_VOWELS, taken_further

    # A terminal has room for what is asked most; the files have the rest.
    names = ["mel_mae_db", "mcd_db", "stoi", "estoi", "pesq_wb", "f0_rmse_hz", "f0_rmse_cents", "vuv_error", *OF_VOWELS]
    for group in summary.main:
        rows = []
        for name in (*names, *taken_further(group.utterances)):
            values = [group.by_condition[condition].values[name] for condition in CONDITIONS]
            if not all(math.isnan(value) for value in values):
                rows.append([name, *("" if math.isnan(v) else _short(v) for v in values)])
        _print(f"{group.name} speakers, {len(group.utterances)} utterance(s)", ["measure", *CONDITIONS], rows)


def print_sounds(found: SoundEvaluation) -> None:
    """Measures of a folder of sounds, with intervals, and the floor."""
    rows = []
    for row in found.summary():
        low, high = (_number(row[name]) for name in ("low", "high"))
        interval = f"{low} to {high}" if low and high else ""
        if row["generated"] is not None or row["floor"] is not None:
            rows.append([str(row["measure"]), _number(row["generated"]), interval, _number(row["floor"])])
    title = f"{len(found.scores)} file(s), compared at {found.rate} Hz"
    _print(title, ["measure", "generated", "95 %", "floor"], rows)


def print_listening(spoken: Intelligibility | None, comparison: Comparison | None) -> None:
    """Error rates of a recognizer, and what a paper prints; nothing of what was not asked for."""
    if spoken is not None:
        from rtmri2speech.evaluation.intelligibility.table import rate_table

        sounds, rows = rate_table(spoken)
        _print(f"recognized by {spoken.recognizer.name}", ["error rate", *sounds], rows)
    if comparison is not None:
        _print(comparison.paper.name, ["figure", "here", "paper"], [list(cells) for cells in comparison.cells()])
        print(comparison.paper.citation)
        for line in comparison.differs:
            print(f"- {line}")


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title))
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=not index)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _number(value: Value) -> str:
    return "" if value is None else _short(float(value))


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
