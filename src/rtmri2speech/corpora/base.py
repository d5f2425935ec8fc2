"""The protocol of a corpus: its recordings, its licence, how to cite it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
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
class Scanner:
    """The frames that a corpus was recorded with, where that is known: copies of it may say something else.

    Attributes:
        size: width of the scanner's own frames in pixels; None where files are taken to have just those.
        pixel_mm: size of such a pixel, mm.
        rates: frame rates in the corpus, exact where they are known so.
        over_bright: whether recordings start before the scan is in its steady state; those frames are left out.
    """

    size: int | None = None
    pixel_mm: float | None = None
    rates: tuple[Fraction, ...] = ()
    over_bright: bool = False

    def pixel_of(self, width: int) -> float | None:
        """Size of a pixel, mm, of a copy of a width in pixels; None unless that is the scanner's or a multiple.

        Copies are enlarged by whole numbers. Any other width may be a part cut out as well as another scale.
        """
        if self.size is None or self.pixel_mm is None:
            return self.pixel_mm
        return None if width % self.size else self.pixel_mm * self.size / width


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
        text: what is said, in words, where the corpus knows that of the whole recording.
        text_tiers: tiers of the annotation that have it in words, the first that fits is taken; none is looked at
            where this is empty.
        utterance_tier: the tier that utterances are cut at, unless the user says otherwise.
        scanner: what the corpus says of its frames.
        denoised: whether the corpus delivers this sound with the scanner's noise taken off.
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
    text: str | None = None
    text_tiers: tuple[str, ...] = ()
    utterance_tier: str | None = None
    scanner: Scanner | None = None
    denoised: bool = field(default=False, compare=False)

    @property
    def file(self) -> Path:
        """The file that the recording is known by."""
        return self.video

    @property
    def sources(self) -> list[Path]:
        """Every file the recording is made from."""
        return [path for path in (self.video, self.audio, self.textgrid) if path is not None]

    @property
    def starts_over_bright(self) -> bool:
        """Whether over-bright frames at the start are left out, as its corpus has them."""
        return self.scanner is not None and self.scanner.over_bright


@dataclass(frozen=True)
class SplitAdvice:
    """How a corpus is split where it comes without a split of its own and the user asks for none.

    Attributes:
        mode: as of ``prepare``.
        ratio: shares of training, validation and test.
    """

    mode: Literal["speaker", "recording", "blocks"]
    ratio: tuple[float, float, float]


@runtime_checkable
class Advising(Protocol):
    """A corpus that says how it is best split."""

    @property
    def split_advice(self) -> SplitAdvice | None:
        """None where the program's own choice is right."""
        ...


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
class OfCorpus:
    """What a corpus made from another one has in common with it.

    Attributes:
        corpus: the other one.
    """

    corpus: Corpus

    @property
    def name(self) -> str:
        """As the corpus's own."""
        return self.corpus.name

    @property
    def licence(self) -> str:
        """As the corpus's own."""
        return self.corpus.licence

    @property
    def citation(self) -> str:
        """As the corpus's own."""
        return self.corpus.citation


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
