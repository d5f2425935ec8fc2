"""Films: exact times, sound where it belongs, colours as given."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.data.media.audio import Sound, read_sound
from rtmri2speech.data.media.movies import SOUND_RATE, cut_sound, write_movie
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.signal.features import FeatureConfig

FEATURES = FeatureConfig()
RATE, HOP = FEATURES.frame_rate, FEATURES.hop_length
FLASHES = (20, 75)
ORANGE, BLUE = (255, 140, 26), (20, 60, 200)


def flashes(count: int = 100) -> list[NDArray[np.uint8]]:
    """Blue, and orange in some frames."""
    frames = np.full((count, 48, 64, 3), BLUE, np.uint8)
    for number in FLASHES:
        frames[number : number + 1] = ORANGE
    return list(frames)


def clicks(count: int = 100) -> Sound:
    """Silence, and a short tone where those frames begin."""
    samples = np.zeros(count * HOP, np.float32)
    for number in FLASHES:
        samples[number * HOP : number * HOP + 60] = 0.8 * np.sin(0.8 * np.arange(60))
    return Sound(samples, FEATURES.sample_rate, 0.0)


def decoded(path: Path) -> tuple[list[Fraction], NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [(frame.pts * frame.time_base, frame.to_ndarray(format="rgb24")) for frame in container.decode(stream)]
    return [time for time, _ in found], np.stack([pixels for _, pixels in found])


def test_the_clock_is_exact_and_sound_begins_with_its_frame(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    assert write_movie(path, flashes(), RATE, clicks()) == 100
    times, pictures = decoded(path)
    assert times == [i / RATE for i in range(100)]
    assert [i for i, one in enumerate(pictures) if one[24, 32, 0] > 128] == list(FLASHES)
    sound = read_sound(path)
    assert sound.rate == SOUND_RATE and sound.start == 0.0
    loud = np.flatnonzero(np.abs(sound.samples) > 0.3) / SOUND_RATE
    for number, onset in zip(FLASHES, (loud[0], loud[loud > 1.5][0]), strict=True):
        assert onset == pytest.approx(float(number / RATE), abs=1e-3)
    # To a packet of AAC; the encoder may pad its last one.
    assert 0 <= sound.duration - float(100 / RATE) < 0.03


def test_what_a_browser_needs(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_movie(path, flashes(), RATE, clicks())
    content = path.read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat"), "the index comes first"
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.pix_fmt) == ("h264", "yuv420p")
        assert (audio.codec_context.name, audio.rate) == ("aac", 48_000)
        assert video.average_rate == RATE
        order = [packet.stream.type for packet in container.demux() if packet.size]
    assert order[:40].count("audio") > 5, "sound and picture lie side by side"
    assert [item.name for item in tmp_path.iterdir()] == ["film.mp4"]


def test_colours_come_out_as_they_went_in(tmp_path: Path) -> None:
    write_movie(tmp_path / "film.mp4", flashes(30), Fraction(5))
    _, pictures = decoded(tmp_path / "film.mp4")
    assert np.abs(pictures[FLASHES[0]].astype(int) - ORANGE).max() <= 4
    assert np.abs(pictures[0].astype(int) - BLUE).max() <= 4


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        write_movie(tmp_path / name, flashes(), RATE, clicks())
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


@pytest.mark.parametrize("seconds", [0.5, 9.0])
def test_sound_has_the_length_of_the_picture(tmp_path: Path, seconds: float) -> None:
    tone = np.sin(0.3 * np.arange(round(16_000 * seconds))).astype(np.float32)
    write_movie(tmp_path / "film.mp4", flashes(50), RATE, Sound(tone, 16_000, 0.0))
    samples = read_sound(tmp_path / "film.mp4").samples
    assert len(samples) / SOUND_RATE == pytest.approx(float(50 / RATE), abs=0.03)
    if seconds < 1:
        assert np.abs(samples[round(0.55 * SOUND_RATE) :]).max() < 0.01 < np.abs(samples[:20_000]).max()


def test_sound_is_cut_and_delayed() -> None:
    sound = Sound(np.arange(1, 11, dtype=np.float32), 10, 2.0)
    assert cut_sound(sound, 2.3).samples.tolist() == [4, 5, 6, 7, 8, 9, 10]
    assert cut_sound(sound, 1.8).samples.tolist()[:4] == [0, 0, 1, 2]


@pytest.mark.parametrize(("height", "width"), [(48, 63), (47, 64), (1, 1)])
def test_odd_sizes_are_refused_and_nothing_is_written(tmp_path: Path, height: int, width: int) -> None:
    with pytest.raises(ConfigError, match=f"{width} x {height} pixels") as caught:
        write_movie(tmp_path / "film.mp4", [np.zeros((height, width, 3), np.uint8)], RATE)
    assert "Take" in caught.value.remedy and not list(tmp_path.iterdir())


def test_other_containers_and_empty_films_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"film\.avi"):
        write_movie(tmp_path / "film.avi", flashes(2), RATE)
    with pytest.raises(UserError, match="no frame"):
        write_movie(tmp_path / "film.mp4", [], RATE)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot be written"):
        write_movie(tmp_path / "file" / "film.mp4", flashes(2), RATE)
