"""A folder of videos: ``NAME.mp4`` with its own sound track, or with ``NAME.wav`` next to it."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.names import (
    annotation_next_to,
    files_below,
    name_and_speaker,
    next_to,
    refuse_duplicates,
    safe_name,
)
from rtmri2speech.corpora.sounds import SOUND_ALONE_SUFFIXES
from rtmri2speech.data.media.audio import SOUND_SUFFIXES
from rtmri2speech.data.media.video import VIDEO_SUFFIXES
from rtmri2speech.errors import ConfigError, MediaError, UserError

_PAIRS_HELP = "Needed: a header 'video,audio' (also allowed: id, speaker, sync_offset), then a line per recording."


@dataclass(frozen=True)
class FolderCorpus:
    """Videos found in folders, given one by one, or listed in a table.

    The speaker is the first folder below the one given, the folder itself where several are given, or
    ``speaker``. ``NAME.wav``, ``NAME.flac`` and ``NAME.TextGrid`` are looked for in ``audio_dir`` if there is
    one, else next to the video; with ``audio_dir`` the sound must be there.

    Attributes:
        inputs: folders (searched with their subfolders) and video files.
        audio_dir: folder with the sound files.
        audio: sound file for a single video of any name.
        pairs: CSV table with columns video, audio and optionally id, speaker, sync_offset.
        speaker: name for recordings that lie in no subfolder.
        sync_offset: seconds of sound before the first frame, for every recording.
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

    def recordings(self) -> list[Recording]:
        """Every recording, sorted by id.

        Raises:
            UserError: for a missing path, no video, an ambiguous name or a faulty table.
        """
        if not math.isfinite(self.sync_offset):
            raise ConfigError(f"`sync_offset={self.sync_offset}`: not a number.", "Give seconds: `sync_offset=0.5`")
        found = self._from_table() if self.pairs else []
        videos = [(root, path) for root in self.inputs for path in self._videos(root)]
        if self.audio is not None:
            if len(videos) != 1:
                raise ConfigError(
                    f"`audio={self.audio}`: goes with one video, not with {len(videos)}.",
                    "For several videos use `audio_dir`, or a table: `pairs`.",
                )
            if not self.audio.is_file():
                raise MediaError(f"{self.audio}: no such file.", "Check the spelling of `audio`.")
        if self.audio_dir is not None and not self.audio_dir.is_dir():
            raise MediaError(f"{self.audio_dir}: no such folder.", "Check the spelling of `audio_dir`.")
        found += [self._recording(root, path) for root, path in videos]
        if not found:
            raise self._nothing_found()
        refuse_duplicates(found)
        self._refuse_shared_sound(found)
        return sorted(found, key=lambda recording: recording.id)

    def _videos(self, root: Path) -> list[Path]:
        if root.is_file() and root.suffix.lower() in SOUND_ALONE_SUFFIXES:
            raise MediaError(f"{root}: is a sound file, not a video.", "Name the video, or add `sound_only=True`.")
        return files_below(root, VIDEO_SUFFIXES)

    def _nothing_found(self) -> MediaError:
        places = ", ".join(str(path) for path in self.inputs) or self.pairs
        remedy = f"Give folders or files with the endings {' '.join(VIDEO_SUFFIXES)}."
        sounds = [path for root in self.inputs for path in files_below(root, SOUND_ALONE_SUFFIXES)]
        if sounds:
            remedy += f" For sound without video, such as {sounds[0].name} there, add `sound_only=True`."
        return MediaError(f"No video found in {places}.", remedy)

    def _recording(self, root: Path, video: Path) -> Recording:
        relative = video.relative_to(root) if root.is_dir() else Path(video.name)
        name, speaker = name_and_speaker(video, root, self.inputs, self.speaker)
        return Recording(
            id=name,
            speaker=speaker,
            video=video,
            audio=self.audio or self._sound_of(video, relative),
            textgrid=self._annotation_of(video, relative),
            sync_offset=self.sync_offset,
        )

    def _sound_of(self, video: Path, relative: Path) -> Path | None:
        found = self._next_to(video, relative, SOUND_SUFFIXES)
        if self.audio_dir is None or (found is not None and self.audio_dir in found.parents):
            return found
        # Taking the video's own track instead would mix denoised and raw sound without a word; the file's
        # absence is reported when it is read.
        return self.audio_dir / relative.with_suffix(SOUND_SUFFIXES[0])

    def _next_to(self, video: Path, relative: Path, suffixes: Sequence[str]) -> Path | None:
        stems = self._stems(video, relative)
        return next((path for stem in stems if (path := next_to(stem, suffixes)) is not None), None)

    def _annotation_of(self, video: Path, relative: Path) -> Path | None:
        stems = self._stems(video, relative)
        return next((path for stem in stems if (path := annotation_next_to(stem)) is not None), None)

    def _stems(self, video: Path, relative: Path) -> list[Path]:
        stems = [video.with_suffix("")]
        if self.audio_dir is not None:
            stems = [self.audio_dir / relative.with_suffix(""), self.audio_dir / video.stem, *stems]
        return stems

    def _from_table(self) -> list[Recording]:
        assert self.pairs is not None
        try:
            with self.pairs.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(f"{self.pairs}: cannot be read ({error}).", _PAIRS_HELP) from None
        recordings = []
        for number, row in enumerate(rows, start=2):
            if not row.get("video"):
                raise ConfigError(f"{self.pairs}, line {number}: names no video.", _PAIRS_HELP)
            video, audio = (self.pairs.parent / row[name] if row.get(name) else None for name in ("video", "audio"))
            for path in (video, audio):
                if path is not None and not path.is_file():
                    raise MediaError(f"{path}: no such file ({self.pairs}, line {number}).", "Correct the table.")
            assert video is not None
            try:
                offset = float(row.get("sync_offset") or self.sync_offset)
                if not math.isfinite(offset):
                    raise ValueError
            except ValueError:
                raise ConfigError(
                    f"{self.pairs}, line {number}: sync_offset '{row['sync_offset']}' is not a number.", _PAIRS_HELP
                ) from None
            textgrid = self._annotation_of(video, Path(video.name))
            identity = safe_name(row.get("id") or video.stem)
            recordings.append(Recording(identity, row.get("speaker") or self.speaker, video, audio, textgrid, offset))
        return recordings

    @staticmethod
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
    names = {path.stem for path in video.parent.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES}
    return sorted(
        path for path in video.parent.iterdir() if path.suffix.lower() in SOUND_SUFFIXES and path.stem not in names
    )
