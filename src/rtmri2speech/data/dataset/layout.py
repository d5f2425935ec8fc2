"""The dataset folder: its names, its tables, and reading it."""

from __future__ import annotations

import copy
import csv
import difflib
import hashlib
import json
import os
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.dataset.meta import SCHEMA, Meta, no_frames
from rtmri2speech.data.dataset.open_utterance import OpenUtterance
from rtmri2speech.data.dataset.overview import as_html, one_line
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.errors import DatasetError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
FILELISTS: dict[str, Split] = {"training": "train", "validation": "validation"}
SAMPLE_FILES = ("mri.npy", "mel_db.npy", "mask.npy", "audio.wav")
SOUND_FILES = ("mel_db.npy", "audio.wav")
"""Files of a sample that was made from sound alone."""

_OPTIONAL = ("text", "pixel_mm")

RECEIPTS = ".receipts"
"""Folder of the dataset that remembers, for each recording, what its samples were made from."""


@dataclass(frozen=True)
class Utterance:
    """A row of ``utterances.csv``.

    ``source_video`` is empty where there is sound alone. ``source_start`` is the time in the source video, or else
    in the source sound, in seconds, at which frame 0 starts; frame i starts i / frame_rate later. ``sha256`` is over
    the sample's files in the order of ``SAMPLE_FILES`` or ``SOUND_FILES``. ``text`` is what is said, in words, and
    ``pixel_mm`` the size of a pixel of the source video, mm; the table has these columns where a corpus knows them.
    """

    id: str
    speaker: str
    split: Split
    n_frames: int
    seconds: float
    source_video: str
    source_audio: str
    source_start: float
    sha256: str
    text: str = ""
    pixel_mm: float | None = None

    def as_row(self) -> dict[str, Any]:
        """By column; those that not every corpus has only where they hold something."""
        return {name: value for name, value in asdict(self).items() if value or name not in _OPTIONAL}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Utterance:
        """From a row of the table, whose cells are text.

        Raises:
            KeyError, TypeError, ValueError: when a column is missing, unknown, or not a number where it must be.
        """
        numbers = {
            "n_frames": int(row["n_frames"]),
            "seconds": float(row["seconds"]),
            "source_start": float(row["source_start"]),
            "pixel_mm": float(row["pixel_mm"]) if row.get("pixel_mm") else None,
        }
        return cls(**{**row, **numbers})


def is_dataset(path: Path) -> bool:
    """Whether a folder is a dataset, finished or not."""
    return any((path / name).exists() for name in ("meta.json", "utterances.csv", RECEIPTS))


class UnknownUtterance(DatasetError, KeyError):
    """An utterance that the dataset does not have."""


class Dataset:
    """A prepared dataset, opened for reading.

    ``dataset["spk01_003"]`` is an utterance with its frames, sound and labels, and ``for utterance in dataset`` goes
    through all of them. ``utterances`` and ``of_split`` are rows of the table; ``dataset[row]`` opens one.

    Attributes:
        root: the folder; its ``scaler.json`` belongs to the training split.
        samples: the folder with a folder per utterance.
        meta: what ``meta.json`` says.
        utterances: a row per utterance, in the order of ``utterances.csv``.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        """Open the folder.

        Raises:
            DatasetError: when it is not a dataset, unfinished, damaged, or of a newer version.
        """
        self.root = root = Path(root)
        self.samples = root / "samples"
        if root.is_file():
            raise DatasetError(f"{root}: is a file, not a dataset.", "Make one: rtmri2speech prepare VIDEOS --out DIR")
        if not root.is_dir():
            raise DatasetError(f"{root}: no such dataset folder.", "Make one: rtmri2speech prepare VIDEOS --out DIR")
        if not (root / "meta.json").is_file():
            raise DatasetError(
                f"{root}: not a finished dataset (no meta.json).",
                "Run prepare with this folder as its output; it goes on where it stopped.",
            )
        self.meta = self._read_meta()
        self.utterances = self._read_utterances()

    @property
    def has_frames(self) -> bool:
        """Whether it holds frames of videos; otherwise it was made from sound alone, for the vocoder."""
        return self.meta.frame_config is not None

    @property
    def sample_files(self) -> tuple[str, ...]:
        """Names of the files that every sample has."""
        return SAMPLE_FILES if self.has_frames else SOUND_FILES

    def _read_meta(self) -> Meta:
        path = self.root / "meta.json"
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DatasetError(f"{path}: damaged ({error}).", "Run prepare again.") from None
        if not isinstance(values, dict) or "features" not in values:
            raise DatasetError(
                f"{path}: says nothing about the mel spectrogram it was made with.", "Prepare the recordings again."
            )
        if values.get("schema", 0) != SCHEMA:
            raise DatasetError(
                f"{path}: dataset layout {values.get('schema')}, this program reads layout {SCHEMA}.",
                "Use the version of rtmri2speech that made it, or prepare the recordings again.",
            )
        return Meta.parse(values, str(path))

    def _read_utterances(self) -> list[Utterance]:
        path = self.root / "utterances.csv"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return [Utterance.from_row(row) for row in csv.DictReader(file)]
        except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
            raise DatasetError(f"{path}: missing or damaged ({error}).", "Run prepare again.") from None

    def __len__(self) -> int:
        return len(self.utterances)

    def __iter__(self) -> Iterator[OpenUtterance]:
        return (OpenUtterance(self, row) for row in self.utterances)

    def __contains__(self, utterance: object) -> bool:
        return any(utterance in (row, row.id) for row in self.utterances)

    def __getitem__(self, utterance: str | Utterance) -> OpenUtterance:
        """An utterance by its id or its row.

        Raises:
            UnknownUtterance: when there is no such id, naming those like it.
        """
        if isinstance(utterance, Utterance):
            return OpenUtterance(self, utterance)
        for row in self.utterances:
            if row.id == utterance:
                return OpenUtterance(self, row)
        ids = [row.id for row in self.utterances]
        near = difflib.get_close_matches(str(utterance), ids, n=3) or ids[:3]
        raise UnknownUtterance(f"{self.root}: has no utterance '{utterance}'.", f"There are {', '.join(near)}, ...")

    def __repr__(self) -> str:
        return one_line(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def rows(self) -> list[Row]:
        """The table of utterances: ``pandas.DataFrame(dataset.rows())``."""
        return [utterance.as_row() for utterance in self.utterances]

    def without(self, held_out: Collection[str], root: Path) -> Dataset:
        """The same dataset, in which some utterances count as its test split.

        Args:
            held_out: ids of the utterances that are not to be trained on.
            root: folder for what belongs to this part alone (``scaler.json``); samples are read from where they are.
        """
        part = copy.copy(self)
        part.root = root
        part.utterances = [replace(row, split="test") if row.id in held_out else row for row in self.utterances]
        return part

    def of_split(self, split: Split) -> list[Utterance]:
        """Rows of one split.

        Raises:
            DatasetError: when there are none.
        """
        chosen = [utterance for utterance in self.utterances if utterance.split == split]
        if not chosen:
            only_test = self.meta.split.get("mode") == "test"
            raise DatasetError(
                f"{self.root}: the {split} split holds no utterance{': all are for testing' * only_test}.",
                "To train, prepare the recordings into another folder, without `split='test'`."
                if only_test
                else "Give more or longer recordings, or another `split_ratio`, and prepare again.",
            )
        return chosen

    def folder(self, utterance: Utterance) -> Path:
        """The utterance's folder."""
        return self.samples / utterance.id

    def _load(self, utterance: Utterance, name: str, ndim: tuple[int, ...]) -> NDArray[Any]:
        path = self.folder(utterance) / name
        try:
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise DatasetError(f"{path}: missing or damaged ({error}).", "Run prepare again; it mends it.") from None
        if array.ndim not in ndim or (name != "mask.npy" and len(array) != utterance.n_frames):
            raise DatasetError(
                f"{path}: shape {array.shape} does not fit {utterance.n_frames} frames.", "Run prepare again."
            )
        return array

    def need_frames(self) -> None:
        """Refuse a dataset without frames.

        Raises:
            DatasetError: when it was made from sound alone.
        """
        if not self.has_frames:
            raise no_frames(self.root)

    def frames(self, utterance: Utterance) -> NDArray[Any]:
        """Frames, shape (T, H, W), memory-mapped: uint8, or float32 in [0, 1] in older datasets.

        Raises:
            DatasetError: when they are missing or damaged, or the dataset has none.
        """
        self.need_frames()
        return self._load(utterance, "mri.npy", (3,))

    def mel_db(self, utterance: Utterance) -> Float32:
        """Mel spectrogram, shape (T, M), dB, memory-mapped."""
        return self._load(utterance, "mel_db.npy", (2,))

    def mask(self, utterance: Utterance) -> UInt8:
        """Mask: (T,) frames that count, (H, W) pixels that count, or (T, H, W) both.

        Raises:
            DatasetError: when it is missing or damaged, or the dataset has no frames.
        """
        self.need_frames()
        return self._load(utterance, "mask.npy", (1, 2, 3))

    def audio_path(self, utterance: Utterance) -> Path:
        """The utterance's sound at the feature sampling rate."""
        return self.folder(utterance) / "audio.wav"

    def pixel_mask(self) -> UInt8 | None:
        """The dataset's one mask over pixels, shape (H, W), or None where every pixel counts.

        Raises:
            DatasetError: when utterances have different masks (a model remembers one), or the dataset has no frames.
        """
        self.need_frames()
        found: UInt8 | None = None
        for index, utterance in enumerate(self.utterances):
            mask = self.mask(utterance)
            own = None if mask.ndim == 1 else np.asarray(mask if mask.ndim == 2 else mask[0])
            own = None if own is not None and own.all() else own
            changes = mask.ndim == 3 and bool((mask != mask[:1]).any())
            if changes or (index > 0 and not _equal(own, found)):
                raise DatasetError(
                    f"{self.folder(utterance) / 'mask.npy'}: differs from the other masks of the dataset.",
                    "Prepare the recordings with one `mask`, or one dataset for each mask.",
                )
            found = own
        return found

    def fingerprint(self) -> str:
        """Hash of what the dataset holds, for provenance: the rows of the table and the definitions."""
        frames = "" if self.meta.frame_config is None else self.meta.frame_config.model_dump_json()
        digest = hashlib.sha256((self.meta.features.model_dump_json() + frames).encode())
        for row in sorted(f"{item.id},{item.split},{item.sha256}" for item in self.utterances):
            digest.update(row.encode())
        return digest.hexdigest()[:16]


def _equal(one: UInt8 | None, other: UInt8 | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def write_utterances(root: Path, utterances: list[Utterance]) -> None:
    """Write ``utterances.csv``."""
    used = {name for row in utterances for name in row.as_row()}
    columns = [one.name for one in fields(Utterance) if one.name in used or one.name not in _OPTIONAL]
    write_table(root / "utterances.csv", columns, (row.as_row() for row in utterances))
