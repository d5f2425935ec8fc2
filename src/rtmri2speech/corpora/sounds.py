"""Sound without video: a folder of sound files, or the sound of a corpus of videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.corpora.base import Corpus, SoundRecording
from rtmri2speech.corpora.names import annotation_next_to, files_below, name_and_speaker, refuse_duplicates
from rtmri2speech.data.media.audio import SOUND_SUFFIXES
from rtmri2speech.errors import MediaError

SOUND_ALONE_SUFFIXES = (
    *SOUND_SUFFIXES,
    *(".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma", ".aif", ".aiff", ".au", ".sph"),
)
"""Endings of sound files; next to a video only ``SOUND_SUFFIXES`` are looked for."""


@dataclass(frozen=True)
class SoundFolderCorpus:
    """Sound files found in folders, or given one by one.

    The speaker is the first folder below the one given, the folder itself where several are given, or
    ``speaker``. ``NAME.TextGrid`` is looked for next to the sound.

    Attributes:
        inputs: folders (searched with their subfolders) and sound files.
        speaker: name for recordings that lie in no subfolder.
    """

    inputs: Sequence[Path] = ()
    speaker: str = "speaker1"
    name: str = "sounds"
    licence: str = "not stated; the recordings are yours"
    citation: str = ""

    def recordings(self) -> list[SoundRecording]:
        """Every recording, sorted by id.

        Raises:
            UserError: for a missing path, no sound file or an ambiguous name.
        """
        found = [
            self._recording(root, path) for root in self.inputs for path in files_below(root, SOUND_ALONE_SUFFIXES)
        ]
        if not found:
            raise MediaError(
                f"No sound file found in {', '.join(str(path) for path in self.inputs)}.",
                f"Give folders or files with the endings {' '.join(SOUND_ALONE_SUFFIXES)}; for videos, leave out "
                "`sound_only`.",
            )
        refuse_duplicates(found)
        return sorted(found, key=lambda recording: recording.id)

    def _recording(self, root: Path, audio: Path) -> SoundRecording:
        name, speaker = name_and_speaker(audio, root, self.inputs, self.speaker)
        return SoundRecording(name, speaker, audio, annotation_next_to(audio.with_suffix("")))


@dataclass(frozen=True)
class SoundOf:
    """The sound of another corpus, with its ids, speakers and splits.

    Attributes:
        corpus: videos with sound, or sound alone.
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

    def recordings(self) -> list[SoundRecording]:
        """Every recording without its video.

        Raises:
            UserError: as the corpus's own.
        """
        return [
            SoundRecording(item.id, item.speaker, item.audio or item.file, item.textgrid, item.split)
            for item in self.corpus.recordings()
        ]
