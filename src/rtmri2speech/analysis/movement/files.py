"""Files of a movement: all arrays in ``<name>_move_<movement>.npz``, tables, and the sound before and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.analysis.movement.result import Move
from rtmri2speech.analysis.widening.of_formants import entries_of
from rtmri2speech.data.files import replacing
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.tables import write_table

KIND, SCHEMA = "move", 1
"""Of the file."""

_CHANGES = ("before_hz", "model_hz", "tube_hz", "truth_hz", "redrawn_hz", "mel_db")
COLUMNS = ("frame", "time_s", "moved", "formant", *_CHANGES)
SEGMENT_COLUMNS = ("segment", "tokens", "formant", *_CHANGES)

_ARRAYS = ("before", "model", "tube", "mel_before", "mel_after", "contours", "contours_after")
_OPTIONAL = ("truth", "redrawn", "went")
_DIGITS = 6


def stem_of(move: Move) -> str:
    """Of the names of a movement's files."""
    return f"{move.name}_move_{move.movement.name}"


def write_move(folder: Path, move: Move) -> list[Path]:
    """Write arrays, tables and sound; the files, the arrays' first.

    Raises:
        UserError: when they cannot be written.
    """
    stem = stem_of(move)
    entries = {
        **entries_of(move, KIND, SCHEMA, _ARRAYS, _OPTIONAL),
        "articulator": move.movement.articulator,
        "direction": move.movement.direction,
        "mm": move.movement.mm,
        "moved": move.moved,
    }
    with replacing(folder / f"{stem}.npz") as file:
        np.savez_compressed(file, **entries)
    files = [folder / f"{stem}.npz", write_table(folder / f"{stem}.csv", COLUMNS, move.rows(), _DIGITS)]
    if move.segments:
        files.append(write_table(folder / f"{stem}_segments.csv", SEGMENT_COLUMNS, move.segment_rows(), _DIGITS))
    for name, wave in (("before", move.sound_before), ("after", move.sound_after)):
        if wave is not None:
            write_wav(folder / f"{stem}_{name}.wav", wave, move.sample_rate)
            files.append(folder / f"{stem}_{name}.wav")
    return files
