from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from numpy.typing import NDArray

from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.streams import Tracks
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import MediaError

RATE = 8000


def frame(level: int) -> NDArray[np.uint8]:
    image = np.full((32, 32), level, np.uint8)
    image[:8, :8] = 200
    return image


def write_tracks(path: Path, default_video: int | None, default_audio: int | None) -> Path:
    """Videos of gray 60 and 120 and tones of 300 and 700 Hz, of which one of each is flagged."""
    time = np.arange(RATE) / RATE
    with av.open(str(path), "w") as container:
        videos, sounds = [], []
        for _ in range(2):
            video = container.add_stream("ffv1", rate=25)
            video.width, video.height, video.pix_fmt = 32, 32, "gray"
            videos.append(video)
        for _ in range(2):
            sound = container.add_stream("pcm_s16le", rate=RATE)
            sound.codec_context.layout = "mono"
            sounds.append(sound)
        for streams, flagged in ((videos, default_video), (sounds, default_audio)):
            for number, stream in enumerate(streams, start=1):
                stream.disposition = Disposition.default if number == flagged else Disposition(0)
        for number, video in enumerate(videos):
            for index in range(25):
                picture = av.VideoFrame.from_ndarray(frame(60 * (number + 1) + index % 2), format="gray")
                picture.pts, picture.time_base = index, Fraction(1, 25)
                container.mux(video.encode(picture))
            container.mux(video.encode(None))
        for hz, sound in zip((300, 700), sounds, strict=True):
            values = (16000 * np.sin(2 * np.pi * hz * time)).astype(np.int16)[None]
            block = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = RATE, 0, Fraction(1, RATE)
            container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    return path


def pitch(path: Path, tracks: Tracks = Tracks()) -> float:  # noqa: B008
    samples = read_sound(path, tracks).samples
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


def level(path: Path, number: int | None = None) -> int:
    scan = scan_video(path, None, number)
    # Frames that are not kept are read again, from the same stream.
    assert np.array_equal(next(scan.read()), next(iter(scan.kept or [])))
    return int(next(scan.read())[20, 20])


def test_flagged_streams_come_first_and_others_can_be_chosen(tmp_path: Path) -> None:
    second = write_tracks(tmp_path / "second.mkv", 2, 2)
    assert level(second) == 120 and pitch(second) == pytest.approx(700, abs=1)
    assert scan_video(second).notes[0][0] == "2 video tracks; number 2 is used (flagged as default)"
    assert read_sound(second).notes[0][0] == "2 sound tracks; number 2 is used (flagged as default)"
    assert level(second, 1) == 60 and pitch(second, Tracks(audio=1)) == pytest.approx(300, abs=1)
    assert not scan_video(second, None, 1).notes and not read_sound(second, Tracks(audio=1)).notes
    first = write_tracks(tmp_path / "none.mkv", None, None)
    assert level(first) == 60 and pitch(first) == pytest.approx(300, abs=1)
    assert "number 1 is used (the first)" in read_sound(first).notes[0][0]


def test_a_stream_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "a.mkv", 1, 1)
    with pytest.raises(MediaError, match=r"`video_stream=3`: the file has 2 video track"):
        scan_video(path, None, 3)
    with pytest.raises(MediaError, match=r"`audio_stream=3`: the file has 2 sound track"):
        read_sound(path, Tracks(audio=3))


TURNS = {
    (1, 0, 0, 1): lambda image: image,
    (0, 1, -1, 0): lambda image: np.rot90(image, -1),
    (0, -1, 1, 0): lambda image: np.rot90(image),
    (-1, 0, 0, -1): lambda image: np.rot90(image, 2),
    (-1, 0, 0, 1): lambda image: image[:, ::-1],
    (1, 0, 0, -1): lambda image: image[::-1],
    (0, 1, 1, 0): lambda image: image.T,
    (0, -1, -1, 0): lambda image: np.rot90(image, 2).T,
}


@pytest.mark.parametrize("matrix", TURNS)
def test_flags_that_turn_or_mirror_are_followed(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    image = np.zeros((32, 48), np.uint8)
    image[4:12, 6:20], image[20:28, 30:40] = 200, 90
    plain, path = tmp_path / "plain.mp4", tmp_path / "a.mp4"
    write_video(plain, [np.roll(image, shift, 1) for shift in range(5)], Fraction(25))
    a, b, c, d = matrix
    # The matrix in the track's header: ISO/IEC 14496-12, 8.3.2.
    content, flag = plain.read_bytes(), struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    at = content.index(b"tkhd") + 44
    path.write_bytes(content[:at] + flag + content[at + 36 :])
    scan, wanted = scan_video(path), TURNS[matrix](image).astype(int)
    found = next(scan.read()).astype(int)
    assert (scan.height, scan.width) == wanted.shape == found.shape
    assert np.abs(found - wanted).max() <= 2
    assert len(scan.notes) == (matrix != (1, 0, 0, 1))
    if scan.notes:
        mirrored = a * d - b * c < 0
        assert scan.notes[0][0].startswith("the frames are mirrored" if mirrored else "the frames are turned")


def test_a_slanted_turn_is_said_and_not_applied(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_video(path, [frame(60), frame(90)], Fraction(25))
    content, half = path.read_bytes(), round(0.5**0.5 * 65536)
    at = content.index(b"tkhd") + 44
    flag = struct.pack(">9i", half, half, 0, -half, half, 0, 0, 0, 1 << 30)
    path.write_bytes(content[:at] + flag + content[at + 36 :])
    scan = scan_video(path)
    assert "turned by 45.0 degrees, which is not applied" in scan.notes[0][0] and scan.width == 32


def write_luma(path: Path, luma: NDArray[np.uint8], codec: str, pixels: str) -> None:
    """Values written as luma, as they are, without a word about their range."""
    planes = np.concatenate([luma.ravel(), np.full(luma.size // 2, 128, np.uint8)]).reshape(-1, luma.shape[1])
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options={"crf": "0", "x265-params": "log-level=error:lossless=1"})
        stream.height, stream.width = luma.shape
        stream.pix_fmt = pixels
        for index in range(3):
            gray = pixels == "gray"
            picture = av.VideoFrame.from_ndarray(luma if gray else planes, format="gray" if gray else "yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
@pytest.mark.parametrize(
    ("codec", "pixels"), [("libx264", "gray"), ("libx265", "gray"), ("libx264", "yuv420p"), ("libx265", "yuv420p")]
)
def test_gray_of_full_range_without_a_tag_keeps_its_levels(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    if codec not in av.codecs_available or (codec == "libx265" and name == "a.avi"):
        pytest.skip(f"{codec} does not go into {name}")
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    write_luma(tmp_path / name, ramp, codec, pixels)
    scan = scan_video(tmp_path / name)
    assert all(np.abs(found.astype(int) - ramp).max() <= 1 for found in scan.read())
    assert len(scan.notes) == (pixels != "gray")


def test_gray_of_video_range_is_spread(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(16, 235, 256).round().astype(np.uint8), (64, 1))
    write_luma(tmp_path / "a.mp4", ramp, "libx264", "yuv420p")
    found = next(scan_video(tmp_path / "a.mp4").read())
    assert found.min() == 0 and found.max() == 255


@pytest.mark.parametrize(("size", "aspect"), [((64, 32), Fraction(1, 2)), ((32, 32), Fraction(4, 3))])
def test_pixels_that_are_not_square_are_known(tmp_path: Path, size: tuple[int, int], aspect: Fraction) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        for index in range(3):
            values = np.full(size[::-1], 40 * index, np.uint8)
            picture = av.VideoFrame.from_ndarray(values, format="gray")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    assert scan_video(path).pixel_aspect == aspect
