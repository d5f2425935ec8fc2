"""Pipes, videos, cameras, and which source is meant."""

from __future__ import annotations

import itertools
import json
import os
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import MediaError
from rtmri2speech.live.sources.choose import choose_source
from rtmri2speech.live.sources.folder import FolderSource
from rtmri2speech.live.sources.pipe import PipeSource
from rtmri2speech.live.sources.tcp import TcpSource
from rtmri2speech.live.sources.video import CameraSource, VideoSource

LINE = json.dumps({"width": 4, "height": 3, "fps": 500}).encode() + b"\n"


def test_a_file_of_raw_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(LINE + bytes(36))
    source = choose_source(str(path))
    assert source.open() == 500
    assert len(list(source.frames(Fraction(500)))) == 3
    source.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of files are POSIX")
def test_a_named_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=lambda: pipe.write_bytes(LINE + bytes(range(24))))
    thread.start()
    source = choose_source(str(pipe))
    assert isinstance(source, PipeSource) and source.open() == 500
    assert [int(frame.pixels[0, 0]) for frame in source.frames(Fraction(500))] == [0, 12]
    thread.join()
    source.close()


def test_a_video_at_its_own_rate(tmp_path: Path) -> None:
    path, rng = tmp_path / "a.avi", np.random.default_rng(0)
    frames = rng.integers(0, 255, (10, 32, 32), np.uint8)
    write_video(path, iter(frames), Fraction(50), lossless=True)
    source = choose_source(str(path))
    assert isinstance(source, VideoSource) and source.open() == 50
    found = list(source.frames(Fraction(50)))
    np.testing.assert_array_equal([frame.pixels for frame in found], frames)
    assert [frame.number for frame in found] == list(range(10))
    assert found[-1].arrived - found[0].arrived >= 8.9 / 50


def test_a_video_that_never_changes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    write_video(path, itertools.repeat(np.zeros((16, 16), np.uint8), 5), Fraction(25), lossless=True)
    with pytest.raises(MediaError, match="all frames are the same"):
        VideoSource(path).open()


def test_a_camera_gives_gray_frames() -> None:
    # FFmpeg's drawn camera.
    source = CameraSource("testsrc=size=64x48:rate=25", "lavfi")
    assert source.open() is None
    frames = [frame for frame, _ in zip(source.frames(Fraction(25)), range(4), strict=False)]
    assert [frame.pixels.shape for frame in frames] == [(48, 64)] * 4
    assert frames[0].number is None and frames[0].pixels.std() > 10


def test_a_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(MediaError, match="camera /dev/nothing: cannot be read"):
        next(CameraSource("/dev/nothing", "lavfi").frames(Fraction(25)))


def test_which_source_is_meant(tmp_path: Path) -> None:
    assert isinstance(choose_source(str(tmp_path)), FolderSource)
    assert isinstance(choose_source("-"), PipeSource)
    assert choose_source("camera:/dev/video3").name == "camera /dev/video3"
    tcp = choose_source("tcp://127.0.0.1:0")
    assert isinstance(tcp, TcpSource)
    tcp.close()
    with pytest.raises(MediaError, match="no such file"):
        choose_source(str(tmp_path / "a.mp4"))
