"""Sequences of maps with what lies beside them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.analysis.map_folder.sequence import read_sequence
from rtmri2speech.errors import ConfigError, DatasetError

N = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Maps of two bands whose names begin alike, and of two tokens of a segment."""
    rng = np.random.default_rng(0)
    bands = []
    for name, low in (("F1", 300), ("F1_low", 100)):
        np.save(tmp_path / f"gradcam_{name}_sequence.npy", rng.normal(size=(N, 4, 4)).astype(np.float32))
        entry = {"name": name, "low_hz": low, "high_hz": 900, "scale": 7.0, "sequence": f"gradcam_{name}_sequence.npy"}
        bands.append(entry)
    about = {
        "method": "gradcam",
        "n_frames": N,
        "frame_rate": "625/23",
        "target_unit": "dB",
        "bands": bands,
    }
    (tmp_path / "gradcam_metadata.json").write_text(json.dumps(about), encoding="utf-8")
    whole = np.load(tmp_path / "gradcam_F1_low_sequence.npy")
    np.save(tmp_path / "gradcam_F1_low_aSegment_sequence.npy", whole[[2, 3, 8]])
    lines = ["segment,file_name,first_frame,last_frame", "a,a,2,3", "i,i,5,5", "a,a,8,8"]
    (tmp_path / "segments.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def test_a_sequence_knows_its_band(folder: Path) -> None:
    maps = read_sequence(folder / "gradcam_F1_sequence.npy")
    assert (maps.name, maps.method, maps.unit, maps.scale) == ("F1 300-900 Hz", "gradcam", "dB", 7.0)
    assert maps.rate == Fraction(625, 23) and maps.frames.tolist() == list(range(N)) and maps.n_frames == N
    assert maps.values.shape == (N, 4, 4)


def test_a_segment_knows_its_frames(folder: Path) -> None:
    maps = read_sequence(folder / "gradcam_F1_low_aSegment_sequence.npy")
    assert maps.name == "F1_low 100-900 Hz" and maps.frames.tolist() == [2, 3, 8] and maps.n_frames == N
    assert maps.rows(3, None).tolist() == [1, 2] and maps.rows(None, 7).tolist() == [0, 1]


def test_a_file_alone_is_scaled_to_itself(tmp_path: Path) -> None:
    values = np.zeros((3, 4, 4), np.float32)
    values[1, 2, 2], values[2, 0, 0] = -5.0, 2.0
    np.save(tmp_path / "mine_sequence.npy", values)
    maps = read_sequence(tmp_path / "mine_sequence.npy")
    assert (maps.name, maps.method, maps.scale, maps.n_frames) == ("mine", "", 5.0, 3)
    assert maps.rate == Fraction(11413, 420)


def test_rows_include_both_ends(folder: Path) -> None:
    maps = read_sequence(folder / "gradcam_F1_sequence.npy")
    assert maps.rows(None, None).tolist() == list(range(N)) and maps.rows(4, 6).tolist() == [4, 5, 6]


@pytest.mark.parametrize(("start", "end", "named"), [(12, None, "`start_frame=12`"), (0, 40, "`end_frame=40`")])
def test_a_frame_beyond_the_end_is_named(folder: Path, start: int, end: int | None, named: str) -> None:
    with pytest.raises(ConfigError, match=f"{named}: .* frame 11"):
        read_sequence(folder / "gradcam_F1_sequence.npy").rows(start, end)


def test_no_frame_between_is_refused(folder: Path) -> None:
    maps = read_sequence(folder / "gradcam_F1_low_aSegment_sequence.npy")
    for span in ((6, 4), (4, 7)):
        with pytest.raises(ConfigError, match="holds no frame"):
            maps.rows(*span)
    with pytest.raises(ConfigError, match="`start_frame=-1`"):
        maps.rows(-1, None)


BAD: list[Any] = [np.zeros((4, 4)), np.zeros((0, 4, 4)), np.zeros((2, 2, 2), bool), np.full((2, 2, 2), np.nan)]


@pytest.mark.parametrize("values", BAD, ids=["flat", "empty", "bool", "nan"])
def test_what_is_no_sequence(tmp_path: Path, values: Any) -> None:
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(DatasetError, match=r"x\.npy"):
        read_sequence(tmp_path / "x.npy")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "text.npy").write_text("no array")
    for name in ("text.npy", "none.npy"):
        with pytest.raises(DatasetError, match=name):
            read_sequence(tmp_path / name)


def test_files_that_contradict_each_other(folder: Path) -> None:
    np.save(folder / "gradcam_F1_sequence.npy", np.zeros((5, 4, 4)))
    with pytest.raises(DatasetError, match="5 maps, where the files next to it describe 12"):
        read_sequence(folder / "gradcam_F1_sequence.npy")
    table = folder / "segments.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("a,a,2,3", "a,a,-2,-1"), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"aSegment_sequence\.npy"):
        read_sequence(folder / "gradcam_F1_low_aSegment_sequence.npy")
    (folder / "segments.csv").unlink()
    with pytest.raises(DatasetError, match=r"segments\.csv"):
        read_sequence(folder / "gradcam_F1_low_aSegment_sequence.npy")
    (folder / "gradcam_metadata.json").write_text('{"bands": [{}]}', encoding="utf-8")
    with pytest.raises(DatasetError, match=r"gradcam_metadata\.json"):
        read_sequence(folder / "gradcam_F1_sequence.npy")


def test_a_start_before_the_segment_is_not_taken_silently(folder: Path) -> None:
    maps = read_sequence(folder / "gradcam_F1_low_aSegment_sequence.npy")
    with pytest.raises(ConfigError, match=r"`start_frame=0`: .* begins with frame 2") as caught:
        maps.rows(0, None)
    assert "frames 2 to 8" in caught.value.remedy


def test_a_part_that_was_cut_by_hand_is_placed_on_its_video(folder: Path) -> None:
    np.save(folder / "cut.npy", np.load(folder / "gradcam_F1_sequence.npy")[5:9])
    maps = read_sequence(folder / "cut.npy").placed(N, 5)
    assert maps.frames.tolist() == [5, 6, 7, 8] and maps.n_frames == N
    assert maps.rows(5, None).tolist() == [0, 1, 2, 3] and maps.rows(5, 6).tolist() == [0, 1]
    for start in (-1, 9):
        with pytest.raises(ConfigError, match=f"`start_frame={start}`: .* holds 4 maps, and the video's .* 0 to 11"):
            read_sequence(folder / "cut.npy").placed(N, start)
    whole = read_sequence(folder / "gradcam_F1_sequence.npy")
    assert whole.placed(20, 3) is whole, "the files next to it say which frames it has"
