"""Sound files and sound tracks: reading, resampling, writing. The only importer of soundfile."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

from rtmri2speech.arrays import Float32, Floating
from rtmri2speech.data.endings import LIBSNDFILE_SUFFIXES, libsndfile_name, no_such_file
from rtmri2speech.data.files import replacing, replacing_name
from rtmri2speech.data.media.channels import Mono, to_mono
from rtmri2speech.data.media.containers import avi_layout, encoder_delay
from rtmri2speech.data.media.sound_files import (
    announced_end,
    is_float,
    refuse_cut_short,
    refuse_short_track,
    resolution,
    to_amplitude,
)
from rtmri2speech.data.media.streams import AS_FLAGGED, Note, Tracks, choose_stream
from rtmri2speech.data.media.video import decode_stream, opened
from rtmri2speech.errors import MediaError
from rtmri2speech.signal.sound_clock import STEADY, ClockReport, SoundClock

# RIFF with the chunks fmt, fact and data (Microsoft's Multimedia Programming Interface, new wave types, 1994).
_FLOAT_HEADER = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
_IEEE_FLOAT, _MP3 = 3, 0x55


@dataclass(frozen=True)
class Sound:
    """A mono recording.

    Attributes:
        samples: shape (N,), float32.
        rate: samples per second.
        start: time of sample 0 on the container's clock, seconds.
        clock: how the time stamps of its packets differed from its sample count; the samples follow the stamps.
        channels: which of the file's channels these samples are, in words: ``1``, ``mean of 2``, ``left of 2``.
        resolution: one step of the file's format, amplitude.
        notes: what was decided while it was read.
        track: which of a container's sound tracks it is, where there are several: ``2 of 3``.
    """

    samples: Float32
    rate: int
    start: float
    clock: ClockReport = STEADY
    channels: str = "1"
    resolution: float = 2.0**-15
    notes: tuple[Note, ...] = ()
    track: str = ""

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate


def read_sound(path: Path, tracks: Tracks = AS_FLAGGED) -> Sound:
    """Read a sound file, or the sound track of a video, as mono: the mean of the channels, or the one with speech.

    Args:
        path: the file.
        tracks: the sound track and the channel to take.

    Raises:
        MediaError: when it cannot be read, is cut short, holds no sound, or holds values that are not numbers.
    """
    if path.suffix.lower() in LIBSNDFILE_SUFFIXES:
        return _read_sound_file(path, tracks)
    return _read_sound_track(path, tracks)


def _mono(path: Path, samples: Float32, rate: int, tracks: Tracks, floats: bool) -> Mono:
    """One channel of all, shape (N, C), between -1 and 1."""
    if not np.isfinite(samples).all():
        raise MediaError(
            f"{path}: the sound holds values that are not numbers (NaN or infinite).", "Export the sound again."
        )
    samples, scaled = to_amplitude(path, samples) if floats else (samples, [])
    mono = to_mono(path, samples, rate, tracks.channel)
    return mono._replace(notes=[*scaled, *mono.notes])


def _read_sound_file(path: Path, tracks: Tracks) -> Sound:
    if not path.is_file():
        raise no_such_file(path)
    if (tracks.audio or 1) > 1:
        raise MediaError(f"{path}: `audio_stream={tracks.audio}`: a sound file is one sound track.", "Leave it out.")
    try:
        with soundfile.SoundFile(libsndfile_name(path)) as file:
            samples = file.read(dtype="float32", always_2d=True)
            kind, subtype, announced, log = file.format, file.subtype, file.frames, file.extra_info
            rate = int(file.samplerate)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise _unreadable(path, error) from None
    refuse_cut_short(path, kind, subtype, samples.shape[1], rate, announced, len(samples), log)
    if len(samples) == 0:
        raise MediaError(f"{path}: holds no sound (0 samples).", "Copy or export it again.")
    report = STEADY
    if (delay := _mp3_delay(path)) and len(samples) > delay:
        # What else an encoder may have put first is not known: the usual ones differ by up to 600 samples.
        samples, report = samples[delay:], ClockReport(uncertain=600 / rate)
    mono, channels, notes = _mono(path, samples, rate, tracks, is_float(subtype))
    return Sound(mono, rate, 0.0, report, channels, resolution(subtype), tuple(notes))


def _mp3_delay(path: Path) -> int:
    """Samples of silence at the start of MP3 in a WAV, which has no place to say so."""
    with path.open("rb") as file:
        head = file.read(36)
    found = head[:4] == b"RIFF" and head[12:16] == b"fmt " and head[20:22] == _MP3.to_bytes(2, "little")
    return encoder_delay("mp3") if found else 0


def _read_sound_track(path: Path, tracks: Tracks) -> Sound:
    blocks: list[Float32] = []
    clock: SoundClock | None = None
    lost = False
    with opened(path) as container:
        # AVI has no time stamps for sound, FFmpeg counts its chunks.
        chunks = container.format.name == "avi"
        if not container.streams.audio:
            raise MediaError(f"{path}: has no sound track.", "Put NAME.wav next to it, or give `audio_dir`.")
        streams = list(container.streams.audio)
        stream, notes = choose_stream(path, streams, "audio", tracks.audio)
        track = f"{streams.index(stream) + 1} of {len(streams)}" if len(streams) > 1 else ""
        # A lossless codec has a resolution of its own; that of a lossy one is not known.
        exact = stream.codec_context.name.startswith(("pcm_", "flac", "alac"))
        sample_format = str(stream.codec_context.format.name) if exact else ""
        announced = announced_end(container, stream)
        for frame in decode_stream(container, stream):
            if frame is None:
                lost = True
                continue
            time = float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else None
            if clock is None:
                clock = SoundClock(frame.sample_rate, float(frame.time_base or 0), chunks)
                resampler = av.AudioResampler(format="fltp", layout=frame.layout, rate=frame.sample_rate)
            clock.add(time, frame.samples, lost)
            blocks.extend(np.asarray(piece.to_ndarray(), np.float32) for piece in resampler.resample(frame))
            lost = False
    if clock is None or not blocks:
        raise MediaError(f"{path}: the sound track holds no sound that could be decoded.", "Export it again.")
    samples = np.concatenate(blocks, axis=1)
    try:
        samples, start, report = clock.follow(samples)
    except ValueError as error:
        raise MediaError(f"{path}: {error}.", "Export the sound as NAME.wav and put it next to the video.") from None
    if chunks and (delay := encoder_delay(stream.codec_context.name)) and not avi_layout(path, stream.index).by_ffmpeg:
        # Others than FFmpeg may have left the encoder's silence where it is.
        report = replace(report, uncertain=max(report.uncertain, delay / clock.rate))
    refuse_short_track(path, announced, start + samples.shape[1] / clock.rate)
    floats = sample_format.startswith(("flt", "dbl"))
    mono, channels, decided = _mono(path, samples.T, clock.rate, tracks, floats)
    return Sound(mono, clock.rate, start, report, channels, resolution(sample_format), (*notes, *decided), track)


def resample(samples: Float32, source: float, target: float) -> Float32:
    """Change the sampling rate with soxr's highest quality; shape (N,) in and out."""
    if source == target:
        return samples
    return np.asarray(soxr.resample(samples, source, target, quality="VHQ"), dtype=np.float32)


def sound_size(path: Path) -> tuple[int, int]:
    """Number of samples and sampling rate of a sound file, without reading it.

    Raises:
        MediaError: when it is missing or damaged.
    """
    try:
        info = soundfile.info(libsndfile_name(path))
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise _unreadable(path, error) from None
    return int(info.frames), int(info.samplerate)


def _unreadable(path: Path, error: Exception) -> MediaError:
    return MediaError(
        f"{path}: cannot be read as a sound file ({str(error).rsplit(':', 1)[-1].strip()}).",
        "It is empty, cut short, or of another kind than its name says; copy or export it again.",
    )


def read_sound_slice(path: Path, start: int, count: int) -> Float32:
    """Samples start .. start + count of a mono sound file, float32; fewer where the file ends.

    Raises:
        MediaError: when the file is missing or damaged.
    """
    try:
        with soundfile.SoundFile(libsndfile_name(path)) as file:
            file.seek(min(start, file.frames))
            return np.asarray(file.read(count, dtype="float32", always_2d=True)[:, 0])
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise MediaError(f"{path}: missing or damaged ({error}).", "Run prepare again; it mends it.") from None


@contextmanager
def sound_writer(path: Path, rate: int) -> Iterator[soundfile.SoundFile]:
    """Open a 16-bit mono wav for writing in pieces; it takes its name only when it is complete.

    Raises:
        UserError: when the disk is full or the folder cannot be written.
    """
    with replacing_name(path) as temporary:
        try:
            with soundfile.SoundFile(libsndfile_name(temporary), "w", rate, 1, subtype="PCM_16", format="WAV") as file:
                yield file
        except soundfile.LibsndfileError as error:
            raise OSError(str(error)) from error


def write_wav(path: Path, samples: Floating, rate: int) -> None:
    """Write mono samples, shape (N,), amplitude -1 to 1, as 16-bit wav in one step.

    Raises:
        MediaError: when a sample is not a number, which would become noise at full scale.
        UserError: when the disk is full or the folder cannot be written.
    """
    if not np.isfinite(samples).all():
        raise MediaError(
            f"{path}: not written, because samples are not numbers (NaN or infinity).",
            "Use another model or an earlier checkpoint: what made the sound has diverged.",
        )
    with sound_writer(path, rate) as file:
        file.write(samples)


def wav_bytes(samples: Floating, rate: int) -> bytes:
    """Mono samples (N,), amplitude -1 to 1, as the content of a 16-bit wav file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def encode_flac(sound: Sound) -> bytes:
    """A sound as FLAC of 16 bits, which every browser reads and which loses nothing; clipped to -1 to 1."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(sound.samples, -1.0, 1.0), sound.rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def write_float_wav(path: Path, samples: Float32, rate: int) -> None:
    """Write mono samples, shape (N,), as 32-bit float wav: read again they are the same.

    Not through libsndfile, because it puts the time of day into float files and equal sounds would have
    different checksums; byte for byte what SciPy writes, which takes half a second to import.
    """
    values = np.ascontiguousarray(samples, "<f4")
    width, total = values.itemsize, _FLOAT_HEADER.size + values.nbytes
    layout = (b"fmt ", 18, _IEEE_FLOAT, 1, rate, rate * width, width, 8 * width, 0, b"fact", 4, len(values))
    with replacing(path) as file:
        file.write(_FLOAT_HEADER.pack(b"RIFF", total - 8, b"WAVE", *layout, b"data", values.nbytes))
        file.write(values.data)
