from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.io import wavfile

from rtmri2speech.data.media.audio import (
    read_sound,
    read_sound_slice,
    resample,
    sound_size,
    sound_writer,
    write_float_wav,
    write_wav,
)
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import MediaError, UserError

Mux = Callable[..., Path]


def tone(rate: int, seconds: float = 1.0, hz: float = 440.0) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def click_at(rate: int, seconds: float, length: float) -> NDArray[np.float32]:
    """A click of 2 ms around a time, soft enough to survive a lossy codec."""
    time = np.arange(round(rate * length)) / rate - seconds
    return (0.8 * np.exp(-np.square(time / 1e-3)) * np.cos(2 * np.pi * 800 * time)).astype(np.float32)


def peak_time(samples: NDArray[np.float32], rate: int, start: float) -> float:
    return start + int(np.abs(samples).argmax()) / rate


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "PCM_16", 1 / 32768),
        ("a.wav", "PCM_24", 1 / 2**23),
        ("a.wav", "FLOAT", 0.0),
        ("a.wav", "PCM_U8", 1 / 128),
        ("a.flac", "PCM_16", 1 / 32768),
        ("A.WAV", "PCM_16", 1 / 32768),
    ],
)
def test_sound_files_of_every_depth(tmp_path: Path, name: str, subtype: str, tolerance: float) -> None:
    samples = tone(20000)
    soundfile.write(tmp_path / name, samples, 20000, subtype=subtype)
    found = read_sound(tmp_path / name)
    assert found.rate == 20000 and found.start == 0.0 and found.samples.dtype == np.float32
    assert found.duration == 1.0
    assert np.abs(found.samples - samples).max() <= tolerance
    assert sound_size(tmp_path / name) == (20000, 20000)


@pytest.mark.parametrize("name", ["stereo.wav", "stereo.flac"])
def test_stereo_becomes_the_mean_of_its_channels(tmp_path: Path, name: str) -> None:
    left = tone(8000, hz=300)
    right = 0.7 * left + 0.1 * tone(8000, hz=700)
    soundfile.write(tmp_path / name, np.stack([left, right], axis=1), 8000)
    found = read_sound(tmp_path / name)
    assert np.abs(found.samples - (left + right) / 2).max() < 1e-4 and not found.notes


@pytest.mark.parametrize(
    ("name", "codec", "tolerance"),
    [("t.mp4", "aac", 0.03), ("t.mkv", "aac", 0.03), ("t.mov", "pcm_s16le", 1e-4), ("t.avi", "pcm_s16le", 1e-4)],
)
def test_sound_tracks(tmp_path: Path, mux: Mux, name: str, codec: str, tolerance: float) -> None:
    samples = tone(22050)
    black = [np.full((16, 16), i, np.uint8) for i in range(25)]
    path = mux(tmp_path / name, black, Fraction(25), samples, 22050, codec)
    assert scan_video(path).has_sound
    found = read_sound(path)
    assert found.rate == 22050 and found.start == 0.0
    assert 0 <= len(found.samples) - len(samples) <= 2048
    # The codec's first and last block are not at their final quality.
    inner = slice(2048, len(samples) - 2048)
    assert np.abs(found.samples[: len(samples)][inner] - samples[inner]).max() < tolerance


@pytest.mark.parametrize("offset", [Fraction(0), Fraction(1, 5)])
@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "aac"), (".mkv", "aac"), (".mkv", "flac")])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_the_offset_of_a_track_counts(
    tmp_path: Path, mux: Mux, suffix: str, codec: str, offset: Fraction, rate: int
) -> None:
    black = [np.full((16, 16), i, np.uint8) for i in range(40)]
    path = mux(tmp_path / f"o{suffix}", black, Fraction(25), click_at(rate, 0.7, 1.2), rate, codec, offset)
    found = read_sound(path)
    # MP4 keeps offsets in whole milliseconds.
    assert peak_time(found.samples, rate, found.start) == pytest.approx(0.7 + float(offset), abs=1.2e-3)


def test_a_damaged_packet_leaves_silence_instead_of_pulling_the_rest_forward(tmp_path: Path, mux: Mux) -> None:
    rate = 16000
    black = [np.full((16, 16), i, np.uint8) for i in range(50)]
    path = mux(tmp_path / "d.mkv", black, Fraction(25), click_at(rate, 1.5, 2.0) + 0.01, rate, "flac")
    before = read_sound(path)
    with av.open(str(path)) as old, av.open(str(tmp_path / "gap.mkv"), "w") as new:
        stream = old.streams.audio[0]
        copy = new.add_stream_from_template(stream)
        packets = [packet for packet in old.demux(stream) if packet.dts is not None]
        for index, packet in enumerate(packets):
            if index not in (2, 3):
                packet.stream = copy
                new.mux(packet)
    after = read_sound(tmp_path / "gap.mkv")
    assert len(packets) > 5
    assert len(after.samples) == pytest.approx(len(before.samples), abs=20)
    assert peak_time(after.samples, rate, after.start) == pytest.approx(1.5, abs=2e-3)
    assert (after.samples == 0).sum() > rate * 0.1


def test_a_silent_video_has_no_sound(tmp_path: Path) -> None:
    from rtmri2speech.data.media.video import write_video

    write_video(tmp_path / "mute.mp4", [np.zeros((16, 16), np.uint8)] * 3, Fraction(25))
    assert not scan_video(tmp_path / "mute.mp4").has_sound
    with pytest.raises(MediaError, match="no sound track"):
        read_sound(tmp_path / "mute.mp4")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_numbers_are_refused(tmp_path: Path, value: float) -> None:
    samples = tone(8000)
    samples[77] = value
    soundfile.write(tmp_path / "nan.wav", samples, 8000, subtype="FLOAT")
    with pytest.raises(MediaError, match="not numbers") as caught:
        read_sound(tmp_path / "nan.wav")
    assert str(tmp_path / "nan.wav") in caught.value.problem


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("content", [b"", b"notes, not sound\n" * 40, b"RIFF", b"fLaC" + b"\x00" * 60])
def test_what_is_no_sound_is_a_media_error(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    for use in (read_sound, sound_size):
        with pytest.raises(MediaError) as caught:
            use(path)
        assert str(path) in caught.value.problem and caught.value.remedy


def test_a_sound_without_samples_and_a_missing_one_are_media_errors(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), 8000)
    with pytest.raises(MediaError, match="no sound"):
        read_sound(tmp_path / "empty.wav")
    for use in (read_sound, sound_size):
        with pytest.raises(MediaError):
            use(tmp_path / "no.wav")
    with pytest.raises(MediaError, match="missing or damaged"):
        read_sound_slice(tmp_path / "no.wav", 0, 5)


def test_a_cut_flac_never_raises_anything_else(tmp_path: Path) -> None:
    whole = tmp_path / "whole.flac"
    soundfile.write(whole, tone(8000), 8000)
    content = whole.read_bytes()
    for share in (0.01, 0.2, 0.5, 0.9):
        (tmp_path / "cut.flac").write_bytes(content[: int(share * len(content))])
        try:
            assert len(read_sound(tmp_path / "cut.flac").samples) < 8000
        except MediaError as error:
            assert "cut.flac" in error.problem


@pytest.mark.parametrize("source", [8000, 16000, 20000, 44100, 48000])
def test_resampling_keeps_a_tone_to_a_thousandth(source: int) -> None:
    target = 11413
    result = resample(tone(source, 2.0, hz=1000.0), source, target)
    assert result.dtype == np.float32 and len(result) == pytest.approx(2 * target, abs=1)
    expected = tone(target, 2.0, hz=1000.0)[: len(result)]
    inner = slice(1000, len(result) - 1000)
    assert np.abs(result[inner] - expected[inner]).max() < 1e-3  # 0.5 at a phase error of a thousandth of a cycle: 3e-3


def test_resampling_leaves_nothing_above_nyquist() -> None:
    result = resample(tone(48000, 1.0, hz=7000.0), 48000, 11413)
    assert np.abs(result[500:-500]).max() < 1e-4


def test_the_same_rate_is_not_touched() -> None:
    samples = tone(8000)
    assert resample(samples, 8000, 8000) is samples


def test_float_wav_is_exact_and_always_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).normal(size=999).astype(np.float32) * 3
    write_float_wav(tmp_path / "a.wav", samples, 11413)
    monkeypatch.setattr("time.time", lambda: 1e9)
    write_float_wav(tmp_path / "b.wav", samples, 11413)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    found = read_sound(tmp_path / "a.wav")
    assert found.rate == 11413 and np.array_equal(found.samples, samples)
    assert np.array_equal(read_sound_slice(tmp_path / "a.wav", 100, 50), samples[100:150])
    assert np.array_equal(read_sound_slice(tmp_path / "a.wav", 990, 50), samples[990:])
    assert len(read_sound_slice(tmp_path / "a.wav", 5000, 50)) == 0


@pytest.mark.parametrize("n", [1, 2, 999])
def test_float_wav_is_what_scipy_writes(tmp_path: Path, n: int) -> None:
    samples = np.random.default_rng(n).normal(size=2 * n).astype(np.float32)
    for index, values in enumerate((samples, samples[::2])):
        write_float_wav(tmp_path / "ours.wav", values, 11413)
        wavfile.write(tmp_path / "theirs.wav", 11413, values)
        assert (tmp_path / "ours.wav").read_bytes() == (tmp_path / "theirs.wav").read_bytes(), index


def test_wav_in_pieces(tmp_path: Path) -> None:
    samples = tone(8000)
    with sound_writer(tmp_path / "new" / "a.wav", 8000) as file:
        for start in range(0, 8000, 3000):
            file.write(samples[start : start + 3000])
    write_wav(tmp_path / "b.wav", samples, 8000)
    pieces, whole = read_sound(tmp_path / "new" / "a.wav"), read_sound(tmp_path / "b.wav")
    assert np.array_equal(pieces.samples, whole.samples)
    assert soundfile.info(tmp_path / "b.wav").subtype == "PCM_16"


def test_an_error_while_writing_leaves_the_old_sound_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, tone(8000), 8000)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="stop"), sound_writer(path, 8000) as file:
        file.write(tone(8000, hz=100))
        raise RuntimeError("stop")
    assert path.read_bytes() == before and [item.name for item in tmp_path.iterdir()] == ["a.wav"]


def test_a_sound_that_cannot_be_written_is_a_user_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be written"):
        write_wav(tmp_path / "file" / "a.wav", tone(8000), 8000)

    def full(*names: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="No space left") as caught:
        write_wav(tmp_path / "a.wav", tone(8000), 8000)
    assert str(tmp_path / "a.wav") in caught.value.problem
    assert [item.name for item in tmp_path.iterdir()] == ["file"]
