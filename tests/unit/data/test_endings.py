"""Files of recordings by their names: every ending is read, and no name is too strange."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from rtmri2speech.data.endings import is_there, name_key, no_such_file, printable
from rtmri2speech.data.media.audio import read_sound, sound_size, write_wav
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import read_video, write_video
from rtmri2speech.errors import UserError

RATE = 16_000
BURSTS = (0.4, 1.3)


@pytest.fixture(scope="module")
def bursts() -> NDArray[np.float32]:
    """Two seconds with 20 ms of 1.5 kHz around two moments."""
    times = np.arange(2 * RATE) / RATE
    near = np.min([np.abs(times - burst) for burst in BURSTS], axis=0) < 0.01
    return (0.5 * near * np.sin(2 * np.pi * 1500 * times)).astype(np.float32)


def found_bursts(path: Path) -> list[float]:
    sound = read_sound(path)
    times = np.arange(len(sound.samples)) / sound.rate
    width = round(0.004 * sound.rate)
    level = np.abs(np.convolve(sound.samples * np.exp(-2j * np.pi * 1500 * times), np.ones(width), "same")) ** 2
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (level > level.max() / 4).astype(int), [0]]))).reshape(-1, 2)
    return [float(sum(pair)) / 2 / sound.rate for pair in edges]


FORMATS = {
    "wave": ("WAV", "PCM_24"),
    "w64": ("W64", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "aif": ("AIFF", "PCM_16"),
    "aiff": ("AIFF", "PCM_24"),
    "caf": ("CAF", "PCM_16"),
    "au": ("AU", "FLOAT"),
    "sph": ("NIST", "PCM_16"),
    "NIST": ("NIST", "ULAW"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


@pytest.mark.parametrize("ending", FORMATS)
def test_sound_files_start_where_the_sound_does(tmp_path: Path, ending: str, bursts: NDArray[np.float32]) -> None:
    path = tmp_path / f"a.{ending}"
    kind, subtype = FORMATS[ending]
    if subtype not in soundfile.available_subtypes(kind):
        pytest.skip(f"this libsndfile cannot write {kind}")
    soundfile.write(path, bursts, RATE, format=kind, subtype=subtype)
    assert found_bursts(path) == pytest.approx(BURSTS, abs=0.002)


@pytest.mark.parametrize(("ending", "container", "codec"), [("m4a", "ipod", "aac"), ("mka", "matroska", "flac")])
def test_so_do_those_that_only_ffmpeg_reads(
    tmp_path: Path, ending: str, container: str, codec: str, bursts: NDArray[np.float32]
) -> None:
    path = tmp_path / f"a.{ending}"
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE)
        context = stream.codec_context
        context.layout = "mono"
        frame = av.AudioFrame.from_ndarray(bursts[None], format="flt", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
        cutter = av.AudioResampler(context.format.name, "mono", RATE, frame_size=context.frame_size or 1024)
        for piece in [*cutter.resample(frame), *cutter.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    assert found_bursts(path) == pytest.approx(BURSTS, abs=0.002)


FRAMES = [np.random.default_rng(seed).integers(0, 255, (32, 32), dtype=np.uint8) for seed in range(5)]
STRANGE = ["take:2", "file:x", "concat:a|b", "x" * 240, "あ" * 80, "a%03d", "-x", os.fsdecode(b"\x83e\x83X"), "名 前"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_strange_names_are_written_and_read(
    tmp_path: Path, name: str, bursts: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        Path(f"{name}.mp4").touch()
    except OSError:
        pytest.skip("this file system has no such names")
    for folder in (Path(), tmp_path):
        write_video(folder / f"{name}.mp4", FRAMES, Fraction(25))
        write_wav(folder / f"{name}.wav", bursts, RATE)
        assert scan_video(folder / f"{name}.mp4").n_frames == len(list(read_video(folder / f"{name}.mp4"))) == 5
        assert found_bursts(folder / f"{name}.wav") == pytest.approx(BURSTS, abs=0.002)
        assert sound_size(folder / f"{name}.wav") == (len(bursts), RATE)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mp4", ".wav"]  # nothing temporary is left


@pytest.mark.parametrize("name", ["a.xyz", "none", "a.mp3", "a.gif", "x" * 252 + ".mp4"])
def test_names_that_cannot_be_written_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be written") as caught:
        write_video(tmp_path / name, FRAMES, Fraction(25))
    assert "name" in caught.value.remedy and not list(tmp_path.iterdir())


def test_names_are_compared_without_case_and_unicode_form() -> None:
    assert name_key("Take.WAV") == name_key("take.wav") and name_key("が") == name_key("が")
    assert name_key("É") == name_key("é") and name_key("か") != name_key("が")


def test_a_dangling_link_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    assert not is_there(path) and "no such file" in no_such_file(path).problem
    try:
        path.symlink_to("nowhere")
    except OSError:
        pytest.skip("links are not allowed here")
    assert is_there(path)
    error = no_such_file(path)
    assert "a.wav: is a link to a file that is not there (nowhere)" in error.problem and "git annex get" in error.remedy


def test_every_name_can_be_printed() -> None:
    assert printable(Path("x") / "é.mp4") == str(Path("x") / "é.mp4")
    printable(os.fsdecode(b"\x83e.mp4")).encode()
