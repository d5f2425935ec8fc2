"""``rtmri2speech tract``: what it writes, prints and refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rtmri2speech as r2s
from drawn_recording import tube_labels, write_recording
from made_tracts import made_tract, voice_of
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.vocal_tract.measurement import measure
from rtmri2speech.vocal_tract.measurement.tract import COLUMNS
from tables import rows_of

Run = Callable[..., Any]


def test_a_video_becomes_arrays_and_a_table(run: Run, tmp_path: Path) -> None:
    video = write_recording(tmp_path, [tube_labels(12.0)] * 2)
    out = tmp_path / "out"
    done = run("tract", video, "--regions", tmp_path / "clip_regions.npz", "--out", out)
    assert done.code == 0 and "clip_tract.npz: Tract of clip: 2 frames" in done.out, done.err
    assert "note: clip.mkv: a pixel is 0.90 mm, as the file of labels says." in done.err
    assert tuple(rows_of(out / "clip_tract.csv")[0]) == COLUMNS
    assert r2s.read_tract(out / "clip_tract.npz").length.shape == (2,)


def test_a_batch_finishes_the_rest_and_lists_what_failed(run: Run, tmp_path: Path) -> None:
    videos = [write_recording(tmp_path, [tube_labels(12.0)], name=name) for name in ("a", "b", "c")]
    (tmp_path / "b_regions.npz").unlink()
    videos[0].write_bytes(b"no video")
    done = run("tract", *videos, "--regions", tmp_path, "--out", tmp_path / "out", "--pixel-mm", 0.9)
    assert done.code == 1 and "c_tract.npz" in done.out
    assert str(videos[0]) in done.err and "no b_regions.npz there" in done.err and "--regions" in done.err
    looks = [f"c_tract.{kind}" for kind in ("csv", "mp4", "npz", "pdf", "png", "svg")]
    names = sorted(["c_gestures.TextGrid", "c_gestures.csv", *looks])
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == names


def test_an_annotation_next_to_the_video_gives_tokens(run: Run, tmp_path: Path) -> None:
    video, out = write_recording(tmp_path, [tube_labels(12.0)] * 8), tmp_path / "out"
    regions = ("--regions", tmp_path / "clip_regions.npz")
    (tmp_path / "clip.csv").write_text("label,start,end\na,0.0,0.1\nO,0.1,0.2\n", encoding="utf-8")
    done = run("tract", video, *regions, "--out", out, "--formats", "ssff", "mat")
    assert done.code == 0, done.err
    assert [row["label"] for row in rows_of(out / "clip_tokens.csv")] == ["a"]
    for name in ("clip_vowels.csv", "clip_vowels.pdf", "clip.areas", "clip_tract.mat", "clip_gestures.TextGrid"):
        assert (out / name).is_file(), name
    run("tract", video, *regions, "--out", out, "--label", "O")
    assert [row["label"] for row in rows_of(out / "clip_tokens.csv")] == ["O"]


def test_an_annotation_that_does_not_fit(run: Run, tmp_path: Path) -> None:
    video, out = write_recording(tmp_path, [tube_labels(12.0)] * 8), tmp_path / "out"
    regions = ("--regions", tmp_path / "clip_regions.npz")
    (tmp_path / "clip.csv").write_text("label,start,end\nA,0.0,0.1\n", encoding="utf-8")
    done = run("tract", video, *regions, "--out", out)
    assert done.code == 0 and "holds no vowel of 30 ms or more. Name what counts: --label." in done.err
    assert (out / "clip_tract.npz").is_file() and not (out / "clip_tokens.csv").exists()
    done = run("tract", video, *regions, "--out", tmp_path / "none", "--textgrid", tmp_path / "clip.csv")
    assert "holds no vowel of 30 ms or more" in done.problem and not (tmp_path / "none").exists()
    write_textgrid(interval_grid({"phones": [(0.0, 9.0, "a")]}, 9.0), tmp_path / "long.TextGrid")
    done = run("tract", video, *regions, "--out", tmp_path / "none", "--textgrid", tmp_path / "long.TextGrid")
    assert "not an annotation of this sound" in done.problem and not (tmp_path / "none").exists()
    done = run("tract", video, video.with_name("b.mp4"), "--out", out, "--textgrid", tmp_path / "clip.csv")
    assert "--textgrid" in done.problem and "goes with one video" in done.problem


def test_the_sound_next_to_a_video_is_compared(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("parselmouth", reason="Praat is not installed")
    video, out = write_recording(tmp_path, [tube_labels(12.0)] * 20), tmp_path / "out"
    voice = voice_of(made_tract(20))
    write_wav(tmp_path / "clip.wav", voice.samples, voice.rate)
    regions = ("--regions", tmp_path / "clip_regions.npz", "--out", out)
    done = run("tract", video, *regions, "--frames", 3)
    assert done.code == 0 and "\n  F1: r " in done.out, done.err
    for name in ("clip_tract_formants.csv", "clip_tract_formants.json", "clip_tract_frame3.pdf", "clip_tract.mp4"):
        assert (out / name).is_file(), name
    none = run(
        "tract",
        video,
        "--regions",
        tmp_path / "clip_regions.npz",
        "--out",
        tmp_path / "none",
        "--audio",
        "none",
        "--numbers-only",
    )
    assert "F1: r" not in none.out
    assert not [file for file in (tmp_path / "none").iterdir() if file.suffix in (".mp4", ".pdf", ".json")]


def test_sound_that_cannot_be_used_is_told_and_refused_where_it_was_asked_for(run: Run, tmp_path: Path) -> None:
    video, out = write_recording(tmp_path, [tube_labels(12.0)] * 2), tmp_path / "out"
    regions = ("--regions", tmp_path / "clip_regions.npz", "--out", out, "--numbers-only")
    write_wav(tmp_path / "clip.wav", np.zeros(30_000, np.float32), 10_000)
    done = run("tract", video, *regions)
    assert done.code == 0 and "without the sound" in done.err and "--audio" in done.err
    done = run("tract", video, *regions, "--audio", "track")
    assert "no sound track" in done.problem
    done = run("tract", video, *regions, "--audio", tmp_path / "no.wav")
    assert "no.wav" in done.problem
    done = run("tract", video, video.with_name("b.mp4"), *regions, "--audio", tmp_path / "clip.wav")
    assert "goes with one video" in done.problem and "--audio" in done.problem


def test_nothing_is_measured_before_what_was_asked_for_is_known_to_fit(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = write_recording(tmp_path, [tube_labels(12.0)] * 8)
    write_textgrid(interval_grid({"phones": [(0.0, 9.0, "a")]}, 9.0), tmp_path / "long.TextGrid")
    monkeypatch.setattr(measure, "measure_geometry", lambda *_, **__: pytest.fail("it was measured"))
    for words, named in (
        (["--textgrid", tmp_path / "long.TextGrid"], "long.TextGrid"),
        (["--frames", 8], "--frames 8"),
        (["--audio", "track"], "--audio track"),
    ):
        done = run("tract", video, "--regions", tmp_path / "clip_regions.npz", "--out", tmp_path / "out", *words)
        assert done.code == 1 and named in done.problem, done.err


def test_frames_that_are_not_there_are_refused(run: Run, tmp_path: Path) -> None:
    video, out = write_recording(tmp_path, [tube_labels(12.0)] * 2), tmp_path / "out"
    done = run("tract", video, "--regions", tmp_path / "clip_regions.npz", "--out", out, "--frames", 2)
    assert "--frames 2" in done.problem and not out.exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--pixel-mm", 99], "--pixel-mm 99"),
        (["--smoothing", 7], "--smoothing 7"),
        (["--area-model", "no.json"], "no.json"),
        (["--model", "other"], "--model other"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(run: Run, tmp_path: Path, words: list[Any], named: str) -> None:
    video = write_recording(tmp_path, [tube_labels(12.0)])
    done = run("tract", video, *words, "--regions", tmp_path / "clip_regions.npz", "--out", tmp_path / "out")
    assert named in done.problem and done.remedy
    assert not (tmp_path / "out").exists()


def test_videos_of_one_name_are_refused(run: Run, tmp_path: Path) -> None:
    done = run("tract", tmp_path / "a.mp4", tmp_path / "b" / "a.avi", "--out", tmp_path)
    assert "2 recordings are called 'a'" in done.problem and "--out" in done.remedy
