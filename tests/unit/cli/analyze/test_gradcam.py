"""``analyze``: from a video to maps, and what it cannot work with."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rtmri2speech.data.annotation.grid import moved
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.textgrid import interval_grid, read_textgrid, write_textgrid
from rtmri2speech.models.bundle.model_file import Bundle, save_bundle
from rtmri2speech.signal.frames import FrameConfig
from tables import rows_of
from talker import speak

Run = Callable[..., Any]
FRAMES = 68


@pytest.fixture(scope="session")
def eyes(tmp_path_factory: pytest.TempPathFactory, make_bundle: Callable[..., Bundle]) -> Path:
    """A file of a small acoustic model for pictures of 64 x 64."""
    path = tmp_path_factory.mktemp("eyes") / "eyes.safetensors"
    save_bundle(make_bundle("acoustic", frames=FrameConfig(size=64)), path)
    return path


def test_the_memos_command_writes_the_memos_files(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    bands = ["--formant-band", "F1:300-900", "--formant-band", "F2:900-2500"]
    words = [*bands, "--target-frames", 6, 9, 67, "--device", "cpu"]
    result = run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, *words)
    assert result.code == 0 and result.err == ""
    for band in ("F1", "F2"):
        sequence = np.load(tmp_path / f"gradcam_{band}_sequence.npy")
        assert sequence.shape == (FRAMES, 64, 64) and sequence.dtype == np.float32
        assert sequence.min() < 0 < sequence.max()
        average = np.load(tmp_path / f"gradcam_{band}_average.npy")
        np.testing.assert_allclose(average, sequence.mean(axis=0), rtol=1e-4, atol=1e-7 * np.abs(sequence).max())
        for name in ("average", "frame006", "frame009", "frame067"):
            assert Image.open(tmp_path / f"gradcam_{band}_{name}.png").size[0] > 400
    about = json.loads((tmp_path / "gradcam_metadata.json").read_text(encoding="utf-8"))
    assert about["stride_pixels"] == 32 and about["target"] == "energy" and about["n_frames"] == FRAMES
    scales = [float(np.abs(np.load(tmp_path / band["sequence"])).max()) for band in about["bands"]]
    assert [band["scale"] for band in about["bands"]] == pytest.approx(scales)
    assert [band["mel_bins"] for band in about["bands"]] == [[7, 20], [21, 44]]
    rows = rows_of(tmp_path / "targets.csv")
    assert len(rows) == FRAMES and all(float(row["F1 (power)"]) > 0 for row in rows)
    # Beside the memo's maps stand finer ones, each of what suits it.
    finer = json.loads((tmp_path / "hirescam_metadata.json").read_text(encoding="utf-8"))
    assert finer["stride_pixels"] == 16 and finer["target"] == "centroid" and finer["target_unit"] == "Hz"
    assert [band["target_mean"] for band in finer["bands"]] == pytest.approx(
        [np.mean([float(row[f"{band} (Hz)"]) for row in rows]) for band in ("F1", "F2")], rel=1e-4
    )
    words = ["--method", "hirescam", "--target", "centroid", "--device", "cpu"]
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path / "alone", *words).code == 0
    for band in ("F1", "F2"):
        alone, beside = (np.load(path / f"hirescam_{band}_sequence.npy") for path in (tmp_path / "alone", tmp_path))
        np.testing.assert_allclose(alone, beside, rtol=1e-4, atol=1e-6 * np.abs(alone).max())
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("target", ["log-energy", "centroid", "adaptive"])
def test_both_methods_and_every_target(run: Run, talker: Path, eyes: Path, tmp_path: Path, target: str) -> None:
    words = ["--method", "gradcam", "hirescam", "--target", target, "--stride", 8, "--device", "cpu"]
    result = run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, *words)
    assert result.code == 0
    about = json.loads((tmp_path / "hirescam_metadata.json").read_text(encoding="utf-8"))
    assert about["stride_pixels"] == 8 and about["target_unit"] in ("dB", "Hz")
    coarse, fine = (np.load(tmp_path / f"{name}_F1_sequence.npy") for name in ("gradcam", "hirescam"))
    assert coarse.shape == fine.shape and not np.allclose(coarse, fine)


def test_cells_alone_take_little_and_serve_all_that_follows(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    words = ["--segment", "a:0.8-1.2", "--segment", "b:1.3-1.5", "--target-frames", 6, "--device", "cpu"]
    for name, more in (("pixels", []), ("cells", ["--cells"])):
        assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path / name, *words, *more).code == 0
        assert run("analyze", "regions", tmp_path / name).code == 0
    pixels, cells = ({path.name for path in (tmp_path / name).iterdir()} for name in ("pixels", "cells"))
    assert cells - pixels == {"mean_frame.png"} and {Path(name).suffix for name in pixels - cells} == {".npy"}
    assert not any(name.endswith(".npy") for name in cells) and "hirescam_F2_a-minus-b_difference.png" in cells
    for method in ("gradcam", "hirescam"):
        one, other = (np.load(tmp_path / name / f"{method}_cells.npz") for name in ("pixels", "cells"))
        for band in ("F1", "F2"):
            assert one[band].dtype == np.float32
            np.testing.assert_allclose(one[band], other[band], rtol=1e-5, atol=1e-6 * float(np.abs(one[band]).max()))
        tables = [
            (tmp_path / name / f"{method}_regions.csv").read_text(encoding="utf-8") for name in ("pixels", "cells")
        ]
        assert [line.split(",")[:4] for line in tables[0].splitlines()] == [
            line.split(",")[:4] for line in tables[1].splitlines()
        ]
    # The names of sequences stand for what is made from cells.
    out = tmp_path / "slow.mp4"
    for name in ("gradcam_F1_sequence.npy", "hirescam_F2_aSegment_sequence.npy"):
        words = ["--video", talker, "--out", out, "--resize", 64, 64]
        result = run("render", "heatmap", tmp_path / "cells" / name, *words)
        assert result.code == 0 and f"{FRAMES if 'F1' in name else 11} maps" in result.out
    assert "no such file" in run("render", "heatmap", tmp_path / "cells" / "gradcam_F9_sequence.npy", *words).problem
    # Pixels in the same folder again: nothing of the cells alone is left.
    words = ["--device", "cpu"]
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path / "cells", *words).code == 0
    names = {path.name for path in (tmp_path / "cells").iterdir()}
    assert "mean_picture.npy" in names and "mean_frame.png" not in names and "segments.csv" not in names


def test_full_color_of_each_frame_by_its_new_and_old_name(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    words = ["--method", "gradcam", "--target-frames", 6, "--device", "cpu", "--cells"]
    for name in ("frame", "picture"):
        assert (
            run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path / name, *words, "--scale", name).code
            == 0
        )
    one, other = ((tmp_path / name / "gradcam_F1_frame006.png").read_bytes() for name in ("frame", "picture"))
    assert one == other
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, "--scale", "all").code == 1


def test_segments_by_time_and_by_label(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    grid = tmp_path / "talker.TextGrid"
    phones = [(0.1, 0.5, "i"), (0.6, 1.0, "a"), (1.2, 1.6, "i")]
    write_textgrid(interval_grid({"phones": phones}, 2.5), grid)
    out = tmp_path / "out"
    words = ["--segment", "x:0.8-1.2", "--textgrid", grid, "--label", "a", "i", "--device", "cpu"]
    result = run("analyze", "gradcam", talker, "--model", eyes, "--out", out, *words)
    assert result.code == 0, result.err
    whole = np.load(out / "gradcam_F2_sequence.npy")
    # Frame i has its centre at (i + 0.5) / 27.17 s: 22 is the first after 0.8 s, 32 the last before 1.2 s.
    np.testing.assert_array_equal(np.load(out / "gradcam_F2_xSegment_sequence.npy"), whole[22:33])
    for name in ("aSegment_mean.png", "iSegment_spread.npy", "a-minus-i_difference.png", "x-minus-a_difference.npy"):
        assert (out / f"gradcam_F1_{name}").is_file()
    table = (out / "segments.csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == 5 and "times start" not in result.err
    write_textgrid(moved(read_textgrid(grid), -100.0), grid)
    shifted = run("analyze", "gradcam", talker, "--model", eyes, "--out", out, *words)
    assert shifted.code == 0 and "talker.TextGrid: its times start at 100 s" in shifted.err
    assert (out / "segments.csv").read_text(encoding="utf-8") == table


def test_a_second_run_gives_the_same_bytes(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path / name).code == 0
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


BAD: list[tuple[list[Any], str]] = [
    (["--formant-band", "F1:300-6000"], "F1:300-6000"),
    (["--formant-band", "F1:310-312"], "F1:310-312"),
    (["--target-frames", 6, 68], "--target-frames 68: "),
    (["--target-frames", -1], "--target-frames -1: "),
    (["--segment", "2-3"], "--segment 2-3: "),
    (["--segment", "0.8..1.2"], "not understood"),
    (["--method", "hirescam", "--stride", 7], "--stride 7"),
    (["--label", "a"], "TextGrid"),
    (["--textgrid", "none.TextGrid"], "none.TextGrid"),
    (["--textgrid", "none.TextGrid", "--label", "a"], "none.TextGrid"),
    (["--fps", "0"], "--fps 0"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_done_is_one_line(
    run: Run, talker: Path, eyes: Path, tmp_path: Path, words: list[Any], named: str
) -> None:
    result = run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path / "out", *words)
    assert named in result.problem and result.remedy
    assert not (tmp_path / "out").exists()


def test_a_model_without_an_acoustic_stage(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    result = run("analyze", "gradcam", talker, "--model", model_files["vocoder"], "--out", tmp_path)
    assert str(model_files["vocoder"]) in result.problem and "no acoustic model" in result.problem


def test_regions_of_maps(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    words = ["--segment", "a:0.8-1.2", "--device", "cpu"]
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, *words).code == 0
    result = run("analyze", "regions", tmp_path)
    assert result.code == 0 and "tongue" in result.out
    rows = rows_of(tmp_path / "hirescam_regions.csv")
    assert {row["segment"] for row in rows} == {"all", "a"} and {row["band"] for row in rows} == {"F1", "F2"}
    assert all(0 <= float(row["share"]) <= 1 for row in rows)
    assert len(rows_of(tmp_path / "gradcam_regions_time.csv")) == FRAMES * 2 * 8
    assert Image.open(tmp_path / "gradcam_regions.png").size[0] > 800
    assert run("analyze", "regions", tmp_path, "--only", "lips", "velum").code == 0
    assert "'nose'" in run("analyze", "regions", tmp_path, "--only", "nose").problem
    assert "x.png" in run("analyze", "regions", tmp_path, "--regions", "x.png").problem
    assert str(tmp_path / "none") in run("analyze", "regions", tmp_path / "none").problem
    (tmp_path / "gradcam_metadata.json").write_text("{}", encoding="utf-8")
    assert "gradcam_metadata.json" in run("analyze", "regions", tmp_path).problem


def test_labels_count_from_the_begin_of_the_sound(
    run: Run, mux: Callable[..., Path], eyes: Path, tmp_path: Path
) -> None:
    talk = speak(2.5, seed=3, size=64)
    sound = (talk.audio, talk.sample_rate, "pcm_s16le", Fraction(-1, 4))
    video = mux(tmp_path / "early.mkv", talk.frames, talk.frame_rate, *sound)
    grid = tmp_path / "early.TextGrid"
    write_textgrid(interval_grid({"phones": [(1.05, 1.45, "a")]}, 2.5), grid)
    words = ["--textgrid", grid, "--label", "a", "--method", "gradcam", "--device", "cpu"]
    assert run("analyze", "gradcam", video, "--model", eyes, "--out", tmp_path / "out", *words).code == 0
    (row,) = rows_of(tmp_path / "out" / "segments.csv")
    assert float(row["start_s"]) == pytest.approx(0.8, abs=2e-3)
    assert (row["first_frame"], row["last_frame"]) == ("22", "32")


def test_a_folder_used_again_holds_nothing_of_the_run_before(
    run: Run, talker: Path, eyes: Path, tmp_path: Path
) -> None:
    words = ["--segment", "a:0.8-1.2", "--segment", "b:1.3-1.5", "--target-frames", 6, "--device", "cpu"]
    words += ["--formant-band", "F3:2500-3500"]
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, *words).code == 0
    assert run("analyze", "regions", tmp_path).code == 0
    (tmp_path / "notes_regions.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "gradcam_F3_frame.png").write_text("mine", encoding="utf-8")
    before = {path.name for path in tmp_path.iterdir()}
    assert {"hirescam_F3_a-minus-b_difference.png", "gradcam_F3_frame006.png", "gradcam_regions.json"} <= before
    # One method alone: what belongs to the other one stays, with the table of its segments.
    words = ["--method", "gradcam", "--target", "log-energy", "--device", "cpu"]
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, *words).code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert {name for name in names if name.startswith("hirescam")} == {
        name for name in before if name.startswith("hirescam")
    }
    assert "segments.csv" in names and not any("F3" in name for name in names if name.startswith("gradcam_F3_a"))
    assert "gradcam_regions_time.csv" not in names and "gradcam_F3_sequence.npy" not in names
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, "--device", "cpu").code == 0
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path / "new", "--device", "cpu").code == 0
    fresh = {path.name for path in (tmp_path / "new").iterdir()}
    names = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert names == fresh | {"notes_regions.csv", "gradcam_F3_frame.png"}


def test_segments_beyond_the_clip_are_refused(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    words = ["--segment", "a:0.8-1.2", "--method", "gradcam", "--device", "cpu"]
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, *words).code == 0
    table = tmp_path / "segments.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",22,32,", ",22,320,"), encoding="utf-8")
    result = run("analyze", "regions", tmp_path)
    assert "segments.csv" in result.problem and "22 to 320" in result.problem and "Make the maps again" in result.remedy


def test_maps_and_regions_tell_what_they_were_made_with(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    words = ["--method", "gradcam", "--device", "cpu"]
    assert run("analyze", "gradcam", talker, "--model", eyes, "--out", tmp_path, *words).code == 0
    about = json.loads((tmp_path / "gradcam_metadata.json").read_text(encoding="utf-8"))
    assert about["model_sha256"] == hash_files([eyes]) and about["provenance"] == {"seed": 0}
    drawn = tmp_path / "drawn.json"
    drawn.write_text('{"size": [9, 9], "regions": {"lips": [[1, 1], [5, 1], [5, 5]], "x": [[6, 6], [8, 6], [8, 8]]}}')
    for name, digest in (("template", None), (str(drawn), hash_files([drawn]))):
        assert run("analyze", "regions", tmp_path, "--only", "lips", "--regions", name).code == 0
        about = json.loads((tmp_path / "gradcam_regions.json").read_text(encoding="utf-8"))
        assert (about["regions_of"], about["regions_sha256"]) == (name, digest)
        assert about["regions"] == [{"name": "lips"}] and about["method"] == "gradcam"
