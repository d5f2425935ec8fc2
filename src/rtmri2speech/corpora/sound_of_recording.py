"""The sound of a recording: its file, or the video's own sound track; and where annotations of it start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.folder import FolderCorpus, unpaired_sounds
from rtmri2speech.data.media.audio import Sound, has_sound, read_sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.data.media.streams import AS_FLAGGED, Tracks
from rtmri2speech.data.media.textgrid import label_lead
from rtmri2speech.data.media.video import VIDEO_SUFFIXES
from rtmri2speech.errors import MediaError


class MissingSound(MediaError):
    """A video that has no sound track and no sound file next to it."""


def find_sound(recording: Recording, scan: VideoScan, tracks: Tracks = AS_FLAGGED) -> Sound:
    """Read the recording's sound, from its file or from the video's sound track.

    Args:
        recording: video and sound.
        scan: the video.
        tracks: the sound track and the channel to take.

    Raises:
        MissingSound: when there is none, naming sound files that may be meant.
        MediaError: when it cannot be read.
    """
    if recording.audio is not None:
        # A file of its own starts with the video, whatever time the container gives its first frame.
        return replace(read_sound(recording.audio, tracks), start=float(scan.starts[0]))
    if has_sound(recording.video):
        return read_sound(recording.video, tracks)
    raise _missing_sound(recording, scan)


def sound_of(path: str | Path) -> Sound:
    """The sound of a recording by its path.

    Args:
        path: a sound file, or a video: then NAME.wav or NAME.flac next to it, or its sound track.

    Raises:
        MediaError: when there is none, or it cannot be read.
    """
    file = Path(path)
    if file.suffix.lower() not in VIDEO_SUFFIXES:
        return read_sound(file)
    (recording,) = FolderCorpus((file,)).recordings()
    return read_sound(recording.audio or recording.video)


def _missing_sound(recording: Recording, scan: VideoScan) -> MissingSound:
    video = recording.video
    problem = f"{video}: has no sound: no sound track, and no {video.stem}.wav or .flac next to it"
    others = unpaired_sounds(video)
    if not others:
        return MissingSound(
            f"{problem}.", "Put the sound file there, or give `audio_dir` or `pairs`. Synthesis needs none."
        )
    lengths = []
    for path in others[:3]:
        try:
            seconds = read_sound(path).duration
            difference = abs(seconds - scan.duration)
            lengths.append(f"{path.name} ({seconds:.2f} s{'' if difference < 1 else f', {difference:.2f} s off'})")
        except MediaError:
            lengths.append(f"{path.name} (unreadable)")
    return MissingSound(
        f"{problem}; the video lasts {scan.duration:.2f} s, and sound files without a video there are "
        f"{', '.join(lengths)}.",
        f"If one of them belongs to it: `audio={others[0]}` (a table for several: `pairs`). "
        "Where lengths disagree, `sync_offset` and `on_mismatch` say what to do.",
    )


def lead_of_labels(clip: Clip) -> float:
    """Seconds from time 0 of the annotation of a video to the clip's first frame: labels are on the sound's clock.

    The sound is NAME.wav or .flac next to the video, or else its sound track; without sound, the video's own clock.

    Raises:
        MediaError: when the sound cannot be read.
    """
    return clock_of_labels(clip)[0]


def clock_of_labels(clip: Clip) -> tuple[float, float]:
    """As :func:`lead_of_labels`, with the length in seconds of what is annotated: the sound, or else the video.

    Raises:
        MediaError: when the sound cannot be read.
    """
    (recording,) = FolderCorpus((clip.scan.path,)).recordings()
    try:
        sound = find_sound(recording, clip.scan)
    except MissingSound:
        return label_lead(clip.start, None), clip.scan.duration
    return label_lead(clip.start, sound.start), sound.duration
