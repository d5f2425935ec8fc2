"""Recordings made on the spot: videos with a sound track of any codec, offset and frame rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.video import write_video
from talker import speak

Mux = Callable[..., Path]


def write_av(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    rate: Fraction,
    audio: NDArray[np.float32],
    sample_rate: int,
    codec: str = "aac",
    audio_offset: Fraction = Fraction(0),
) -> Path:
    """Write frames (h, w) and mono sound into one container; the sound's time stamps begin at ``audio_offset``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=rate, options={"crf": "8", "bf": "0"})
        video.height, video.width = frames[0].shape
        video.pix_fmt, video.codec_context.time_base = "yuv420p", 1 / rate
        sound = container.add_stream(codec, rate=sample_rate)
        sound.codec_context.layout = "mono"
        packets = []
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="gray")
            frame.pts, frame.time_base = index, 1 / rate
            packets += video.encode(frame)
        packets += video.encode(None)
        whole = av.AudioFrame.from_ndarray(audio[None].astype(np.float32), format="flt", layout="mono")
        whole.sample_rate, whole.time_base = sample_rate, Fraction(1, sample_rate)
        whole.pts = round(audio_offset * sample_rate)
        context = sound.codec_context
        cutter = av.AudioResampler(context.format.name, "mono", sample_rate, frame_size=context.frame_size or 1024)
        for piece in [*cutter.resample(whole), *cutter.resample(None)]:
            packets += sound.encode(piece)
        packets += sound.encode(None)
        for packet in sorted(packets, key=lambda packet: float(packet.dts * packet.time_base)):
            container.mux(packet)
    return path


@pytest.fixture(scope="session")
def mux() -> Mux:
    return write_av


@pytest.fixture(scope="module")
def talk() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Frames (T, 64, 64) at 625/23 per second, and 2.2 s of sound at 20 kHz."""
    recording = speak(2.2, 1, size=64)
    return recording.frames, recording.audio


@pytest.fixture
def folder(tmp_path: Path, talk: tuple[NDArray[np.uint8], NDArray[np.float32]]) -> Path:
    """A folder with that recording, ``a.avi`` and ``a.wav``; may be damaged."""
    write_video(tmp_path / "in" / "a.avi", talk[0], Fraction(625, 23), lossless=True)
    write_wav(tmp_path / "in" / "a.wav", talk[1], 20000)
    return tmp_path / "in"
