from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.live.sinks.choose import choose_sink, choose_sinks
from rtmri2speech.live.sinks.files import WavSink
from rtmri2speech.live.sinks.speaker import SpeakerSink

RATE = 8000


def test_a_wav_file_is_complete_when_it_has_its_name(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.wav"
    sink = choose_sink(str(path), RATE)
    wave = np.linspace(-0.5, 0.5, 100, dtype=np.float32)
    sink.write(wave)
    sink.write(wave)
    assert not path.exists() and sink.waiting() == 0
    assert sink.close() == []
    found, rate = soundfile.read(path)
    assert rate == RATE
    np.testing.assert_allclose(found, np.concatenate([wave, wave]), atol=1e-4)


def test_of_a_disk_that_fills_the_sound_so_far_is_kept(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits of a file's size are POSIX")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sink = WavSink(tmp_path / "a.wav", RATE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
        with pytest.raises(UserError, match=r"a\.wav: cannot be written \(.*\).*\n?.*Free some space"):
            for _ in range(8):
                sink.write(np.full(4000, 0.5, np.float32))
        sink.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert soundfile.info(tmp_path / "a.wav").frames > 12000


def test_without_sound_there_is_no_file(tmp_path: Path) -> None:
    WavSink(tmp_path / "a.wav", RATE).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of files are POSIX")
def test_a_named_pipe_gets_16_bits(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    sink = choose_sink(str(pipe), RATE)
    sink.write(np.array([-1.0, 0.0, 0.5, 1.0], np.float32))
    sink.close()
    reader.join()
    assert np.frombuffer(got[0], "<i2").tolist() == [-32767, 0, 16384, 32767]


def test_what_is_no_sink_is_refused_and_others_are_closed(tmp_path: Path) -> None:
    for text in ("a.mp3", "loud", "a.wav/"):
        with pytest.raises(ConfigError, match="no place for sound"):
            choose_sinks([str(tmp_path / "b.wav"), text.replace("a.wav/", "folder")], RATE)
    (tmp_path / "b.wav").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        choose_sink(str(tmp_path / "b.wav"), RATE)


class PortAudioError(Exception):
    pass


class Stream:
    """A device that plays when it is asked to."""

    latency = 0.02

    def __init__(self, callback: Any, samplerate: int, **_: Any) -> None:
        self.callback, self.rate, self.open = callback, samplerate, True

    def start(self) -> None: ...

    def close(self) -> None:
        self.open = False

    def play(self, count: int) -> np.ndarray:
        out = np.full((count, 1), 9.0, np.float32)
        self.callback(out, count, None, None)
        return out[:, 0]


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    def check_output_settings(samplerate: int, **_: Any) -> None:
        if samplerate not in device.takes:
            raise PortAudioError

    device = SimpleNamespace(
        takes=[RATE, 48000],
        OutputStream=Stream,
        PortAudioError=PortAudioError,
        check_output_settings=check_output_settings,
        query_devices=lambda kind: {"default_samplerate": 48000.0},
        sleep=lambda milliseconds: None,
    )
    monkeypatch.setitem(sys.modules, "sounddevice", device)  # type: ignore[arg-type]
    return device


def test_a_loudspeaker_plays_what_has_come_and_counts_interruptions(device: SimpleNamespace) -> None:
    sink = SpeakerSink(RATE)
    stream: Stream = sink._stream
    assert not stream.play(10).any()  # nothing has come yet: no interruption
    sink.write(np.ones(100, np.float32))
    assert sink.waiting() == pytest.approx(100 / RATE + 0.02)
    assert stream.play(60).tolist() == [1.0] * 60
    assert stream.play(60).tolist() == [1.0] * 40 + [0.0] * 20
    assert not stream.play(60).any()  # the same interruption
    sink.write(np.ones(10, np.float32))
    assert stream.play(10).all()
    assert sink.close() == ["loudspeaker: interrupted 1 time(s), because the next sound was late"]
    assert not stream.open


def test_a_loudspeaker_of_another_rate_gets_resampled_sound(device: SimpleNamespace) -> None:
    device.takes = [48000]
    sink = SpeakerSink(RATE)
    for _ in range(10):
        sink.write(np.sin(np.arange(800, dtype=np.float32)))
    assert sink._stream.rate == 48000
    # What the resampler keeps back waits, too.
    assert sink.waiting() == pytest.approx(1.0 + 0.02)
    assert len(sink._stream.play(48000)) == 48000 and sink.waiting() < 0.1
    sink.close()


def test_without_sounddevice_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UserError) as caught:
        choose_sink("speaker", RATE)
    assert "pip install 'rtmri2speech[live]'" in caught.value.remedy
