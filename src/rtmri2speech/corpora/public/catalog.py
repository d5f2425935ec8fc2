"""The published corpora by the names that the command line has for them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from rtmri2speech.corpora.base import Corpus, SoundChoice
from rtmri2speech.corpora.public.atr503 import Atr503
from rtmri2speech.corpora.public.bids import Bids
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer
from rtmri2speech.corpora.public.rtmridb import RtMriDb
from rtmri2speech.corpora.public.speakers import WithSpeakers
from rtmri2speech.corpora.public.usc75 import Usc75
from rtmri2speech.corpora.public.uscemo import UscEmo
from rtmri2speech.corpora.public.usclss import UscLss
from rtmri2speech.corpora.public.usctimit import UscTimit
from rtmri2speech.corpora.sounds import SoundOf
from rtmri2speech.errors import ConfigError

CorpusName = Literal["usc75", "usctimit", "usclss", "uscemo", "atr503", "rtmridb", "bids"]

IMPORTERS: dict[str, type[Importer]] = {
    kind.facts.key: kind for kind in (Usc75, UscTimit, UscLss, UscEmo, Atr503, RtMriDb, Bids)
}
"""By name, in the order of the manual."""

# Corpora that are known by the names of their files; those of the others could be anybody's.
_DISTINCT: tuple[type[Importer], ...] = (Usc75, UscTimit, UscLss, Bids)
_TRIED = 200


def import_corpus(name: str, roots: Sequence[Path], sound: SoundChoice = "auto", sync_offset: float = 0.0) -> Importer:
    """The importer of a corpus.

    Args:
        name: one of :data:`IMPORTERS`.
        roots: its folder, and folders with annotations of it.
        sound: as of :func:`~rtmri2speech.corpora.inputs.open_corpus`.
        sync_offset: seconds of sound before the first frame, for every recording.

    Raises:
        ConfigError: for an unknown name, or without a folder.
    """
    if name not in IMPORTERS:
        raise ConfigError(f"`corpus='{name}'`: no such corpus.", f"There are {', '.join(get_args(CorpusName))}.")
    if not roots:
        raise ConfigError(
            f"`corpus='{name}'`: no folder given.", f"Name its folder: rtmri2speech prepare FOLDER --corpus {name}"
        )
    return IMPORTERS[name](tuple(roots), sound, sync_offset)


def facts_of(corpus: Corpus) -> CorpusFacts | None:
    """What is known of a published corpus, with or without a table of speakers; None for any other."""
    inner = corpus.corpus if isinstance(corpus, WithSpeakers | SoundOf) else corpus
    if isinstance(inner, WithSpeakers):
        inner = inner.corpus
    return inner.facts if isinstance(inner, Importer) else None


def recognized(videos: Sequence[tuple[Path, Path]]) -> str | None:
    """The corpus that videos (each with the folder it was found in) are named after; None where there is none."""
    for kind in _DISTINCT:
        importer = kind(())
        if any(importer.named(video, root) for video, root in islice(videos, _TRIED)):
            return kind.facts.key
    return None
