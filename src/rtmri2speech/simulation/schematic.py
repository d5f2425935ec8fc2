"""A schematic talker: drawn video of a vocal tract with the sound that belongs to it.

Five vowels in random order, with pauses, an F0 that moves the larynx, and formants that are a function of
the picture. For the demo and for tests; it claims no more physics than that, and is no model of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.media import write_video
from rtmri2speech.data.sound import write_wav
from rtmri2speech.data.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import UserError
from rtmri2speech.simulation.drawing import Drawing
from rtmri2speech.simulation.poses import POSES, VOWELS, formants_of
from rtmri2speech.simulation.voice import vocalise

FRAME_RATE = Fraction(625, 23)
"""Frames a second of the ATR-503 recordings."""

SAMPLE_RATE = 20_000
"""Samples a second of the ATR-503 recordings: 736 a frame."""

_NAMES = list(POSES)
_REST = _NAMES.index("rest")
# Time in which one pose gives way to the next, seconds.
_MOVEMENT = 0.13
_VOWEL_SECONDS = (0.17, 0.34)
_PAUSE_SECONDS = (0.28, 0.50)
_PHRASE_VOWELS = (3, 8)
# Share of another vowel mixed into a target at most: no two /a/ are the same.
_MOST_BLUR = 0.18
_BASE_F0 = 105.0


@dataclass(frozen=True)
class Recording:
    """What the talker said, in pictures, in sound and in truth.

    Attributes:
        frames: shape (T, H, W), uint8.
        audio: shape (N,), float32, amplitude within -1 to 1; N = T * sample_rate / frame_rate, rounded.
        formants: shape (T, 2), F1 and F2 in Hz at the centres of the frames (the rest pose's in pauses).
        f0: shape (T,), Hz at the centres of the frames; 0 where there is no voice.
        labels: (start, end, vowel) in seconds, in order; pauses are the gaps between them.
        frame_rate: frames a second.
        sample_rate: samples a second.
    """

    frames: NDArray[np.uint8]
    audio: NDArray[np.float32]
    formants: NDArray[np.float64]
    f0: NDArray[np.float64]
    labels: list[tuple[float, float, str]]
    frame_rate: Fraction
    sample_rate: int


@dataclass(frozen=True)
class _Score:
    """What is to be said: target j holds from boundary j to boundary j + 1."""

    boundaries: NDArray[np.float64]  # (J + 1,), seconds; the first and the last lie beyond the recording
    targets: NDArray[np.float64]  # (J, 6), weights of the poses
    names: list[str]  # (J,)
    accents: NDArray[np.float64]  # (K, 3): centre and half width in seconds, height in octaves

    def weights(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of the poses, shape (n, 6): the steps from target to target, smoothed by a raised cosine."""
        result = np.tile(self.targets[0], (len(times), 1))
        for boundary, change in zip(self.boundaries[1:-1], np.diff(self.targets, axis=0), strict=True):
            place = np.clip((times - boundary) / _MOVEMENT, -0.5, 0.5)
            result += (0.5 + place + np.sin(2 * np.pi * place) / (2 * np.pi))[:, None] * change
        return result

    def f0(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """F0 in Hz, shape (n,), also in pauses, where it is what the larynx rests at."""
        octaves = np.zeros(len(times))
        for centre, half_width, height in self.accents:
            place = np.clip((times - centre) / half_width, -1.0, 1.0)
            octaves += height * 0.5 * (1.0 + np.cos(np.pi * place))
        return np.asarray(_BASE_F0 * np.exp2(octaves), dtype=np.float64)


def loudness_of(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 to 1, shape (...) for weights (..., 6): the voice sets in while the mouth leaves its rest."""
    ramp = np.clip((1.0 - weights[..., _REST] - 0.3) / 0.5, 0.0, 1.0)
    return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp), dtype=np.float64)


def speak(
    seconds: float,
    seed: int,
    frame_rate: Fraction = FRAME_RATE,
    sample_rate: int = SAMPLE_RATE,
    size: int = 256,
) -> Recording:
    """Let the talker say something; the same arguments give the same recording.

    The picture is drawn for the centre of each frame. The seed changes what is said, never who says it.

    Args:
        seconds: length; rounded to whole frames.
        seed: of what is said and of the noise.
        frame_rate: frames a second.
        sample_rate: samples a second.
        size: height and width of the frames in pixels, even (video formats want it so).

    Raises:
        UserError: for a length below one second or a size that is odd or below 16.
    """
    if seconds < 1.0:
        raise UserError(f"The talker needs time to say something: {seconds:g} s.", "Ask for 1 s or more.")
    if size < 16 or size % 2:
        raise UserError(f"Frames of {size} x {size} pixels cannot be drawn.", "Give an even size of 16 or more.")
    rng = np.random.default_rng(seed)
    count = round(seconds * frame_rate)
    duration = float(count / frame_rate)
    score = _compose(duration, rng)
    times = (np.arange(count, dtype=np.float64) + 0.5) / float(frame_rate)
    weights, larynx = score.weights(times), score.f0(times)
    drawing = _drawing(size)
    frames = np.stack([drawing.frame(w, float(f), rng) for w, f in zip(weights, larynx, strict=True)])

    sample_times = np.arange(round(count * sample_rate / frame_rate), dtype=np.float64) / sample_rate
    at_samples = score.weights(sample_times)
    audio = vocalise(formants_of(at_samples), score.f0(sample_times), loudness_of(at_samples), sample_rate, rng)
    labels = [
        (float(start), float(end), name)
        for start, end, name in zip(score.boundaries[:-1], score.boundaries[1:], score.names, strict=True)
        if name != "rest"
    ]
    voiced = np.where(loudness_of(weights) > 0, larynx, 0.0)
    return Recording(frames, audio, formants_of(weights), voiced, labels, frame_rate, sample_rate)


@lru_cache(maxsize=2)
def _drawing(size: int) -> Drawing:
    return Drawing(size)


def _compose(duration: float, rng: np.random.Generator) -> _Score:
    """Phrases of vowels between pauses, beginning and ending with one."""
    boundaries, names, accents = [-1.0], ["rest"], []
    time = float(rng.uniform(0.18, 0.28))
    # Bags of all five, so that every vowel comes up soon.
    bag: list[str] = []
    while True:
        start = time
        for _ in range(int(rng.integers(*_PHRASE_VOWELS, endpoint=True))):
            length = float(rng.uniform(*_VOWEL_SECONDS))
            if time + length > duration - 0.18:
                break
            bag = bag or [str(name) for name in rng.permutation(list(VOWELS))]
            names.append(bag.pop(-2 if len(bag) > 1 and bag[-1] == names[-1] else -1))
            boundaries.append(time)
            time += length
            # Width and height: an accent a vowel, one in three of them high.
            accents.append((time - length / 2, float(rng.uniform(0.15, 0.35)), float(rng.choice([0.1, 0.25, 0.55]))))
        if time > start:
            # The phrase begins higher than it ends.
            accents.append((start, time - start, float(rng.uniform(0.1, 0.3))))
            names.append("rest")
            boundaries.append(time)
            time += float(rng.uniform(*_PAUSE_SECONDS))
        if time + _VOWEL_SECONDS[1] > duration - 0.18:
            break
    targets = np.stack([_target(name, rng) for name in names])
    return _Score(np.array([*boundaries, duration + 1.0]), targets, names, np.array(accents).reshape(-1, 3))


def _target(name: str, rng: np.random.Generator) -> NDArray[np.float64]:
    weights = np.zeros(len(_NAMES))
    blur = 0.0 if name == "rest" else float(rng.uniform(0.0, _MOST_BLUR))
    weights[_NAMES.index(name)] += 1.0 - blur
    weights[int(rng.integers(len(VOWELS)))] += blur
    return weights


def write_recording(recording: Recording, folder: Path, name: str, *, wav: bool = True, textgrid: bool = False) -> Path:
    """Write ``<name>.mp4`` and beside it, if asked for, ``<name>.wav`` and ``<name>.TextGrid``.

    Args:
        recording: what to write.
        folder: made when it does not exist.
        name: of the files, without ending.
        wav: write the sound.
        textgrid: write the vowels as tier ``phones``.

    Returns:
        The path of the video.

    Raises:
        UserError: when a file cannot be written.
    """
    video = folder / f"{name}.mp4"
    write_video(video, recording.frames, recording.frame_rate)
    if wav:
        write_wav(folder / f"{name}.wav", recording.audio, recording.sample_rate)
    if textgrid:
        end = float(len(recording.frames) / recording.frame_rate)
        with replacing_name(folder / f"{name}.TextGrid") as temporary:
            write_textgrid(interval_grid({"phones": recording.labels}, end), temporary)
    return video
