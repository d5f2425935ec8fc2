from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import GrayConverter, read_video, write_video
from rtmri2speech.errors import MediaError, UserError

Pictures = NDArray[np.uint8]

CONTAINERS = [(".mp4", False), (".mov", False), (".mkv", False), (".mkv", True), (".avi", False), (".avi", True)]
RATES = [Fraction(625, 23), Fraction(65040, 781), Fraction(2318, 100), Fraction(30000, 1001), Fraction(25)]


def write_raw(
    path: Path, arrays: list[np.ndarray], codec: str, stored: str, given: str, rate: Fraction = Fraction(25)
) -> Path:
    """Write frames in any pixel format."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = arrays[0].shape[:2]
        stream.pix_fmt = stored
        for index, array in enumerate(arrays):
            frame = av.VideoFrame.from_ndarray(array, format=given)
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_plain(path: Path, pictures: Pictures) -> None:
    """Write an mp4 of 25 frames a second whose packets are in the order of the frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "0", "crf": "8"})
        stream.height, stream.width, stream.pix_fmt = 64, 64, "yuv420p"
        for pixels in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="gray")))
        container.mux(stream.encode(None))


def shift_times(source: Path, target: Path, shift: Fraction | None = None, ticks: dict[int, int] | None = None) -> None:
    """Copy the picture of an mp4 with other time stamps, without encoding again."""
    options = {"avoid_negative_ts": "disabled", "use_editlist": "1"}
    with av.open(str(source)) as old, av.open(str(target), "w", options=options) as new:
        stream = old.streams.video[0]
        copy = new.add_stream_from_template(stream)
        for index, packet in enumerate(old.demux(stream)):
            if packet.dts is None:
                continue
            moved = round((shift or Fraction(0)) / packet.time_base) + (ticks or {}).get(index, 0)
            packet.stream, packet.pts, packet.dts = copy, packet.pts + moved, packet.dts + moved
            new.mux(packet)


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize(("suffix", "lossless"), CONTAINERS)
def test_every_container_keeps_pictures_times_and_rate(
    tmp_path: Path, pictures: Pictures, suffix: str, lossless: bool, rate: Fraction
) -> None:
    path = tmp_path / f"clip{suffix}"
    frames = pictures[::3]
    write_video(path, frames, rate, lossless)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    scan = scan_video(path)
    n = len(frames)
    assert (scan.n_frames, scan.width, scan.height) == (n, 64, 64)
    assert scan.damaged == scan.concealed == 0 and scan.damage is None and not scan.blank and not scan.frozen
    assert scan.announced == (0 if suffix == ".mkv" else n)
    # Matroska keeps a frame's length in nanoseconds, read as a fraction of small terms.
    assert scan.rate == rate or (suffix == ".mkv" and abs(float(scan.rate / rate) - 1) < 1e-6)
    assert np.abs(scan.starts - [float(i / rate) for i in range(n)]).max() < 1e-6
    assert scan.end == pytest.approx(float(n / rate), abs=1e-6)
    assert scan.duration == pytest.approx(scan.end - scan.starts[0])
    decoded = np.stack(list(read_video(path)))
    if lossless:
        assert np.array_equal(decoded, frames)
    else:
        assert np.abs(decoded.astype(float) - frames).mean() < 2.5
    assert np.allclose(scan.means, decoded.mean(axis=(1, 2)))
    assert np.array_equal(scan.histogram, np.bincount(decoded.ravel(), minlength=256))


@pytest.mark.parametrize("rate", [Fraction(625, 23), Fraction(2318, 100), Fraction(30000, 1001)], ids=str)
def test_matroska_ticks_are_the_nominal_rate(tmp_path: Path, pictures: Pictures, rate: Fraction) -> None:
    path = tmp_path / "long.mkv"
    write_video(path, (pictures[i % 50, :16, :16] for i in range(2000)), rate, lossless=True)
    scan = scan_video(path)
    assert scan.rate == rate
    assert np.abs(scan.starts * float(rate) - np.arange(2000)).max() < 1e-6  # not rounded to milliseconds


def test_deep_video_is_read_deep(tmp_path: Path, pictures: Pictures) -> None:
    deep = [frame.astype(np.uint16) * 257 + 3 for frame in pictures[:10]]
    path = write_raw(tmp_path / "deep.mkv", deep, "ffv1", "gray16le", "gray16le")
    frames = list(read_video(path))
    assert frames[0].dtype == np.uint16 and np.array_equal(frames, deep)
    scan = scan_video(path)
    assert scan.pixel_format == "gray16le"
    assert len(scan.histogram) == 65536 and scan.histogram.sum() == 10 * 64 * 64


def test_palette_video_is_read_as_grey(tmp_path: Path, pictures: Pictures) -> None:
    frames = pictures[:6]
    container = av.open(str(tmp_path / "pal.avi"), "w")
    stream = container.add_stream("rawvideo", rate=Fraction(6449, 1000))
    stream.height, stream.width, stream.pix_fmt = 64, 64, "pal8"
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    palette[:, 0] = 255  # alpha first
    for index, pixels in enumerate(frames):
        frame = av.VideoFrame.from_ndarray((np.ascontiguousarray(pixels), palette), format="pal8")
        frame.pts, frame.time_base = index, Fraction(1000, 6449)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()
    scan = scan_video(tmp_path / "pal.avi")
    assert scan.pixel_format == "pal8" and scan.rate == Fraction(6449, 1000) and scan.n_frames == 6
    assert np.abs(np.stack(list(read_video(scan.path))).astype(int) - frames).max() <= 1


@pytest.mark.parametrize(("stored", "codec"), [("bgr24", "rawvideo"), ("yuvj420p", "mjpeg"), ("yuv444p10le", "ffv1")])
def test_colour_video_is_read_as_grey(tmp_path: Path, pictures: Pictures, stored: str, codec: str) -> None:
    colour = [np.repeat(frame[:, :, None], 3, axis=2) for frame in pictures[:6]]
    suffix = ".mkv" if codec == "ffv1" else ".avi"
    scan = scan_video(write_raw(tmp_path / f"colour{suffix}", colour, codec, stored, "rgb24"))
    decoded = np.stack(list(read_video(scan.path))).astype(float)
    assert decoded.shape == (6, 64, 64)
    unit = decoded / (65535 if "10" in stored else 255)
    slope, offset = np.polyfit(pictures[:6].ravel() / 255, unit.ravel(), 1)
    assert 0.8 < slope < 1.2 and abs(offset) < 0.1
    assert np.corrcoef(pictures[:6].ravel(), unit.ravel())[0, 1] > 0.98


def test_a_given_rate_replaces_the_containers(tmp_path: Path, pictures: Pictures) -> None:
    path = tmp_path / "clip.mp4"
    write_video(path, pictures[:20], Fraction(25))
    scan = scan_video(path, Fraction(625, 23))
    assert scan.rate == Fraction(625, 23)
    assert scan.starts[19] == pytest.approx(19 * 23 / 625) and scan.end == pytest.approx(20 * 23 / 625)


def test_late_frames_keep_their_times(tmp_path: Path, pictures: Pictures) -> None:
    write_plain(tmp_path / "even.mp4", pictures[:20])
    late = {index: 2560 for index in range(10, 20)}  # from frame 10 on 0.2 s later
    shift_times(tmp_path / "even.mp4", tmp_path / "late.mp4", ticks=late)
    starts = scan_video(tmp_path / "late.mp4").starts
    with av.open(str(tmp_path / "even.mp4")) as container:
        later = 2560 * float(container.streams.video[0].time_base)
    assert np.allclose(np.diff(starts)[[0, 8, 10, 18]], 0.04) and np.diff(starts)[9] == pytest.approx(0.04 + later)


def test_a_clip_trimmed_without_encoding_is_not_called_cut_short(tmp_path: Path, pictures: Pictures) -> None:
    write_video(tmp_path / "whole.mp4", pictures, Fraction(25))
    shift_times(tmp_path / "whole.mp4", tmp_path / "trimmed.mp4", Fraction(-10, 25))
    scan = scan_video(tmp_path / "trimmed.mp4")
    assert scan.n_frames == len(pictures) - 10 == scan.announced and scan.damage is None


@pytest.mark.parametrize(("suffix", "lossless"), CONTAINERS)
def test_several_threads_decode_the_same(
    tmp_path: Path, pictures: Pictures, suffix: str, lossless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = tmp_path / f"video{suffix}"
    write_video(video, pictures, Fraction(25), lossless)
    one = scan_video(video)
    monkeypatch.setattr("rtmri2speech.data.media.scan.decoding_threads", lambda: 4)
    many = scan_video(video)
    assert (one.threads, many.threads) == (1, 4)
    np.testing.assert_array_equal(one.starts, many.starts)
    np.testing.assert_array_equal(one.histogram, many.histogram)
    again = dataclasses.replace(many, kept=None).read()
    np.testing.assert_array_equal(list(one.read()), list(again))


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mov"])  # Matroska's bytes differ from run to run
def test_what_is_damaged_is_said_by_one_thread(
    tmp_path: Path, pictures: Pictures, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = tmp_path / f"video{suffix}"
    write_video(video, pictures, Fraction(25))
    content = bytearray(video.read_bytes())
    rng = np.random.default_rng(0)
    for place in rng.integers(len(content) // 3, 2 * len(content) // 3, 6):
        content[place : place + 20] = bytes(20)
    video.write_bytes(content)
    one = scan_video(video)
    assert one.damaged or one.concealed
    monkeypatch.setattr("rtmri2speech.data.media.scan.decoding_threads", lambda: 4)
    many = scan_video(video)
    assert many.threads == 1
    assert (many.damaged, many.concealed, many.damage) == (one.damaged, one.concealed, one.damage)
    np.testing.assert_array_equal(list(one.read()), list(many.read()))


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".mov"])
def test_a_file_cut_anywhere_is_refused_or_flagged(tmp_path: Path, pictures: Pictures, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    write_video(whole, pictures, Fraction(25))
    content = whole.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    for share in (0.0002, 0.003, 0.02, 0.1, 0.3, 0.5, 0.8, 0.9):
        cut.write_bytes(content[: max(1, int(share * len(content)))])
        try:
            scan = scan_video(cut)
        except MediaError as error:
            assert str(cut) in error.problem and error.remedy
            continue
        assert scan.n_frames < len(pictures)
        assert scan.damage is not None and scan.damage.startswith("cut short")
        # Matroska promises a time, not a number of frames.
        assert scan.announced == len(pictures) or suffix == ".mkv"


def test_an_mp4_cut_after_its_index_is_flagged(tmp_path: Path, pictures: Pictures) -> None:
    whole = tmp_path / "whole.mp4"
    write_video(whole, pictures, Fraction(25))
    fast = tmp_path / "fast.mp4"
    with av.open(str(whole)) as old, av.open(str(fast), "w", options={"movflags": "faststart"}) as new:
        copy = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                new.mux(packet)
    fast.write_bytes(fast.read_bytes()[: int(0.6 * fast.stat().st_size)])
    scan = scan_video(fast)
    assert 0 < scan.n_frames < len(pictures) == scan.announced
    assert scan.damage is not None


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".mov"])
@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 not a video\n" * 50, b"\x00" * 4000, b"RIFF\xff\xff\xff\xffAVI "])
def test_what_is_no_video_is_a_media_error(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"notes{suffix}"
    path.write_bytes(content)
    for use in (scan_video, read_sound, lambda item: list(read_video(item))):
        with pytest.raises(MediaError) as caught:
            use(path)
        assert str(path) in caught.value.problem and caught.value.remedy
    if not content:
        assert "empty" in caught.value.problem


def test_a_missing_file_and_a_folder_are_media_errors(tmp_path: Path) -> None:
    for path, problem in ((tmp_path / "no.mp4", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(MediaError, match=problem):
            scan_video(path)


@pytest.mark.parametrize(
    ("names", "problem", "remedy"),
    [
        ([], "is a folder, and empty", "Name a video"),
        (["a.mp4"], "is a folder, not a video", "Name the videos in it"),
        (["f0000.png", "f0001.png"], "is a folder of images", r"-framerate 25 -i .*f%04d\.png -c:v ffv1 scan\.mkv"),
        (["im-12.TIF", "im-13.TIF"], "is a folder of images", r"-start_number 12 -i .*im-%02d\.TIF -c:v"),
    ],
)
def test_what_a_folder_holds_is_said(tmp_path: Path, names: list[str], problem: str, remedy: str) -> None:
    folder = tmp_path / "scan"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"")
    with pytest.raises(MediaError, match=problem) as caught:
        scan_video(folder)
    assert re.search(remedy, caught.value.remedy)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        stream.codec_context.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="holds no video"):
        scan_video(tmp_path / "sound.mp4")


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=60)), min_size=1, max_size=8))
def test_flipped_bytes_never_raise_anything_else(
    tmp_path: Path, pictures: Pictures, flips: list[tuple[float, bytes]]
) -> None:
    whole = tmp_path / "whole.mp4"
    if not whole.exists():
        write_video(whole, pictures[:12], Fraction(25))
    content = bytearray(whole.read_bytes())
    for place, noise in flips:
        start = int(place * len(content))
        content[start : start + len(noise)] = noise[: len(content) - start]
    path = tmp_path / "flipped.mp4"
    path.write_bytes(content)
    try:
        assert scan_video(path).n_frames > 0
    except MediaError as error:
        assert str(path) in error.problem


def damage(path: Path, pictures: Pictures, indices: tuple[int, ...], share: float) -> None:
    """Write an mp4 and spoil the last ``share`` of some of its packets."""
    write_plain(path, pictures)
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(container.streams.video[0]) if packet.size]
    content = bytearray(path.read_bytes())
    for index in indices:
        start, size = packets[index]
        spoilt = int(size * share)
        content[start + size - spoilt : start + size] = b"\xff" * spoilt
    path.write_bytes(content)


def test_damaged_packets_are_counted_and_the_rest_is_read(tmp_path: Path, pictures: Pictures) -> None:
    path = tmp_path / "clip.mp4"
    damage(path, pictures, (20, 21, 30), 1.0)
    scan = scan_video(path)
    assert scan.damaged == 3 and scan.n_frames == len(pictures) - 3 and scan.announced == len(pictures)
    assert scan.damage is not None and scan.damage.startswith("3 damaged packet(s); 51 frames of 54 announced")
    assert len(list(read_video(path))) == scan.n_frames
    # The frames around the gap are still at their own times.
    assert scan.starts[-1] == pytest.approx((len(pictures) - 1) * 0.04)


def test_frames_filled_in_by_the_decoder_are_counted(tmp_path: Path, pictures: Pictures) -> None:
    path = tmp_path / "clip.mp4"
    damage(path, pictures, (25,), 0.6)
    scan = scan_video(path)
    assert scan.n_frames == len(pictures) and scan.damaged == 0 and scan.concealed == 1


def test_over_bright_frames_at_the_start_are_flagged_and_kept_from_the_histogram(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 100, (80, 16, 16)).astype(np.uint8)
    frames[:7] += np.array([150, 120, 90, 60, 40, 20, 10], np.uint8)[:, None, None]
    path = tmp_path / "scan.mkv"
    write_video(path, frames, Fraction(25), lossless=True)
    scan = scan_video(path)
    assert scan.over_bright == 7
    assert np.array_equal(scan.histogram, np.bincount(frames[7:].ravel(), minlength=256))


def test_a_steady_scan_has_no_over_bright_frames_and_late_brightness_is_none(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 100, (80, 16, 16)).astype(np.uint8)
    frames[40:50] += 100
    path = tmp_path / "scan.mkv"
    write_video(path, frames, Fraction(25), lossless=True)
    assert scan_video(path).over_bright == 0


def test_blank_and_frozen_pictures_are_found(tmp_path: Path, pictures: Pictures) -> None:
    frames = pictures[:12].copy()
    frames[3], frames[9] = 0, 200
    write_video(tmp_path / "blank.mkv", frames, Fraction(25), lossless=True)
    scan = scan_video(tmp_path / "blank.mkv")
    assert scan.blank == [3, 9] and not scan.frozen
    write_video(tmp_path / "frozen.mkv", [pictures[0]] * 12, Fraction(25), lossless=True)
    assert scan_video(tmp_path / "frozen.mkv").frozen
    write_video(tmp_path / "one.mkv", [pictures[0]], Fraction(25), lossless=True)
    assert not scan_video(tmp_path / "one.mkv").frozen


def test_a_picture_that_changes_size_is_refused(
    tmp_path: Path, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.mkv"
    write_video(path, pictures[:6], Fraction(25), lossless=True)
    whole, count = GrayConverter.__call__, 0

    def shrinking(self: GrayConverter, frame: av.VideoFrame) -> np.ndarray:
        nonlocal count
        count += 1
        return whole(self, frame) if count < 4 else whole(self, frame)[:32]

    monkeypatch.setattr(GrayConverter, "__call__", shrinking)
    with pytest.raises(MediaError, match=r"change size at frame 3 \(64x64 to 64x32\)"):
        scan_video(path)


def test_writing_no_frame_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no frame"):
        write_video(tmp_path / "none.mp4", [], Fraction(25))
    assert not list(tmp_path.iterdir())


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, pictures: Pictures) -> None:
    def frames() -> Iterator[Pictures]:
        yield pictures[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(tmp_path / "half.mp4", frames(), Fraction(25))
    assert not list(tmp_path.iterdir())


def test_writing_where_a_file_is_in_the_way_is_a_user_error(tmp_path: Path, pictures: Pictures) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be written"):
        write_video(tmp_path / "file" / "clip.mp4", pictures[:2], Fraction(25))
