"""A folder of videos: ``NAME.mp4`` with its own sound track, or with ``NAME.wav`` next to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rtmri2speech.corpora.base import Listing, Recording, Remark, SoundChoice
from rtmri2speech.corpora.names import Folders, name_and_speaker, refuse_duplicates, safe_name
from rtmri2speech.corpora.nearly import nearly_named
from rtmri2speech.corpora.pairs import read_pairs
from rtmri2speech.corpora.search import Search, divided, files_below, passed_over, search, some
from rtmri2speech.data.dicom import DICOM_SUFFIXES, dicom_is_read, holds_video
from rtmri2speech.data.endings import (
    SOUND_SUFFIXES,
    USUAL_VIDEO_SUFFIXES,
    VIDEO_SUFFIXES,
    is_there,
    no_such_file,
)
from rtmri2speech.errors import ConfigError, MediaError, UserError


@dataclass(frozen=True)
class FolderCorpus:
    """Videos found in folders, given one by one, or listed in a table.

    The speaker is the first folder below the one given, the folder itself where several are given, or
    ``speaker``. Sound files (``NAME.wav``, ``NAME.flac``, ``NAME.m4a``, ...) and ``NAME.TextGrid`` are looked for in
    ``audio_dir`` if there is one, else next to the video; with ``audio_dir`` the sound must be there. Letter case and
    Unicode form do not count. An annotation may be named after the sound file as well.

    Attributes:
        inputs: folders (searched with their subfolders, linked ones too) and video files.
        audio_dir: folder with the sound files.
        audio: sound file for a single video of any name.
        pairs: CSV table with columns video, audio and optionally id, speaker, sync_offset.
        speaker: name for recordings that lie in no subfolder.
        sync_offset: seconds of sound before the first frame, for every recording.
        sound: ``file`` for the sound file next to the video, which then must be there, ``track`` for the video's own
            sound track, ``auto`` for the file if there is one.
    """

    inputs: Sequence[Path] = ()
    audio_dir: Path | None = None
    audio: Path | None = None
    pairs: Path | None = None
    speaker: str = "speaker1"
    sync_offset: float = 0.0
    name: str = "folder"
    licence: str = "not stated; the recordings are yours"
    citation: str = ""
    sound: SoundChoice = "auto"

    def recordings(self) -> list[Recording]:
        """Every recording, sorted by id.

        Raises:
            UserError: for a missing path, no video, an ambiguous name or a faulty table.
        """
        return self._list()[0]

    def listing(self) -> Listing:
        """Every recording, sorted by id, and what was passed over in the folders.

        Raises:
            UserError: as :meth:`recordings`.
        """
        return Listing(*self._list())

    def _list(self) -> tuple[list[Recording], list[Remark]]:
        self._refuse_options()
        folders = Folders()
        found = self._from_table(folders) if self.pairs else []
        searches = [(root, _search(root)) for root in self.inputs]
        remarks: list[Remark] = []
        videos = [(root, path) for root, seen in searches for path in _one_of_each_name(root, seen.files, remarks)]
        if self.audio is not None:
            if len(videos) != 1:
                raise ConfigError(
                    f"`audio={self.audio}`: goes with one video, not with {len(videos)}.",
                    "For several videos use `audio_dir`, or a table: `pairs`.",
                )
            if not self.audio.is_file():
                raise no_such_file(self.audio)
        found += [self._recording(root, path, folders) for root, path in videos]
        if not found:
            raise self._nothing_found()
        refuse_duplicates(found)
        _refuse_shared_sound(found)
        used = {path for recording in found for path in recording.sources}
        for root, seen in searches:
            if root.is_dir():
                seen.others, sounds = _without_sounds(seen.others, used)
                remarks += _left_alone(root, sounds)
                remarks += passed_over(root, seen, used)
        return sorted(found, key=lambda recording: recording.id), remarks

    def _refuse_options(self) -> None:
        if not math.isfinite(self.sync_offset):
            raise ConfigError(f"`sync_offset={self.sync_offset}`: not a number.", "Give seconds: `sync_offset=0.5`")
        if self.sound == "track" and (self.audio is not None or self.audio_dir is not None):
            given = "audio" if self.audio is not None else "audio_dir"
            raise ConfigError(f"`{given}` and `sound='track'` exclude each other.", "Leave one of them out.")
        if self.audio_dir is not None and not self.audio_dir.is_dir():
            raise MediaError(f"{self.audio_dir}: no such folder.", "Check the spelling of `audio_dir`.")

    def _nothing_found(self) -> MediaError:
        places = ", ".join(str(path) for path in self.inputs) or self.pairs
        remedy = f"Give folders or files with the endings {' '.join(VIDEO_SUFFIXES)}."
        sounds = [path for root in self.inputs for path in files_below(root, SOUND_SUFFIXES)]
        if sounds:
            remedy += f" For sound without video, such as {sounds[0].name} there, add `sound_only=True`."
        return MediaError(f"No video found in {places}.", remedy)

    def _recording(self, root: Path, video: Path, folders: Folders) -> Recording:
        relative = video.relative_to(root) if root.is_dir() else Path(video.name)
        name, speaker = name_and_speaker(video, root, self.inputs, self.speaker)
        asked: SoundChoice = "file" if self.audio or self.audio_dir else self.sound
        recording = Recording(name, speaker, video, self.audio, None, self.sync_offset, None, asked)
        return self._completed(recording, relative, folders)

    def _completed(self, recording: Recording, relative: Path, folders: Folders) -> Recording:
        """With the sound, the annotation, and what is to be said of both."""
        stems = self._stems(recording.video, relative)
        audio, remarks = recording.audio, list[Remark]()
        if audio is None and recording.sound != "track":
            audio = self._sound_of(stems, relative, recording.sound, folders)
            if audio is None or not is_there(audio):
                remarks = _nearly(recording.video, audio or recording.video, folders)
        if audio is not None:
            stems = [*stems, audio.with_suffix("")]
        grids = list(dict.fromkeys(grid for stem in stems if (grid := folders.annotation(stem)) is not None))
        if len(grids) > 1 and grids[1].stem != grids[0].stem:
            remarks.append(Remark(grids[1], f"not used, because {grids[0].name} is there too", "Remove one of them."))
        return replace(recording, audio=audio, textgrid=grids[0] if grids else None, remarks=tuple(remarks))

    def _sound_of(self, stems: list[Path], relative: Path, asked: SoundChoice, folders: Folders) -> Path | None:
        found = next((path for stem in stems if (path := folders.first(stem, SOUND_SUFFIXES)) is not None), None)
        if self.audio_dir is None:
            # As with a folder of sounds: the file's absence is reported when it is read.
            return found or (stems[0].with_name(stems[0].name + SOUND_SUFFIXES[0]) if asked == "file" else None)
        if found is not None and self.audio_dir in found.parents:
            return found
        # Taking the video's own track instead would mix denoised and raw sound without a word.
        return self.audio_dir / relative.with_suffix(SOUND_SUFFIXES[0])

    def _stems(self, video: Path, relative: Path) -> list[Path]:
        stems = [video.with_suffix("")]
        if self.audio_dir is not None:
            stems = [self.audio_dir / relative.with_suffix(""), self.audio_dir / video.stem, *stems]
        return stems

    def _from_table(self, folders: Folders) -> list[Recording]:
        assert self.pairs is not None
        recordings = []
        for row in read_pairs(self.pairs):
            recording = Recording(
                safe_name(row.id or row.video.stem),
                row.speaker or self.speaker,
                row.video,
                row.audio,
                None,
                self.sync_offset if row.sync_offset is None else row.sync_offset,
                sound="file" if row.audio else self.sound,
            )
            recordings.append(self._completed(recording, Path(row.video.name), folders))
        return recordings


def _search(root: Path) -> Search:
    if root.is_file() and root.suffix.lower() in SOUND_SUFFIXES:
        raise MediaError(f"{root}: is a sound file, not a video.", "Name the video, or add `sound_only=True`.")
    if not dicom_is_read():
        return search(root, VIDEO_SUFFIXES)
    found = search(root, (*VIDEO_SUFFIXES, *DICOM_SUFFIXES))
    if root.is_dir():  # single images, or a scan as a file per frame
        found.files, single = divided(
            found.files, lambda path: path.suffix.lower() in DICOM_SUFFIXES and not holds_video(path)
        )
        found.others += single
    return found


def _one_of_each_name(root: Path, videos: list[Path], remarks: list[Remark]) -> list[Path]:
    """Without copies in another format: NAME.gif or NAME.webm where NAME.mp4 is there."""
    usual = {path.with_suffix("") for path in videos if path.suffix.lower() in USUAL_VIDEO_SUFFIXES}
    kept, copies = divided(
        videos,
        lambda path: (
            path.suffix.lower() not in USUAL_VIDEO_SUFFIXES and path.with_suffix("") in usual and root.is_dir()
        ),
    )
    if copies:
        problem = f"{len(copies)} video(s) passed over that have the name of another with a more usual ending"
        remarks.append(Remark(root, f"{problem}: {some(copies)}", "Rename them if they are other recordings."))
    return kept


def _without_sounds(others: list[Path], used: set[Path]) -> tuple[list[Path], list[Path]]:
    """Other files than sounds, and the sounds that no video has taken."""
    others, sounds = divided(others, lambda path: path.suffix.lower() in SOUND_SUFFIXES)
    return others, [path for path in sounds if path not in used]


def _left_alone(root: Path, sounds: list[Path]) -> list[Remark]:
    if not sounds:
        return []
    problem = f"{len(sounds)} sound file(s) passed over that belong to no video: {some(sounds)}"
    return [Remark(root, problem, "Name each as its video is named, or pair them in a table: `pairs`.")]


def _nearly(video: Path, wanted: Path, folders: Folders) -> list[Remark]:
    """What is to be said of a sound file whose name is nearly the one that is looked for."""
    sounds = folders.unpaired_sounds(wanted.parent)
    if wanted.parent != video.parent:  # a folder of sounds: those of other videos are not meant
        sounds = [path for path in sounds if not folders.has_video(video.with_name(path.stem))]
    meant = nearly_named(video.stem, sounds)
    if meant is None:
        return []
    return [
        Remark(
            video,
            f"{meant.name} has nearly its name, and is not taken for its sound",
            f"If it is: name it {video.stem}{meant.suffix}, or pair them (`audio`, `pairs`). If not: `sound='track'`.",
            "warning",
        )
    ]


def _refuse_shared_sound(recordings: list[Recording]) -> None:
    seen: dict[Path, Path] = {}
    for recording in recordings:
        if recording.audio is None:
            continue
        first = seen.setdefault(recording.audio, recording.video)
        if first != recording.video:
            raise UserError(
                f"{first} and {recording.video} would both take the sound {recording.audio}.",
                "Put the sound in the same subfolders as the videos (AUDIO_DIR/SPEAKER/NAME.wav), or use `pairs`.",
            )


def unpaired_sounds(video: Path) -> list[Path]:
    """Sound files in the video's folder that have no video of their name: what the user may have meant."""
    return Folders().unpaired_sounds(video.parent)
