from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.sound_files import resolution, to_amplitude
from rtmri2speech.errors import MediaError

RATE = 16000
NOISE = (0.1 * np.random.default_rng(0).standard_normal(20000)).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("WAV", "ULAW")],
)
def test_a_file_shorter_than_its_header_is_refused(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, NOISE, RATE, format=kind, subtype=subtype)
    assert len(read_sound(path).samples) == len(NOISE)
    content = path.read_bytes()
    path.write_bytes(content[: int(0.6 * len(content))])
    with pytest.raises(MediaError, match=r"cut short: 1\.25 s announced, 0\.7\d s there") as caught:
        read_sound(path)
    assert "Copy or export" in caught.value.remedy


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_length_that_was_never_filled_in_is_no_promise(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, NOISE, RATE)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = length.to_bytes(4, "little")
    path.write_bytes(content)
    assert len(read_sound(path).samples) == len(NOISE)


def test_a_chunk_after_the_samples_is_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, NOISE, RATE)
    path.write_bytes(path.read_bytes() + b"LIST\x04\x00\x00\x00INFO")
    assert len(read_sound(path).samples) == len(NOISE)


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_integers_in_floats_are_scaled(tmp_path: Path, bits: int, subtype: str) -> None:
    path, full = tmp_path / "a.wav", 2.0 ** (bits - 1)
    integers = np.rint(np.clip(NOISE * 2.0, -0.9, 0.9) * full)
    for samples in (integers, integers + 0.25):  # as exported, and as resampled
        soundfile.write(path, samples, RATE, subtype=subtype)
        found = read_sound(path)
        assert np.abs(found.samples - samples / full).max() < 1e-6
        assert f"on the scale of {bits}-bit integers" in found.notes[0][0]


def test_bytes_in_floats_lie_around_128() -> None:
    values = np.rint(128 + 100 * NOISE).astype(np.float32)
    scaled, notes = to_amplitude(Path("a.wav"), values)
    assert np.allclose(scaled, (values - 128) / 128) and "8-bit" in notes[0][0]


@pytest.mark.parametrize("peak", [0.5, 1.0, 1.7, 6.0])
def test_overshoot_is_left_as_it_is(peak: float) -> None:
    samples = NOISE / np.abs(NOISE).max() * np.float32(peak)
    scaled, notes = to_amplitude(Path("a.wav"), samples)
    assert np.array_equal(scaled, samples) and not notes


def test_values_on_no_scale_are_refused() -> None:
    with pytest.raises(MediaError, match=r"a\.wav: floating point samples of up to 1e\+12"):
        to_amplitude(Path("a.wav"), np.array([1e12, 0.0], np.float32))


def test_the_resolution_of_formats() -> None:
    steps = {"PCM_U8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23, "FLOAT": 2**-23, "s16": 2**-15, "VORBIS": 2**-15}
    assert {name: resolution(name) for name in steps} == steps


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mov", "pcm_s16le"), ("a.mkv", "pcm_s16le")])
def test_a_sound_track_shorter_than_its_header_is_refused(tmp_path: Path, name: str, codec: str) -> None:
    path, rate = tmp_path / name, 48000
    options = {} if name == "a.mkv" else {"movflags": "+faststart"}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.codec_context.layout = "mono"
        block = av.AudioFrame.from_ndarray((NOISE[:19200] * 8000).astype(np.int16)[None], format="s16", layout="mono")
        block.sample_rate = rate
        split = av.AudioResampler(stream.codec_context.format, "mono", rate, stream.codec_context.frame_size or 1024)
        for number in range(4):
            block.pts, block.time_base = number * 19200, Fraction(1, rate)
            for piece in split.resample(block):
                container.mux(stream.encode(piece))
        for piece in split.resample(None):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    assert read_sound(path).duration == pytest.approx(1.6, abs=0.05)
    content = path.read_bytes()
    path.write_bytes(content[: int(0.6 * len(content))])
    with pytest.raises(MediaError, match=r"cut short: the sound track ends at .* s, and should at 1\.[56]\d s"):
        read_sound(path)
