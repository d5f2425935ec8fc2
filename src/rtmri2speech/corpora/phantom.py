"""A simulated corpus, as ``rtmri2speech simulate`` writes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.corpora.base import Recording
from rtmri2speech.data.dataset.layout import SPLITS
from rtmri2speech.data.files import read_object
from rtmri2speech.errors import DatasetError

MANIFEST = "phantom.json"
"""File that makes a folder a phantom; written last."""

PLAN = ".plan.json"
"""File of an unfinished phantom: what it is to become."""

LICENCE = "simulated; free of any rights of persons"

VIDEO, SOUND, PHONES, TRUTH = ".mp4", ".wav", ".TextGrid", ".npz"
PIXEL_MM = 1.0
"""Size of a pixel of frames whose manifest says nothing else."""

SUFFIXES = (VIDEO, SOUND, PHONES, TRUTH)
"""Endings of an utterance's files."""


def utterance_file(root: Path, speaker: str, name: str, suffix: str) -> Path:
    """One of the files of an utterance."""
    return root / speaker / f"{name}{suffix}"


def is_phantom(folder: Path) -> bool:
    """Whether a folder is a phantom, finished or not."""
    return (folder / MANIFEST).is_file() or (folder / PLAN).is_file()


def pixel_mm_of(video: Path) -> float | None:
    """Size of a pixel of a simulated video, mm, by the manifest of its phantom; None for any other video.

    None as well where each recording has a random look, which changes the frames' geometry.
    """
    about = read_object(video.resolve().parent.parent / MANIFEST) or {}
    rows = about.get("utterances")
    if about.get("look") is not None or not isinstance(rows, list):
        return None
    if not any(isinstance(row, dict) and row.get("id") == video.stem for row in rows):
        return None
    stated = about.get("pixel_mm")
    return float(stated) if isinstance(stated, int | float) else PIXEL_MM


@dataclass(frozen=True)
class PhantomCorpus:
    """Recordings of simulated speakers.

    Every utterance belongs to a split already. A phrase of three morae or more comes in one split only; vowels and
    their pairs are too few for that.

    Attributes:
        root: the folder with ``phantom.json``.
    """

    root: Path
    name: str = "phantom"
    licence: str = LICENCE
    citation: str = (
        "Simulated with VocalTractLab: Birkholz, P. (2013). Modeling consonant-vowel coarticulation for "
        "articulatory speech synthesis. PLoS ONE 8(4): e60603."
    )

    def recordings(self) -> list[Recording]:
        """Every utterance, sorted by id.

        Raises:
            DatasetError: when the folder is no phantom, unfinished or damaged.
        """
        path = self.root / MANIFEST
        if not path.is_file():
            raise DatasetError(
                f"{self.root}: not a finished phantom (no {MANIFEST}).",
                "Run simulate with this folder as its output; it goes on where it stopped.",
            )
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))["utterances"]
            found = [self._recording(row["speaker"], row["id"], row["split"]) for row in rows]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}: damaged ({error}).", "Run simulate again; it mends it.") from None
        if not found:
            raise DatasetError(f"{path}: names no utterance.", "Run simulate again; it mends it.")
        return sorted(found, key=lambda recording: recording.id)

    def _recording(self, speaker: str, name: str, split: str) -> Recording:
        if split not in SPLITS:
            raise ValueError(f"split '{split}'")
        video, audio, textgrid = (utterance_file(self.root, speaker, name, kind) for kind in (VIDEO, SOUND, PHONES))
        return Recording(
            id=name, speaker=speaker, video=video, audio=audio, textgrid=textgrid, split=split, sound="file"
        )
