"""From paths to a corpus: videos, sounds, a phantom, or a published corpus."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.corpora.base import Corpus, SoundChoice
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.phantom import PhantomCorpus, is_phantom
from rtmri2speech.corpora.public.catalog import import_corpus
from rtmri2speech.corpora.public.speakers import WithSpeakers, read_speaker_table
from rtmri2speech.corpora.sounds import SoundFolderCorpus, SoundOf
from rtmri2speech.errors import ConfigError

AnyPath = str | os.PathLike[str]
Source = AnyPath | Corpus
"""What recordings can come from."""

_SPEAKER = "speaker1"


def open_corpus(
    inputs: AnyPath | Sequence[AnyPath] = (),
    *,
    sound_only: bool = False,
    audio_dir: Path | None = None,
    audio: Path | None = None,
    pairs: Path | None = None,
    speaker: str = _SPEAKER,
    sync_offset: float = 0.0,
    sound: SoundChoice = "auto",
    corpus: str | None = None,
    speakers: Path | None = None,
) -> Corpus:
    """The recordings in files and folders.

    Args:
        inputs: videos, or folders with videos; or the folder of a phantom. With ``sound_only``, sound files. With
            ``corpus``, its folder, and folders with annotations of it.
        sound_only: sound without frames.
        audio_dir: folder with the sound files.
        audio: sound file of a single video, whatever its name.
        pairs: table (CSV) with columns video, audio and, optionally, id, speaker, sync_offset.
        speaker: name of the speaker, for recordings that lie in no subfolder; subfolders are speakers.
        sync_offset: seconds of sound before the first frame (negative: the sound starts later).
        sound: ``file`` next to the video, the video's own ``track``, or ``auto``: the file if there is one.
        corpus: name of a published corpus (:data:`~rtmri2speech.corpora.public.catalog.IMPORTERS`), as it was
            downloaded.
        speakers: table (CSV) with columns speaker and split, sync_offset, or both.

    Raises:
        ConfigError: when nothing is given, options are given that a phantom, a published corpus or sound alone cannot
            have, no corpus has that name, or the table of speakers is wrong.
    """
    paths = tuple(Path(path) for path in ([inputs] if isinstance(inputs, str | os.PathLike) else inputs))
    if not paths and pairs is None:
        raise ConfigError("No videos given.", "Name a folder: rtmri2speech prepare VIDEOS --out DATASET")
    videos = {"audio_dir": audio_dir, "audio": audio, "pairs": pairs}
    if sound_only:
        refuse_with_sound_only({**videos, "sync_offset": sync_offset, "sound": sound != "auto"})
    found: Corpus
    if corpus is not None:
        refuse_with_corpus(corpus, {**videos, "speaker": speaker != _SPEAKER})
        found = import_corpus(corpus, paths, sound, sync_offset)
    elif any(is_phantom(path) for path in paths):
        found = _phantom(paths, any(videos.values()), sync_offset, sound)
    elif sound_only:
        found = SoundFolderCorpus(paths, speaker)
    else:
        found = FolderCorpus(paths, audio_dir, audio, pairs, speaker, sync_offset, sound=sound)
    if speakers is not None:
        found = WithSpeakers(found, read_speaker_table(speakers))
    return SoundOf(found) if sound_only and (corpus is not None or any(map(is_phantom, paths))) else found


def _phantom(paths: Sequence[Path], sounds: bool, sync_offset: float, sound: SoundChoice) -> PhantomCorpus:
    if len(paths) > 1 or sounds:
        raise ConfigError("A phantom is prepared by itself.", "Give its folder alone, without sound files.")
    if sync_offset or sound == "track":
        given = f"sync_offset={sync_offset:g}" if sync_offset else "sound='track'"
        raise ConfigError(f"`{given}`: a phantom's sound is a file of its own, in step.", "Leave it out.")
    return PhantomCorpus(paths[0])


def list_of(source: Source | Sequence[Source]) -> list[Source]:
    """One path or corpus, or several, as a list."""
    if isinstance(source, Sequence) and not isinstance(source, str):
        return list(source)
    return [source]


def corpus_of(source: Source | Sequence[AnyPath]) -> Corpus:
    """A corpus as it is, or that of one path or several (:func:`open_corpus`)."""
    return open_corpus(source) if isinstance(source, str | os.PathLike | Sequence) else source


def refuse_with_sound_only(given: dict[str, object]) -> None:
    """Refuse options that are about frames.

    Args:
        given: values by the name of the parameter; false ones were not given.

    Raises:
        ConfigError: naming those that were given.
    """
    remedy = "Leave it out, or leave out `sound_only`."
    _refuse(given, "`sound_only=True`, where there are no frames", remedy)


def refuse_with_corpus(corpus: str, given: dict[str, object]) -> None:
    """Refuse options that say what a published corpus says itself.

    Args:
        corpus: its name.
        given: values by the name of the parameter; false ones were not given.

    Raises:
        ConfigError: naming those that were given.
    """
    remedy = "Leave it out, or leave out `corpus` and prepare the folder as your own recordings."
    _refuse(given, f"`corpus='{corpus}'`, which knows its sounds and speakers", remedy)


def _refuse(given: dict[str, object], place: str, remedy: str) -> None:
    if names := [f"`{name}`" for name, value in given.items() if value]:
        raise ConfigError(f"{', '.join(names)}: of no use with {place}.", remedy)
