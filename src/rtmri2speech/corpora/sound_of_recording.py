"""The sound of a recording: its file, or the video's own sound track; and where annotations of it start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rtmri2speech.corpora.base import Recording, Remark, SoundChoice
from rtmri2speech.corpora.folder import FolderCorpus, unpaired_sounds
from rtmri2speech.data.endings import SOUND_SUFFIXES, VIDEO_SUFFIXES, is_there, no_such_file
from rtmri2speech.data.media.audio import Sound, read_sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.movies import cut_sound
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.data.media.streams import AS_FLAGGED, Tracks
from rtmri2speech.data.media.textgrid import label_lead
from rtmri2speech.errors import MediaError

LENGTH_TOLERANCE = 0.25
"""Seconds by which the ends of sound and video may differ: codecs pad their last packet (AAC: up to 0.1 s)."""


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
        if not recording.audio.is_file():
            raise no_such_sound(recording, recording.audio)
        # A file of its own starts with the video, whatever time the container gives its first frame.
        return replace(read_sound(recording.audio, tracks), start=float(scan.starts[0]))
    if scan.has_sound:
        return read_sound(recording.video, tracks)
    raise _missing_sound(recording, scan)


TRACK_NOT_USED = "its own sound track is not used, because a sound file lies next to it"
"""What is said of a video whose sound is there twice."""


# Streams without a container, and one whose container has no place for it: nothing says where the sound starts. Of
# Windows Media FFmpeg leaves out the first block, which may be more than that.
_WITHOUT_DELAY = {".aac": "raw AAC", ".mp2": "MPEG audio layer 2", ".ac3": "AC-3", ".wma": "Windows Media Audio"}
_DELAY = "256 to 2112"


def remarks_on_sound(recording: Recording, scan: VideoScan) -> list[Remark]:
    """What is to be said of the choice between a file next to the video and the video's own sound track."""
    if recording.audio is None:
        # Without a track there is no choice: that the sound is missing is an error.
        wanted = _wanted(recording)
        others = [one for one in recording.remarks if one.severity == "note" or (scan.has_sound and one not in wanted)]
        if not wanted or not scan.has_sound:
            return others
        problem = f"its own sound track is used: there is no {wanted[0].file.name}"
        return [*others, Remark(recording.video, problem, "Nothing, if that is its best sound.", decision=True)]
    remarks = [remark for remark in recording.remarks if remark.severity == "note"]
    kind = _WITHOUT_DELAY.get(recording.audio.suffix.lower())
    if kind is not None:
        remarks.append(
            Remark(
                recording.audio,
                f"{kind} does not say how much silence its encoder has put first, mostly {_DELAY} samples: the sound "
                "may be off against the video by that much",
                "Use the original recording (wav, flac), or measure the delay and give it: `sync_offset`.",
                "warning",
            )
        )
    if recording.sound == "auto" and scan.has_sound:
        remedy = f"The sound is {recording.audio.name}. To choose: `sound='track'` or `sound='file'`."
        remarks.append(Remark(recording.video, TRACK_NOT_USED, remedy, decision=True))
    return remarks


def no_such_sound(recording: Recording, audio: Path) -> MediaError:
    """The error for a sound file that is not there, with what may be meant."""
    error = no_such_file(audio)
    hints = [remark for remark in recording.remarks if remark.severity == "warning"]
    if is_there(audio):
        return MediaError(error.problem, f"{error.remedy} Or take the video's own track: `sound='track'`.")
    if not hints:
        return error
    return MediaError(f"{error.problem.rstrip('.')}; {hints[0].problem}.", hints[0].remedy)


def sound_of(path: str | Path) -> Sound:
    """The sound of a recording by its path.

    Args:
        path: a sound file, or a video: then NAME.wav (flac, m4a, ...) next to it, or its sound track.

    Raises:
        MediaError: when there is none, or it cannot be read.
    """
    file = Path(path)
    if file.suffix.lower() not in VIDEO_SUFFIXES:
        return read_sound(file)
    (recording,) = FolderCorpus((file,)).recordings()
    return read_sound(recording.audio or recording.video)


def sound_of_frames(scan: VideoScan, audio: Path | None = None, choice: SoundChoice = "auto") -> Sound | None:
    """The sound that belongs to a video, from its first frame on.

    Args:
        scan: the video.
        audio: a sound file that starts with the first frame; None for the video's own sound.
        choice: of the video's own: NAME.wav or .flac next to it or else its sound track, or one of the two only.

    Returns:
        None where there is none.

    Raises:
        MediaError: when it cannot be read, or starts or ends more than a quarter second apart from the frames.
    """
    (recording,) = FolderCorpus((scan.path,), sound=choice).recordings()
    try:
        sound = find_sound(replace(recording, audio=audio or recording.audio), scan)
    except MissingSound:
        return None
    start = float(scan.starts[0])
    lead = label_lead(start, sound.start)
    tail = sound.duration - lead - (scan.end - start)
    # Sound before the first frame is cut off. Silence at the start, or another end, means that the two do not match.
    if max(-lead, abs(tail)) > LENGTH_TOLERANCE:
        name, first = audio or recording.audio or scan.path, 0.0 - lead
        raise MediaError(
            f"{name}: sound from {first:.2f} to {first + sound.duration:.2f} s next to a video of "
            f"{scan.duration:.2f} s.",
            "Give the sound that belongs to this video, cut to it, as `audio`.",
        )
    return cut_sound(sound, start)


def _wanted(recording: Recording) -> list[Remark]:
    """Remarks on a sound file that is missing where the layout of its corpus has it."""
    if recording.scanner is None:
        return []
    return [one for one in recording.remarks if one.severity == "warning" and one.file.suffix in SOUND_SUFFIXES]


def _missing_sound(recording: Recording, scan: VideoScan) -> MissingSound:
    video = recording.video
    if wanted := _wanted(recording):
        return MissingSound(
            f"{wanted[0].file}: {wanted[0].problem}, which has no sound track of its own.", wanted[0].remedy
        )
    files = f"no {video.stem}.wav or .flac or other sound file of its name next to it"
    problem = f"{video}: has no sound: no sound track, and {files}"
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

    The sound is that of :func:`sound_of`; without sound, the video's own clock.

    Raises:
        MediaError: when the sound cannot be read.
    """
    return clock_of_labels(clip)[0]


def clock_of_labels(clip: Clip) -> tuple[float, float]:
    """As :func:`lead_of_labels`, with the length in seconds of what is annotated: the sound, or else the video.

    Raises:
        MediaError: when the sound cannot be read.
    """
    return _clock(clip.scan, clip.start)


def clock_of_video(scan: VideoScan) -> tuple[float, float]:
    """As :func:`clock_of_labels`, of a video whose every frame counts.

    Raises:
        MediaError: when the sound cannot be read.
    """
    return _clock(scan, float(scan.starts[0]))


def _clock(scan: VideoScan, start: float) -> tuple[float, float]:
    (recording,) = FolderCorpus((scan.path,)).recordings()
    try:
        sound = find_sound(recording, scan)
    except MissingSound:
        return label_lead(start, None), scan.duration
    return label_lead(start, sound.start), sound.duration
