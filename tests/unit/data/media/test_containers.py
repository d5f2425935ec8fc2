from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from block_code import (
    RATE,
    assert_in_the_middle,
    burst_times,
    bursts,
    bursts_in_frames,
    number_of,
    numbered_frame,
    write_numbered,
)
from cutting import cut_without_encoding
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.scan import scan_video

MARKED = (10, 40, 70, 100)
needs_lame = pytest.mark.skipif("libmp3lame" not in av.codecs_available, reason="this FFmpeg writes no MP3")


@pytest.mark.parametrize("at", [Fraction(13, 10), Fraction(29, 20), Fraction(36) / RATE])
def test_a_cut_between_two_frames_keeps_sound_and_frames_together(tmp_path: Path, at: Fraction) -> None:
    path = tmp_path / "in" / "cut.mp4"
    path.parent.mkdir()
    cut_without_encoding(write_numbered(tmp_path / "whole.mp4", sound="aac"), path, at)
    scan = scan_video(path)
    first = -(-at * RATE // 1)
    assert number_of(next(scan.read())) == first and scan.damage is None
    assert scan.cut == pytest.approx(float(first / RATE - at), abs=2e-4)
    assert_in_the_middle(path, [number for number in MARKED if number >= first], 0.05)


@pytest.mark.parametrize(
    ("codec", "sound", "rate"),
    [
        ("mpeg4", "pcm_s16le", 16000),
        ("libx264", "pcm_s16le", 16000),
        ("mpeg4", "aac", 16000),
        ("libx264", "aac", 44100),
        pytest.param("mpeg4", "libmp3lame", 16000, marks=needs_lame),
        pytest.param("mpeg4", "libmp3lame", 48000, marks=needs_lame),
        pytest.param("libx264", "libmp3lame", 44100, marks=needs_lame),
    ],
)
def test_avi_as_ffmpeg_writes_it_is_whole_and_in_step(tmp_path: Path, codec: str, sound: str, rate: int) -> None:
    path = write_numbered(tmp_path / "a.avi", codec=codec, sound=sound, rate=rate)
    scan = scan_video(path)
    assert scan.damage is None and scan.n_frames == 120 and scan.rate == RATE
    assert_in_the_middle(path, MARKED, 0.05)


@pytest.mark.parametrize(("sound", "uncertain"), [("aac", 1024 / 16000), ("pcm_s16le", 0.0)])
def test_an_avi_of_others_than_ffmpeg_may_start_with_the_encoders_silence(
    tmp_path: Path, sound: str, uncertain: float
) -> None:
    path = write_numbered(tmp_path / "a.avi", codec="mpeg4", sound=sound)
    assert read_sound(path).clock.uncertain == 0.0
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"Vdub"))
    assert read_sound(path).clock.uncertain == pytest.approx(uncertain)


@pytest.mark.parametrize("b_frames", [2, 3])
def test_an_mpeg_program_stream_keeps_its_rate(tmp_path: Path, b_frames: int) -> None:
    path, rate = tmp_path / "a.mpg", Fraction(50)
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("mpeg2video", rate=rate, options={"bf": str(b_frames), "g": "12", "b": "2M"})
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        for number in range(192):
            frame = av.VideoFrame.from_ndarray(numbered_frame(number), format="gray")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    scan = scan_video(path)
    assert [number_of(frame) for frame in scan.read()] == list(range(192))
    assert scan.starts - scan.starts[0] == pytest.approx(np.arange(192) / 50)


def test_an_empty_packet_is_not_the_end_of_the_sound(tmp_path: Path) -> None:
    """FFmpeg ends FLAC in NUT with one."""
    path, rate = tmp_path / "a.nut", 16000
    samples = bursts([1.0, 2.5], 3.0, rate)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("flac", rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray((samples[None] * 32767).astype(np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = read_sound(path)
    assert np.array(burst_times(sound.samples, rate)) == pytest.approx([1.0, 2.5], abs=1e-3)


@pytest.mark.parametrize("first", [1, 20])
def test_frames_that_the_recorder_dropped_are_shown_again(tmp_path: Path, first: int) -> None:
    path = write_numbered(tmp_path / "a.avi", codec="mpeg4", dropped=(first, first + 1, 60))
    scan = scan_video(path)
    assert scan.damage is None and scan.n_frames == scan.announced == 120
    assert [number_of(frame) for frame in scan.read()] == [
        {first: first - 1, first + 1: first - 1, 60: 59}.get(number, number) for number in range(120)
    ]
    assert scan.means.shape == (120,) and scan.histogram.sum() == 120 * 64 * 64
    assert_in_the_middle(path, MARKED, 0.05)


def test_an_avi_without_its_index_or_its_end_is_cut_short(tmp_path: Path) -> None:
    whole = write_numbered(tmp_path / "a.avi", codec="mpeg4").read_bytes()
    (tmp_path / "b.avi").write_bytes(whole[: len(whole) * 7 // 10])
    damage = scan_video(tmp_path / "b.avi").damage
    assert damage is not None and "120 frames announced" in damage


@pytest.mark.parametrize(("stream", "ticks", "frames"), [("vids", 2, -2.0), ("auds", 4000, 4000 / 16000 * RATE)])
def test_the_delay_in_the_header_of_an_avi_counts(tmp_path: Path, stream: str, ticks: int, frames: float) -> None:
    path = write_numbered(tmp_path / "a.avi", codec="mpeg4")
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"strh\x38\x00\x00\x00" + stream.encode()) + 8 + 28, ticks)
    path.write_bytes(content)
    found = [number + place for number, place in bursts_in_frames(path)]
    assert found == pytest.approx([number + 0.5 + float(frames) for number in MARKED], abs=0.05)


@needs_lame
@pytest.mark.parametrize("rate", [16000, 44100])
def test_mp3_in_wav_starts_where_its_sound_does(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    samples = bursts([1.0, 2.5], 3.0, rate)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libmp3lame", rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = read_sound(path)
    assert np.array(burst_times(sound.samples, rate)) == pytest.approx([1.0, 2.5], abs=1e-3)
    assert 0.01 < sound.clock.uncertain < 0.04


def test_sound_whose_stamps_drift_or_jump_is_laid_where_they_say(tmp_path: Path) -> None:
    source = write_numbered(tmp_path / "a.mkv", codec="mpeg4")
    for name, later in (("drift", lambda t: t * Fraction(1015, 1000)), ("jump", lambda t: t + Fraction(t > 2, 5))):
        path = tmp_path / name / "a.mkv"
        path.parent.mkdir()
        with av.open(str(source)) as old, av.open(str(path), "w") as new:
            copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
            for packet in old.demux():
                if packet.dts is not None:
                    if packet.stream.type == "audio":
                        packet.pts = packet.dts = round(later(packet.pts * packet.time_base) / packet.time_base)
                    packet.stream = copies[packet.stream.index]
                    new.mux(packet)
            expected = [float(later((number + Fraction(1, 2)) / RATE) * RATE) for number in MARKED]
        found = [number + place for number, place in bursts_in_frames(path)]
        assert found[:3] == pytest.approx(expected[:3], abs=0.06), name
