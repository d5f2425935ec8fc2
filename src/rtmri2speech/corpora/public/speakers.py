"""What a user knows of speakers: a table with their split, and by how much their sound is off."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rtmri2speech.corpora.base import (
    Advising,
    AnyRecording,
    Listing,
    OfCorpus,
    Recording,
    Remark,
    SplitAdvice,
    listing_of,
)
from rtmri2speech.corpora.public.importer import counted
from rtmri2speech.data.annotation.cells import number_in, read_cells
from rtmri2speech.data.dataset.layout import SPLITS, Split
from rtmri2speech.errors import ConfigError

_SPEAKER = ("speaker", "subject", "participant_id")
_SPLITS: dict[str, Split] = {name: name for name in SPLITS} | {
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "dev": "validation",
}
_NEEDED = "Needed: a header with 'speaker' and 'split' or 'sync_offset', then a line per speaker."


@dataclass(frozen=True)
class Speaker:
    """A line of the table; None where its cell is empty or there is no such column."""

    split: Split | None
    sync_offset: float | None


@dataclass(frozen=True)
class SpeakerTable:
    """A table of speakers.

    Attributes:
        path: its file.
        speakers: its lines, by the speaker's name.
        splits: whether it has a column of splits; a speaker without one is then left out.
    """

    path: Path
    speakers: Mapping[str, Speaker]
    splits: bool


def read_speaker_table(path: Path) -> SpeakerTable:
    """Read a table with commas, semicolons or tabs between its columns; other columns are not used.

    Raises:
        ConfigError: when it cannot be read, a column is missing, or a cell is wrong, with the line.
    """
    rows = read_cells(path, _NEEDED)
    header = [cell.casefold() for cell in rows[0][1]] if rows else []
    named = next((header.index(name) for name in _SPEAKER if name in header), None)
    if named is None or not {"split", "sync_offset"} & set(header):
        shown = rows[0][2].join(rows[0][1])[:60] if rows else ""
        raise ConfigError(f"{path}: not a table of speakers; its header is '{shown}'.", _NEEDED)
    speakers: dict[str, Speaker] = {}
    for number, row, separator in rows[1:]:
        cells = dict(zip(header, row, strict=False))
        name = row[named] if named < len(row) else ""
        if not name or name in speakers:
            problem = f"'{name}' stands there twice" if name else "names no speaker"
            raise ConfigError(f"{path}, row {number}: {problem}.", "Keep one line per speaker.")
        speakers[name] = Speaker(_split(path, number, cells), _offset(path, number, cells, separator))
    return SpeakerTable(path, speakers, "split" in header)


def _split(path: Path, row: int, cells: Mapping[str, str]) -> Split | None:
    cell = cells.get("split", "").casefold()
    if cell and cell not in _SPLITS:
        raise ConfigError(f"{path}, row {row}, column split: '{cell}' is no split.", f"Splits are {', '.join(SPLITS)}.")
    return _SPLITS.get(cell)


def _offset(path: Path, row: int, cells: Mapping[str, str], separator: str) -> float | None:
    cell = cells.get("sync_offset", "")
    if not cell:
        return None
    value = number_in(cell, separator)
    if not math.isfinite(value):
        raise ConfigError(
            f"{path}, row {row}, column sync_offset: '{cell[:40]}' is not a number.",
            "Give seconds of sound before the first frame, such as 0.5, or leave the cell empty.",
        )
    return value


@dataclass(frozen=True)
class WithSpeakers(OfCorpus):
    """A corpus with what a table says of its speakers.

    Attributes:
        table: the table.
    """

    table: SpeakerTable

    @property
    def split_advice(self) -> SplitAdvice | None:
        """As the corpus's own; the table's splits come first."""
        return self.corpus.split_advice if isinstance(self.corpus, Advising) else None

    def recordings(self) -> Sequence[AnyRecording]:
        """Every recording of the speakers that are not left out.

        Raises:
            UserError: as the corpus's own, or where the table names speakers that the corpus has not.
        """
        return self.listing().recordings

    def listing(self) -> Listing:
        """The recordings, and which speakers were left out.

        Raises:
            UserError: as :meth:`recordings`.
        """
        found = listing_of(self.corpus)
        counts = Counter(one.speaker for one in found.recordings)
        path, speakers = self.table.path, self.table.speakers
        if unknown := sorted(set(speakers) - set(counts)):
            raise ConfigError(
                f"{path}: names {counted(unknown)}, and the recordings are of {counted(sorted(counts))}.",
                "Write the speakers as they are called there, and remove the lines of all others.",
            )
        if not self.table.splits:
            return Listing([self._moved(one) for one in found.recordings], found.remarks)
        left = sorted(name for name in counts if name not in speakers or speakers[name].split is None)
        kept = [self._moved(one) for one in found.recordings if one.speaker not in left]
        if not left:
            return Listing(kept, found.remarks)
        problem = f"{len(left)} of {len(counts)} speakers left out, for whom it gives no split: {counted(left)}"
        remark = Remark(path, problem, "Give each of them a split to use them.", decision=True)
        return Listing(kept, [*found.remarks, remark])

    def _moved(self, recording: AnyRecording) -> AnyRecording:
        about = self.table.speakers.get(recording.speaker)
        if about is None:
            return recording
        recording = replace(recording, split=about.split or recording.split)
        if isinstance(recording, Recording) and about.sync_offset is not None:
            recording = replace(recording, sync_offset=recording.sync_offset + about.sync_offset)
        return recording
