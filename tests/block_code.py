"""Frames that carry their number, and sound with bursts in the middle of known frames: alignment measured exactly.

A frame is a grid of 4 x 4 blocks: a white one first, then the number in 12 bits, the least first, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.preparation.open_recording import open_recording
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

RATE = Fraction(625, 23)
_TONE = 1500.0
_WIDTH = 0.008
_FORMATS = {"pcm_s16le": "s16", "aac": "fltp", "libmp3lame": "fltp"}


def numbered_frame(number: int, size: int = 64) -> NDArray[np.uint8]:
    """The frame of a number."""
    cells = np.full(16, 40, np.uint8)
    cells[0] = 200
    cells[1:13][[bool(number >> bit & 1) for bit in range(12)]] = 200
    return np.kron(cells.reshape(4, 4), np.ones((size // 4, size // 4))).astype(np.uint8)


def number_of(frame: NDArray[np.integer]) -> int:
    """The number in a frame."""
    rows, columns = (np.arange(4) * side // 4 + side // 8 for side in frame.shape)
    cells = frame[np.ix_(rows, columns)].ravel().astype(float)
    return sum(1 << bit for bit, value in enumerate(cells[1:13]) if value > (cells.min() + cells.max()) / 2)


def bursts(times: Sequence[float], seconds: float, rate: int) -> NDArray[np.float32]:
    """A burst around each time."""
    time = np.arange(round(seconds * rate)) / rate
    near = np.any([np.abs(time - middle) < _WIDTH for middle in times], axis=0)
    sound = 0.5 * np.sin(2 * np.pi * _TONE * time) * near + 1e-3 * np.random.default_rng(0).standard_normal(len(time))
    return sound.astype(np.float32)


def burst_times(samples: NDArray[np.floating], rate: int) -> list[float]:
    """The middle of each burst, seconds."""
    time = np.arange(len(samples)) / rate
    width = round(0.005 * rate)
    level = np.abs(np.convolve(samples * np.exp(-2j * np.pi * _TONE * time), np.ones(width) / width, "same")) ** 2
    loud = np.flatnonzero(level > 0.25 * level.max())
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 0.04 * rate) + 1)
    return [float(((group + 0.5) * level[group]).sum() / level[group].sum() / rate) for group in groups]


def write_numbered(
    path: Path,
    marked: Sequence[int] = (10, 40, 70, 100),
    n_frames: int = 120,
    codec: str = "libx264",
    sound: str = "pcm_s16le",
    rate: int = 16000,
    dropped: Sequence[int] = (),
) -> Path:
    """A video of numbered frames with a burst in the middle of each marked one; dropped ones are not in the file."""
    audio = bursts([float((frame + Fraction(1, 2)) / RATE) for frame in marked], float(n_frames / RATE), rate)
    if sound == "pcm_s16le":
        audio = (audio * 32767).astype(np.int16)  # type: ignore[assignment]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=RATE, options={"bf": "2", "g": "24"} if codec == "libx264" else {})
        video.width = video.height = 64
        video.pix_fmt, video.codec_context.time_base = "yuv420p", 1 / RATE
        track = container.add_stream(sound, rate=rate)
        track.layout = "mono"
        position = 0
        for number in range(n_frames):
            if number not in dropped:
                frame = av.VideoFrame.from_ndarray(numbered_frame(number), format="gray")
                frame.pts, frame.time_base = number, 1 / RATE
                container.mux(video.encode(frame))
            while position < len(audio) and position / rate < (number + 1) / RATE:
                piece = av.AudioFrame.from_ndarray(
                    audio[None, position : position + 480], format=_FORMATS[sound], layout="mono"
                )
                piece.sample_rate, piece.pts, piece.time_base = rate, position, Fraction(1, rate)
                container.mux(track.encode(piece))
                position += 480
        container.mux(video.encode(None))
        container.mux(track.encode(None))
    return path


def bursts_in_frames(path: Path) -> list[tuple[int, float]]:
    """For each burst of a prepared recording, the number of the frame that is shown then and the place in it."""
    features = FeatureConfig()
    (recording,) = FolderCorpus((path,)).recordings()
    opened = open_recording(recording, features, FrameConfig(), on_mismatch="trim")
    scan, found = opened.clip.scan, []
    edges = np.append(scan.starts, scan.end)
    numbers = [number_of(frame) for frame in scan.read()]
    for time in burst_times(opened.samples, features.sample_rate):
        moment = opened.clip.start + opened.first * features.hop_length / features.sample_rate + time
        place = int(np.searchsorted(edges, moment, side="right")) - 1
        found.append((numbers[place], float((moment - edges[place]) / (edges[place + 1] - edges[place]))))
    return found


def assert_in_the_middle(path: Path, marked: Sequence[int], within: float = 0.25) -> None:
    """Every burst is in the middle of its frame, to a quarter of one."""
    found = bursts_in_frames(path)
    assert [number for number, _ in found] == list(marked), found
    assert all(abs(place - 0.5) < within for _, place in found), found
