from __future__ import annotations

import os
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rtmri2speech.errors import MediaError
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources import folder as module
from rtmri2speech.live.sources.folder import FolderSource

RATE = Fraction(200)


def write(path: Path, value: int) -> None:
    Image.fromarray(np.full((4, 5), value, np.uint8)).save(path)


def taken(source: FolderSource, count: int) -> list[SourceFrame]:
    frames = []
    given_up = after(15, source.close)
    for frame in source.frames(RATE):
        frames.append(frame)
        if len(frames) == count:
            source.close()
    given_up.cancel()
    return frames


def after(seconds: float, work) -> threading.Timer:  # type: ignore[no-untyped-def]
    thread = threading.Timer(seconds, work)
    thread.start()
    return thread


def test_images_come_as_they_appear(tmp_path: Path) -> None:
    write(tmp_path / "scan_0001.png", 1)
    source = FolderSource(tmp_path)
    assert source.open() is None
    assert "1 image(s) from before are passed over" in source.notes[0]

    def fill() -> None:
        for number in (9, 10, 12):
            write(tmp_path / f"scan_{number:04d}.png", number)
            time.sleep(0.02)

    thread = after(0.05, fill)
    found = taken(source, 3)
    thread.join()
    assert [frame.number for frame in found] == [9, 10, 12]
    assert [int(frame.pixels[0, 0]) for frame in found] == [9, 10, 12]
    assert found[0].pixels.shape == (4, 5)


def test_those_from_before_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (8, 9, 10, 11):
        write(tmp_path / f"{number}.bmp", number)
    (tmp_path / "notes.txt").touch()
    source = FolderSource(tmp_path, existing=True)
    source.open()
    began = time.monotonic()
    found = taken(source, 4)
    assert [frame.number for frame in found] == [8, 9, 10, 11]
    assert time.monotonic() - began >= 2.9 / RATE


def test_an_image_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save(whole)
    content, path = whole.read_bytes(), tmp_path / "a1.png"
    whole.unlink()
    source = FolderSource(tmp_path)
    source.open()
    path.write_bytes(content[:1000])
    thread = after(0.1, lambda: path.write_bytes(content))
    (frame,) = taken(source, 1)
    thread.join()
    assert frame.pixels.shape == (64, 64)


def test_an_image_that_stays_broken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_UNFINISHED", 0.05)
    source = FolderSource(tmp_path)
    source.open()
    (tmp_path / "a1.png").write_bytes(b"nothing")
    with pytest.raises(MediaError, match=r"a1\.png: not an image"):
        taken(source, 1)


def test_names_without_a_count_have_no_number(tmp_path: Path) -> None:
    source = FolderSource(tmp_path)
    source.open()
    write(tmp_path / "20261130101500123.png", 3)
    assert taken(source, 1)[0].number is None


def test_those_from_before_are_passed_over_when_their_turn_comes(tmp_path: Path) -> None:
    for number in (3, 4, 5):
        write(tmp_path / f"f_{number:04d}.png", 99)
    source = FolderSource(tmp_path)
    source.open()

    def fill() -> None:
        write(tmp_path / "f_0002.png", 2)
        time.sleep(0.05)
        write(tmp_path / "f_0006.png", 6)

    thread = after(0.05, fill)
    found = taken(source, 2)
    thread.join()
    assert [(frame.number, int(frame.pixels[0, 0])) for frame in found] == [(2, 2), (6, 6)]


def test_an_export_that_begins_anew_over_an_older_one_is_taken(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"f_{number:04d}.png", 99)
        os.utime(tmp_path / f"f_{number:04d}.png", (1e9, 1e9))
    source = FolderSource(tmp_path)
    source.open()

    def fill() -> None:
        for number in range(3):
            write(tmp_path / f"f_{number:04d}.png", number)
            time.sleep(0.02)

    thread = after(0.05, fill)
    found = taken(source, 3)
    thread.join()
    assert [(frame.number, int(frame.pixels[0, 0])) for frame in found] == [(0, 0), (1, 1), (2, 2)]


def test_an_image_whose_time_is_set_afterwards_is_taken_once(tmp_path: Path) -> None:
    source = FolderSource(tmp_path)
    source.open()
    write(tmp_path / "a1.png", 1)

    def copied() -> None:
        os.utime(tmp_path / "a1.png", (1e9, 1e9))
        time.sleep(0.2)
        write(tmp_path / "a7.png", 7)

    thread = after(0.05, copied)
    found = taken(source, 2)
    thread.join()
    assert [frame.number for frame in found] == [1, 7]


def test_no_next_name_is_waited_for_where_names_are_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LIST", 30.0)
    source = FolderSource(tmp_path)
    source.open()
    write(tmp_path / "20261130101500123.png", 3)
    thread = after(0.05, lambda: write(tmp_path / "20261130101500160.png", 4))
    began = time.monotonic()
    assert len(taken(source, 2)) == 2
    thread.join()
    assert time.monotonic() - began < 15
