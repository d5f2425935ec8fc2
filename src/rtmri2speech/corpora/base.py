"""The protocol of a corpus: its recordings, its licence, how to cite it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from rtmri2speech.data.dataset.layout import Split

SoundChoice = Literal["auto", "file", "track"]
"""Which sound belongs to a video: a file next to it if there is one, such a file always, or its own sound track."""


@dataclass(frozen=True)
class Remark:
    """Something to be said about a file or folder, and what to do about it. ``prepare`` too says what is a decision."""

    file: Path
    problem: str
    remedy: str
    severity: Literal["warning", "note"] = "note"
    decision: bool = False


@dataclass(frozen=True)
class Recording:
    """One video with its sound.

    Attributes:
        id: unique in the corpus, usable as a folder name.
        speaker: who speaks.
        video: the video file.
        audio: the sound file, or None where the video's own sound track is meant.
        textgrid: Praat annotation on the sound's clock, if there is one.
        sync_offset: seconds of sound before the first frame (negative: the sound starts later).
        split: where the corpus itself puts it, or None.
        sound: which sound was asked for; ``auto`` where none was.
        remarks: what was noticed when its files were looked for.
    """

    id: str
    speaker: str
    video: Path
    audio: Path | None = None
    textgrid: Path | None = None
    sync_offset: float = 0.0
    split: Split | None = None
    sound: SoundChoice = field(default="auto", compare=False)
    remarks: tuple[Remark, ...] = field(default=(), compare=False)

    @property
    def file(self) -> Path:
        """The file that the recording is known by."""
        return self.video

    @property
    def sources(self) -> list[Path]:
        """Every file the recording is made from."""
        return [path for path in (self.video, self.audio, self.textgrid) if path is not None]


@dataclass(frozen=True)
class SoundRecording:
    """Sound without video, for the vocoder.

    Attributes:
        id: unique in the corpus, usable as a folder name.
        speaker: who speaks.
        audio: the sound file, or a video of which the sound track alone is meant.
        textgrid: Praat annotation on the sound's clock, if there is one.
        split: where the corpus itself puts it, or None.
    """

    id: str
    speaker: str
    audio: Path
    textgrid: Path | None = None
    split: Split | None = None

    @property
    def file(self) -> Path:
        """The file that the recording is known by."""
        return self.audio

    @property
    def sources(self) -> list[Path]:
        """Every file the recording is made from."""
        return [path for path in (self.audio, self.textgrid) if path is not None]


AnyRecording = Recording | SoundRecording


class Corpus(Protocol):
    """A collection of recordings of one origin, either all with video or all without."""

    @property
    def name(self) -> str:
        """Short name, as in ``meta.json``."""
        ...

    @property
    def licence(self) -> str:
        """What may be done with the recordings."""
        ...

    @property
    def citation(self) -> str:
        """What to cite; empty where there is nothing."""
        ...

    def recordings(self) -> Sequence[AnyRecording]:
        """Every recording, in a stable order.

        Raises:
            UserError: when there is none, or two would have the same id.
        """
        ...


@dataclass(frozen=True)
class Listing:
    """Recordings, and what is to be said about files that are none."""

    recordings: Sequence[AnyRecording]
    remarks: Sequence[Remark] = ()


@runtime_checkable
class Listed(Protocol):
    """A corpus that says what it has passed over."""

    def listing(self) -> Listing:
        """Every recording, in a stable order, and what was passed over.

        Raises:
            UserError: as :meth:`Corpus.recordings`.
        """
        ...


def listing_of(corpus: Corpus) -> Listing:
    """The recordings of a corpus, with what it has passed over where it says that."""
    if not isinstance(corpus, Listed):
        return Listing(corpus.recordings())
    listing = corpus.listing()
    kinds = type(corpus).__mro__
    recordings, remarks = (
        next((at for at, kind in enumerate(kinds) if name in vars(kind)), 0) for name in ("recordings", "listing")
    )
    # A class made from a listed corpus may change its recordings alone.
    return Listing(corpus.recordings(), listing.remarks) if recordings < remarks else listing
