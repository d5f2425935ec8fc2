"""``render``: films of maps and of hidden regions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from rtmri2speech.data.media.audio import read_sound, write_wav

Run = Callable[..., Any]
FRAMES = 68
SMALL = ["--resize", 64, 48]


@pytest.fixture(scope="session")
def maps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two files of maps of the talker."""
    folder, rng = tmp_path_factory.mktemp("maps"), np.random.default_rng(0)
    paths = [folder / f"gradcam_{name}_sequence.npy" for name in ("F1", "F2")]
    for path in paths:
        np.save(path, rng.random((FRAMES, 16, 16), np.float32))
    return paths


def look_at(path: Path) -> tuple[int, int, int, bool]:
    """Width, height, frames, and whether there is sound."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        count = sum(1 for _ in container.decode(stream))
        return stream.width, stream.height, count, bool(container.streams.audio)


def test_the_memos_slow_motion(run: Run, talker: Path, maps: list[Path], tmp_path: Path) -> None:
    words = ["--video", talker, "--sequence", maps[0], "--start_frame", 60, "--output", tmp_path / "slow.mp4"]
    result = run("render", "heatmap", *words, "--fps", 5, "--repeat", 4, "--alpha", 0.7, *SMALL)
    assert result.code == 0 and "8 maps, 6.4 s" in result.out
    assert look_at(tmp_path / "slow.mp4") == (64, 48, 32, False)
    assert run("render", "heatmap", maps[0], "--end-frame", 2, "--out", tmp_path / "black.mp4", "--legend").code == 0
    width, height, count, _ = look_at(tmp_path / "black.mp4")
    assert width == 512 < height and count == 12


def test_the_memos_overlay(run: Run, talker: Path, maps: list[Path], tmp_path: Path) -> None:
    sound = tmp_path / "000_generated.wav"
    write_wav(sound, 0.5 * np.sin(0.2 * np.arange(FRAMES * 420)), 11413)
    words = ["--video", talker, "--heatmap", maps[0], "--heatmap2", maps[1], "--audio", sound]
    out = tmp_path / "overlay.mp4"
    result = run("render", "overlay", *words, "--output", out, "--alpha", 0.7, "--resize", 256, 256)
    assert result.code == 0 and "68 frames, with sound" in result.out
    assert look_at(out) == (256, 256, FRAMES, True)
    assert np.abs(read_sound(out).samples[20_000:60_000]).max() == pytest.approx(0.5, abs=0.05)


def test_the_videos_own_sound_or_none(run: Run, talker: Path, maps: list[Path], tmp_path: Path) -> None:
    words = ["render", "overlay", talker, "--heatmap", maps[0], *SMALL, "--out"]
    assert run(*words, tmp_path / "own.mp4").code == 0
    own, given = read_sound(tmp_path / "own.mp4"), read_sound(talker.with_suffix(".wav"))
    assert np.abs(own.samples).max() == pytest.approx(np.abs(given.samples).max(), rel=0.2)
    assert run(*words, tmp_path / "silent.mp4", "--silent").code == 0
    alone = shutil.copy(talker, tmp_path / "alone.mp4")
    assert "without sound" in run("render", "overlay", alone, *words[3:], tmp_path / "none.mp4").out
    assert not any(look_at(tmp_path / name)[3] for name in ("silent.mp4", "none.mp4"))


def test_regions_are_hidden(run: Run, talker: Path, tmp_path: Path) -> None:
    words = ["render", "masked", talker, "--region", "tongue", "lips", "--resize", 192, 192, "--silent"]
    for name, more in (("whole", ["--alpha", 1]), ("dark", []), ("half", ["--alpha", 0.5, "--legend"])):
        assert run(*words, "--out", tmp_path / f"{name}.mp4", *more).code == 0
    pictures = {}
    for name in ("whole", "dark", "half"):
        with av.open(str(tmp_path / f"{name}.mp4")) as container:
            pictures[name] = next(iter(container.decode(video=0))).to_ndarray(format="gray").astype(int)
    assert pictures["half"].shape[0] > 192 == pictures["dark"].shape[0]
    tongue = (slice(100, 110), slice(64, 77))
    assert pictures["dark"][tongue].max() < 12 and pictures["whole"][tongue].mean() > 20
    ratio = pictures["half"][tongue].mean() / pictures["whole"][tongue].mean()
    assert ratio == pytest.approx(0.5, abs=0.05)
    # What is not hidden keeps its grey.
    assert np.abs(pictures["dark"] - pictures["whole"])[120:, 120:].mean() < 3


BAD: list[tuple[str, list[Any], str]] = [
    ("overlay", ["--resize", 255, 255], "255 x 255"),
    ("overlay", ["--resize", 64, 8], "--resize 64 8"),
    ("overlay", ["--alpha", 1.5], "--alpha 1.5"),
    ("overlay", ["--gain", 0], "--gain 0"),
    ("overlay", ["--audio", "none.wav"], "none.wav"),
    ("overlay", ["--out", "film.avi"], "film.avi"),
    ("overlay", ["--heatmap2", "none.npy"], "none.npy"),
    ("heatmap", ["--start-frame", 68], "--start-frame 68"),
    ("heatmap", ["--end-frame", 90], "--end-frame 90"),
    ("heatmap", ["--start-frame", 9, "--end-frame", 8], "no frame from 9 to 8"),
    ("heatmap", ["--repeat", 0], "--repeat 0"),
    ("heatmap", ["--fps", 0], "--fps 0"),
    ("masked", ["--region", "nose"], "'nose'"),
    ("masked", ["--region", "tongue", "--alpha", -1], "--alpha -1"),
]


@pytest.mark.parametrize(("command", "words", "named"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_done_is_one_line(
    run: Run, talker: Path, maps: list[Path], tmp_path: Path, command: str, words: list[Any], named: str
) -> None:
    given = {"overlay": [talker, "--heatmap", maps[0]], "heatmap": [maps[0]], "masked": [talker]}[command]
    out = [] if "--out" in words else ["--out", tmp_path / "film.mp4"]
    result = run("render", command, *given, *words, *out)
    assert named in result.problem and result.remedy
    assert not list(tmp_path.iterdir())


def test_what_does_not_belong_together(
    run: Run, talker: Path, fast_talker: Path, maps: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "film.mp4"
    words = ["render", "overlay", fast_talker, "--heatmap", maps[0], *SMALL, "--out", out]
    assert "maps of a clip of 68 frames, but" in run(*words).problem
    write_wav(tmp_path / "long.wav", np.zeros(11413 * 4), 11413)
    words = ["render", "overlay", talker, "--heatmap", maps[0], "--audio", tmp_path / "long.wav", *SMALL]
    assert "sound from 0.00 to 4.00 s next to a video of 2.50 s" in run(*words, "--out", out).problem
    assert not out.exists()
