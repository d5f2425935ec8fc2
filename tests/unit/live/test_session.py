"""Whole live runs, on tiny models."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rtmri2speech.arrays import Float32
from rtmri2speech.errors import ConfigError, MediaError, UserError
from rtmri2speech.inference.model import Model
from rtmri2speech.live import arrivals, session
from rtmri2speech.live.encoding import Encoder
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.report import Ending
from rtmri2speech.live.session import LiveOptions, require_live, speak_live
from rtmri2speech.live.sources.folder import FolderSource
from rtmri2speech.live.sources.tcp import TcpSource
from rtmri2speech.live.sources.video import VideoSource
from rtmri2speech.live.streaming.speech import StreamOptions
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.frames import FrameConfig

RATE = Fraction(11413, 420)
HOP = 420
EVERYTHING = StreamOptions(look_ahead=400, vocoder_look_ahead=12, context=12)


@pytest.fixture(scope="module")
def model(make_bundle: Callable[..., Bundle]) -> Model:
    return Model(make_bundle())


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the computer is, no frame is late and none is skipped."""
    monkeypatch.setattr(arrivals, "_PATIENCE", 30.0)
    monkeypatch.setattr(session, "_MOST_WAITING", 1000)


class Kept:
    """A sink that keeps the sound."""

    name = "kept"

    def __init__(self) -> None:
        self.pieces: list[Float32] = []
        self.closed = False

    def write(self, wave: Float32) -> None:
        self.pieces.append(wave)

    def waiting(self) -> float:
        return 0.5

    def close(self) -> list[str]:
        self.closed = True
        return ["kept: closed"]

    @property
    def wave(self) -> Float32:
        return np.concatenate(self.pieces)


class Given:
    """A source that gives what it is told to; a number waits so many seconds."""

    name = "given"

    def __init__(self, *items: SourceFrame | float | Exception, rate: Fraction | None = RATE) -> None:
        self.items, self.rate = items, rate
        self.notes: list[str] = []
        self.closed = threading.Event()

    def open(self) -> Fraction | None:
        return self.rate

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            if isinstance(item, float):
                self.closed.wait(item)
            else:
                yield dataclasses.replace(item, arrived=time.monotonic())

    def close(self) -> None:
        self.closed.set()


def frames(count: int, numbers: list[int] | None = None, size: int = 32) -> list[SourceFrame]:
    pixels = np.random.default_rng(0).integers(0, 255, (count, size, size), np.uint8)
    given = numbers or [None] * count
    return [SourceFrame(one, number, 0.0) for one, number in zip(pixels, given, strict=True)]


def test_a_video_sounds_as_offline_where_the_look_ahead_covers_everything(
    model: Model, talker: Path, patient: None
) -> None:
    sink = Kept()
    report = speak_live(model, VideoSource(talker), [sink], LiveOptions(EVERYTHING))
    wanted = model.synthesize(talker).wave
    np.testing.assert_allclose(sink.wave, wanted, atol=1e-4)
    assert report.ending is Ending.FINISHED and sink.closed
    assert report.received == report.frames == len(wanted) // HOP
    assert report.bridged == report.left_out == 0
    assert report.seconds == pytest.approx(len(wanted) / 11413)
    # What waits in a sink is part of the latency.
    assert report.latency() > 0.5 and "kept: closed" in report.notes


def test_another_rate_is_laid_on_the_clock(model: Model, fast_talker: Path, patient: None) -> None:
    sink = Kept()
    report = speak_live(model, VideoSource(fast_talker), [sink], LiveOptions(EVERYTHING))
    wanted = model.synthesize(fast_talker).wave
    assert report.rate == pytest.approx(83.28, abs=0.01) and len(sink.wave) == len(wanted)
    # Means of three frames are rounded to gray values: rarely one differs by 1 of 255.
    np.testing.assert_allclose(sink.wave, wanted, atol=0.02)


def test_the_recordings_own_gray_levels_are_found(
    make_bundle: Callable[..., Bundle], talker: Path, patient: None
) -> None:
    model, sink = Model(make_bundle(frames=FrameConfig(size=32, mode="robust"))), Kept()
    given = model.open(talker).limits
    assert given is not None
    report = speak_live(model, VideoSource(talker), [sink], LiveOptions(EVERYTHING, levels=given))
    np.testing.assert_allclose(sink.wave, model.synthesize(talker).wave, atol=1e-4)
    assert report.limits == given
    found = speak_live(model, VideoSource(talker), [Kept()], LiveOptions(level_seconds=1.0)).limits
    assert found is not None and abs(found[0] - given[0]) < 10 and abs(found[1] - given[1]) < 10


def test_frames_over_a_socket(model: Model, patient: None) -> None:
    given, sink, source = frames(12), Kept(), TcpSource("127.0.0.1", 0)
    line = json.dumps({"width": 32, "height": 32, "fps": "11413/420", "numbers": True}).encode() + b"\n"

    def send() -> None:
        with socket.create_connection(("127.0.0.1", source.port)) as connection:
            connection.sendall(line)
            for number, frame in enumerate(given):
                if number not in (4, 5):
                    connection.sendall(number.to_bytes(8, "little") + frame.pixels.tobytes())

    sender = threading.Thread(target=send)
    sender.start()
    said: list[str] = []
    report = speak_live(model, source, [sink], say=said.append)
    sender.join()
    assert (report.received, report.lost, report.frames) == (10, 2, 12)
    assert len(sink.wave) == 12 * HOP
    assert said[0] == f"waiting for tcp://127.0.0.1:{source.port}"
    assert said[1] == "27.17 frames per second, look-ahead 258 ms"


def test_a_computer_that_would_not_keep_up_makes_more_at_once(
    model: Model, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Encoder, "seconds_per_frame", lambda self: 1.0)
    said: list[str] = []
    speak_live(model, Given(*frames(3)), [Kept()], say=said.append)
    assert said[1].endswith("look-ahead 368 ms")
    assert said[2].startswith("6 frames are made sound at once: ")


def test_a_folder_that_fills_and_then_stalls(model: Model, tmp_path: Path, patient: None) -> None:
    sink = Kept()

    def fill() -> None:
        for number, frame in enumerate(frames(6)):
            Image.fromarray(frame.pixels).save(tmp_path / f"{number:03d}.png")
            time.sleep(0.03)

    filler = threading.Timer(0.3, fill)
    filler.start()
    began = time.monotonic()
    report = speak_live(model, FolderSource(tmp_path), [sink], LiveOptions(stall=0.6))
    filler.join()
    assert report.ending is Ending.STALLED and report.received == 6
    assert len(sink.wave) == 6 * HOP
    assert time.monotonic() - began < 10
    assert "27.17 are taken" in report.notes[0]


def test_late_frames_are_held_and_the_sound_goes_on(model: Model) -> None:
    sink = Kept()
    report = speak_live(model, Given(*frames(3), 0.6, *frames(1)), [sink])
    assert report.ending is Ending.FINISHED and report.received == 4
    assert report.late >= 8
    assert report.frames == report.received - report.left_out + report.late
    assert len(sink.wave) == report.frames * HOP


def test_a_computer_that_is_behind_skips_frames(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_PATIENCE", 30.0)
    monkeypatch.setattr(Kept, "write", lambda self, wave: (time.sleep(0.2), self.pieces.append(wave)))
    sink = Kept()
    report = speak_live(model, Given(*frames(40)), [sink])
    assert report.skipped >= 20
    # Beyond some frames the sound itself is cut, so that it comes no later and later.
    assert report.frames < 40


def test_frames_of_another_size_end_the_run_and_the_sound_is_kept(model: Model, patient: None) -> None:
    sink = Kept()
    with pytest.raises(
        MediaError, match="Frame 5 has 16 x 16 pixels of 8 bits, those before it 32 x 32 pixels of 8 bits"
    ):
        speak_live(model, Given(*frames(4), *frames(1, size=16)), [sink])
    assert sink.closed and len(sink.wave) == 4 * HOP


def test_frames_of_another_depth_end_the_run(make_bundle: Callable[..., Bundle], patient: None) -> None:
    model = Model(make_bundle(frames=FrameConfig(size=32, mode="robust")))
    deeper = [dataclasses.replace(frame, pixels=frame.pixels.astype(np.uint16) << 8) for frame in frames(1)]
    with pytest.raises(MediaError, match="Frame 5 has 32 x 32 pixels of 16 bits, those before it 32 x 32 pixels of 8"):
        speak_live(model, Given(*frames(4), *deeper), [Kept()])


def test_a_source_whose_frames_all_come_too_late_has_not_stalled(model: Model) -> None:
    slow = [item for frame in frames(8, [0, 1, 2, 0, 1, 0, 1, 9]) for item in (frame, 0.15)]
    report = speak_live(model, Given(*slow, rate=Fraction(8)), [Kept()], LiveOptions(stall=0.6))
    assert report.ending is Ending.FINISHED and report.received == 8


def test_frames_that_come_faster_than_was_said_are_told(model: Model, patient: None) -> None:
    fast = [item for frame in frames(30) for item in (frame, 0.02)]
    report = speak_live(model, Given(*fast, rate=Fraction(8)), [Kept()])
    (note,) = [note for note in report.notes if note.startswith("frames came at")]
    assert "not at 8.00" in note and "the speech is slowed down" in note
    even = speak_live(model, Given(*fast, rate=Fraction(45)), [Kept()])
    assert not [note for note in even.notes if note.startswith("frames came at")]


def test_no_frame_at_all_is_said(model: Model) -> None:
    with pytest.raises(MediaError, match=r"given: no frame has come in 0\.1 s"):
        speak_live(model, Given(30.0), [Kept()], LiveOptions(wait=0.1))
    with pytest.raises(MediaError, match="given: ended without a frame"):
        speak_live(model, Given(), [Kept()])


def test_what_a_source_or_a_sink_raises_comes_through(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MediaError, match="torn"):
        speak_live(model, Given(*frames(3), MediaError("torn", "mend")), [Kept()])

    def full(self: Kept, wave: Float32) -> None:
        raise UserError("full", "empty it")

    monkeypatch.setattr(Kept, "write", full)
    sink = Kept()
    with pytest.raises(UserError, match="full"):
        speak_live(model, Given(*frames(20)), [sink])
    assert sink.closed


def test_ctrl_c_ends_it_with_a_report(model: Model, monkeypatch: pytest.MonkeyPatch, patient: None) -> None:
    push, count = session._Run._push, iter(range(100))

    def interrupted(self: session._Run, slot: object) -> None:
        if next(count) == 8:
            raise KeyboardInterrupt
        push(self, slot)  # type: ignore[arg-type]

    monkeypatch.setattr(session._Run, "_push", interrupted)
    sink = Kept()
    report = speak_live(model, Given(*frames(20)), [sink])
    assert report.ending is Ending.STOPPED and len(sink.wave) == 8 * HOP
    assert report.lines()[0].startswith("stopped: 9 frames")


def test_a_model_of_tracts_is_refused(model: Model) -> None:
    class Tracts:
        class bundle:
            tract, source = object(), "strangers"

    with pytest.raises(UserError, match="strangers: reads a measured tract"):
        require_live(Tracts())  # type: ignore[arg-type]
    require_live(model)


def test_options_out_of_range_are_refused() -> None:
    for given in ({"stall": 0.0}, {"wait": float("inf")}, {"level_seconds": -1.0}, {"fps": "x"}, {"levels": (5, 5)}):
        with pytest.raises(ConfigError, match=f"`{next(iter(given))}="):
            LiveOptions(**given)  # type: ignore[arg-type]
