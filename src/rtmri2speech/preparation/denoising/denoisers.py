"""What takes the noise off a sound, by the name that the user gives."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.corpora.base import AnyRecording, Recording
from rtmri2speech.data.media.audio import Sound, read_sound, write_wav
from rtmri2speech.errors import ConfigError, MediaError, UserError
from rtmri2speech.preparation.denoising.delay import LARGEST, delay_of
from rtmri2speech.preparation.findings import Finding
from rtmri2speech.programs import run_program, words_of
from rtmri2speech.signal.noise.pauses import Pauses, measure_pauses
from rtmri2speech.signal.noise.spectral_gate import reduce_steady_noise
from rtmri2speech.signal.sound_content import loudest_sample

NONE = "none"
"""Nothing is taken off: the sound as it was recorded."""

_SPECTRAL, _COMMAND = "spectral", "command"
_PLACES = ("{in}", "{out}")
_CHOICES = f"Choose {NONE}, {_SPECTRAL} or {_COMMAND}:COMMAND, such as {_COMMAND}:'denoise {{in}} {{out}}'."
_TRY = "Try the command on one wav file in a terminal: it has to write a wav file and end with 0."
# Programs that work in blocks leave out what does not fill the last one, or fill it up.
_LENGTH_TOLERANCE = 0.05
# Samples below this, of a sound that was louder, are silence.
_SILENT = 1e-6
# Seconds; of three clips of 1.6 to 2.8 s without a pause speech was lost (benchmarks/denoise.py).
_SHORT = 3.0
# Delay in seconds that is worth a word: half of a frame of the fastest scans.
_LATE = 0.005


@dataclass(frozen=True)
class Denoised:
    """A sound without noise.

    Attributes:
        sound: of the rate and length that it had, and in step with the frames as before.
        findings: what is to be said of it.
        pauses: of the sound before.
        delay: seconds by which a program has made the sound late.
    """

    sound: Sound
    findings: list[Finding]
    pauses: Pauses
    delay: float


def denoiser_name(text: str | None) -> str:
    """The name of what takes noise off, checked: ``none``, ``spectral`` or ``command:COMMAND``.

    Args:
        text: what the user wrote; None is ``none``.

    Raises:
        ConfigError: when there is no such thing, or a command is missing.
    """
    if text is None:
        return NONE
    kind, _, line = text.strip().partition(":")
    if kind not in (NONE, _SPECTRAL, _COMMAND):
        raise ConfigError(f"`denoise={text}`: is none of those that there are.", _CHOICES)
    if (kind == _COMMAND) != bool(line.strip()):
        problem = "needs its command" if kind == _COMMAND else "takes nothing after its name"
        raise ConfigError(f"`denoise={text}`: {problem}.", _CHOICES)
    if kind == _COMMAND:
        try:
            words = words_of(line)
        except ValueError as error:
            raise ConfigError(f"`denoise={text}`: {str(error).lower()}.", "Close what was opened.") from None
        given = [place for place in _PLACES if any(place in word for word in words)]
        if len(given) == 1:
            raise ConfigError(
                f"`denoise={text}`: has a place for {given[0]} alone.",
                "Write both {in} and {out}, or neither: then the two files follow at the end.",
            )
    return text.strip()


def denoised(recording: AnyRecording, sound: Sound, denoiser: str, span: tuple[float, float] | None = None) -> Denoised:
    """Take noise off the sound of a recording.

    Args:
        recording: whose sound it is.
        sound: at its own rate.
        denoiser: as :func:`denoiser_name` gives it, not ``none``.
        span: first and last second of the sound that belong to the frames, during which the scanner is running; None
            for all. The rest stays as it is.

    Raises:
        MediaError: when a program gives no sound, a silent one, or one of another rate or length.
        UserError: when a program cannot be run, or fails.
    """
    path = _file_of(recording)
    first, last = (0, len(sound.samples)) if span is None else _samples_of(span, sound)
    part = sound.samples[first:last]
    kind, _, line = denoiser.partition(":")
    made = reduce_steady_noise(part, sound.rate) if kind == _SPECTRAL else _run(path, part, sound.rate, line)
    pauses = measure_pauses(part, sound.rate)
    findings = [*_twice(recording, path, pauses), *_short(path, len(part) / sound.rate, kind)]
    delay = delay_of(part, made, sound.rate) if kind == _COMMAND else 0.0
    if abs(delay) > _LATE:
        what = "late" if delay > 0 else "early"
        problem = (
            f"`denoise`: the program makes the sound {abs(delay):.3f} s {what}, and so out of step with the frames"
        )
        remedy = (
            "Let it make up for its delay (many have an option for that), or for all recordings alike: "
            f"`sync_offset={_offset(recording) + delay:.3f}`"
        )
        findings.append(Finding(str(path), "warning", problem, remedy))
    samples = sound.samples.copy()
    samples[first:last] = made
    return Denoised(replace(sound, samples=samples), findings, pauses, delay)


def denoised_before(recording: AnyRecording, pauses: Pauses) -> str:
    """Why noise seems to have been taken off already; empty where nothing says so.

    Args:
        recording: whose corpus may know.
        pauses: of its sound.
    """
    if isinstance(recording, Recording) and recording.denoised:
        return "its corpus delivers it so"
    return pauses.in_words


def _twice(recording: AnyRecording, path: Path, pauses: Pauses) -> list[Finding]:
    why = denoised_before(recording, pauses)
    if not why:
        return []
    problem = f"`denoise`: noise seems to have been taken off this sound before ({why})"
    remedy = "Twice takes speech away too: leave `denoise` out, or see what it does with `check`."
    return [Finding(str(path), "note", problem, remedy, decision=True)]


def _short(path: Path, seconds: float, kind: str) -> list[Finding]:
    if kind != _SPECTRAL or seconds >= _SHORT:
        return []
    problem = f"`denoise`: {seconds:.1f} s are short: without a pause, what is taken for steady noise is speech in part"
    remedy = "Give the whole recording rather than a sentence of it, or leave `denoise` out."
    return [Finding(str(path), "note", problem, remedy, decision=True)]


def _run(path: Path, samples: Float32, rate: int, line: str) -> Float32:
    """A wav file of 16 bits through a program, and back."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.wav", Path(folder) / "out.wav"
        write_wav(given, np.clip(samples, -1.0, 1.0), rate)
        files = dict(zip(_PLACES, (str(given), str(made)), strict=True))
        words = words_of(line, *_PLACES)
        for place, file in files.items():
            words = [word.replace(place, file) for word in words]
        try:
            run_program(words, "denoise", _TRY)
        except UserError as error:
            raise MediaError(f"{path}: `denoise`: {error.problem}", error.remedy) from None
        if not made.is_file():
            raise MediaError(f"{path}: `denoise`: {words[0]} has written no sound to {{out}}.", _TRY)
        try:
            sound = read_sound(made)
        except MediaError as error:
            said = error.problem.removeprefix(f"{made}: ")
            raise MediaError(f"{path}: `denoise`: what {words[0]} has written: {said}", _TRY) from None
    return _fitting(path, words[0], sound, samples, rate)


def _fitting(path: Path, program: str, sound: Sound, samples: Float32, rate: int) -> Float32:
    start = f"{path}: `denoise`: {program} was given"
    if sound.rate != rate:
        raise MediaError(
            f"{start} {rate} Hz and has written {sound.rate} Hz.",
            "Let it keep the sampling rate, or put a resampling before and after it.",
        )
    gap = len(sound.samples) - len(samples)
    if abs(gap) > _LENGTH_TOLERANCE * rate:
        raise MediaError(
            f"{start} {len(samples) / rate:.3f} s and has written {len(sound.samples) / rate:.3f} s.",
            "It must neither cut nor stretch: frames and sound would no longer be in step.",
        )
    if loudest_sample(samples) > _SILENT >= loudest_sample(sound.samples):
        raise MediaError(f"{start} sound and has written silence.", "Listen to what it makes of this recording.")
    return np.pad(sound.samples, (0, max(0, -gap)))[: len(samples)]


def part_of(sound: Sound, span: tuple[float, float] | None) -> Float32:
    """The samples of a sound that :func:`denoised` works on.

    Args:
        sound: at its own rate.
        span: seconds that belong to the frames; None for all.
    """
    first, last = (0, len(sound.samples)) if span is None else _samples_of(span, sound)
    return sound.samples[first:last]


def _samples_of(span: tuple[float, float], sound: Sound) -> tuple[int, int]:
    first, last = (min(len(sound.samples), max(0, round(second * sound.rate))) for second in span)
    # Something must be left to measure; what does not overlap is refused elsewhere.
    return (first, last) if last - first > LARGEST * sound.rate else (0, len(sound.samples))


def _offset(recording: AnyRecording) -> float:
    return recording.sync_offset if isinstance(recording, Recording) else 0.0


def _file_of(recording: AnyRecording) -> Path:
    return recording.audio or recording.file
