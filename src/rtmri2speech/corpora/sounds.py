"""Sound without video: a folder of sound files, or the sound of a corpus of videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.corpora.base import AnyRecording, Listing, OfCorpus, Remark, SoundRecording, listing_of
from rtmri2speech.corpora.names import Folders, name_and_speaker, refuse_duplicates
from rtmri2speech.corpora.search import passed_over, search
from rtmri2speech.data.endings import SOUND_SUFFIXES
from rtmri2speech.errors import MediaError


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
        return self._list()[0]

    def listing(self) -> Listing:
        """Every recording, sorted by id, and what was passed over in the folders.

        Raises:
            UserError: as :meth:`recordings`.
        """
        return Listing(*self._list())

    def _list(self) -> tuple[list[SoundRecording], list[Remark]]:
        folders = Folders()
        searches = [(root, search(root, SOUND_SUFFIXES)) for root in self.inputs]
        found = [self._recording(root, path, folders) for root, seen in searches for path in seen.files]
        if not found:
            raise MediaError(
                f"No sound file found in {', '.join(str(path) for path in self.inputs)}.",
                f"Give folders or files with the endings {' '.join(SOUND_SUFFIXES)}; for videos, leave out "
                "`sound_only`.",
            )
        refuse_duplicates(found)
        used = {path for recording in found for path in recording.sources}
        remarks = [remark for root, seen in searches if root.is_dir() for remark in passed_over(root, seen, used)]
        return sorted(found, key=lambda recording: recording.id), remarks

    def _recording(self, root: Path, audio: Path, folders: Folders) -> SoundRecording:
        name, speaker = name_and_speaker(audio, root, self.inputs, self.speaker)
        return SoundRecording(name, speaker, audio, folders.annotation(audio.with_suffix("")))


@dataclass(frozen=True)
class SoundOf(OfCorpus):
    """The sound of another corpus, with its ids, speakers and splits: videos with sound, or sound alone."""

    def recordings(self) -> list[SoundRecording]:
        """Every recording without its video.

        Raises:
            UserError: as the corpus's own.
        """
        return list(self._list(self.corpus.recordings()))

    def listing(self) -> Listing:
        """Every recording without its video, and what was passed over.

        Raises:
            UserError: as the corpus's own.
        """
        found = listing_of(self.corpus)
        return Listing(self._list(found.recordings), found.remarks)

    @staticmethod
    def _list(recordings: Sequence[AnyRecording]) -> list[SoundRecording]:
        return [
            SoundRecording(item.id, item.speaker, item.audio or item.file, item.textgrid, item.split)
            for item in recordings
        ]
