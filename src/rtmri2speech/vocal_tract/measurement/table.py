"""What is measured of a tract as a table, ``<name>_tract.csv``: a row per frame."""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.data.tables import write_table
from rtmri2speech.vocal_tract.measurement.tract import COLUMNS, Tract

TABLE_SUFFIX = "_tract.csv"
"""What is added to the name of a recording."""

_DIGITS = 6


def write_tract_table(path: Path, tract: Tract) -> Path:
    """Write the columns of :data:`~rtmri2speech.vocal_tract.measurement.tract.COLUMNS` in one step; return ``path``.

    What could not be measured is an empty cell.

    Raises:
        UserError: when it cannot be written.
    """
    return write_table(path, COLUMNS, tract.rows(), _DIGITS)
