"""What ``analyze faithfulness`` and ``analyze physics`` write and print alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.analysis.validation.faithfulness import Faithfulness
    from rtmri2speech.analysis.validation.plausibility import Plausibility


def save_with_summary(found: Faithfulness | Plausibility, out: Path, newest: str, notes: Sequence[str] = ()) -> None:
    """Save a result and the table that it shares with the other command's; print the table and the files.

    Args:
        found: the result.
        out: folder to write to.
        newest: name of the result's table.
        notes: remarks on the result, printed as well.
    """
    from rtmri2speech.analysis.validation.summary_table import summarize

    files = found.save(out)
    if out / newest not in files:  # Hz per mm alone
        print_notes(notes)
        print("\n".join(str(path) for path in files))
        return
    table = summarize(out, newest)
    files += table.save(out)
    print_notes([*notes, *table.notes])
    print(table.markdown(), end="")
    print("\n".join(str(path) for path in files))
