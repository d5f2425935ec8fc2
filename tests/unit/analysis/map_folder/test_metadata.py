"""Metadata of maps that somebody has edited: one message, whatever the command."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.analysis.map_folder.read import read_maps
from rtmri2speech.analysis.map_folder.sequence import read_sequence
from rtmri2speech.errors import DatasetError
from rtmri2speech.reporting.page.build import write_page
from rtmri2speech.reporting.page.collect import collect

GOLDEN = Path(__file__).parents[3] / "golden" / "old_maps"
Edit = Callable[[dict[str, Any]], Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN, tmp_path / "maps"))


def put(name: str, value: Any, *, band: bool = False) -> Edit:
    return lambda about: (about["bands"][0] if band else about).update({name: value})


def drop(name: str, *, band: bool = False) -> Edit:
    return lambda about: (about["bands"][0] if band else about).pop(name)


EDITS: dict[str, Edit] = {
    "many frames": put("n_frames", 10**15),
    "frames as text": put("n_frames", "16"),
    "no frames": put("n_frames", 0),
    "no number of frames": drop("n_frames"),
    "rate 0": put("frame_rate", 0),
    "rate 1/0": put("frame_rate", "1/0"),
    "rate without end": put("frame_rate", "1e999999999"),
    "fast rate": put("frame_rate", "90000"),
    "no rate": drop("frame_rate"),
    "low as text": put("low_hz", "300", band=True),
    "scale as text": put("scale", "big", band=True),
    "scale is no number": put("scale", float("nan"), band=True),
    "no scale": drop("scale", band=True),
    "name is a number": put("name", 7, band=True),
    "bands are a text": put("bands", "F1"),
    "bands are numbers": put("bands", [1, 2]),
    "no unit": drop("target_unit"),
    "unit is a list": put("target_unit", ["Hz"]),
    "method is a number": put("method", 3),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_it_is_refused_by_name_at_once(folder: Path, tmp_path: Path, edit: Edit) -> None:
    path = folder / "gradcam_metadata.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    edit(about)
    path.write_text(json.dumps({"kind": "maps", **about}), encoding="utf-8")
    begin = time.monotonic()
    with pytest.raises(DatasetError, match=r"gradcam_metadata\.json"):
        read_maps(folder)
    with pytest.raises(DatasetError, match=r"gradcam_metadata\.json"):
        read_sequence(folder / "gradcam_F1_sequence.npy")
    with pytest.raises(DatasetError, match=r"gradcam_metadata\.json|maps of"):
        write_page(collect(folder), tmp_path / "page.html", "edited")
    assert time.monotonic() - begin < 20.0


@pytest.mark.parametrize(
    "edit",
    [
        put("pixels", 10**9),
        put("pixels", "32"),
        put("stride_pixels", 0),
        put("source", [1]),
        put("source", {"frames": "all", "width": 32, "height": 32}),
        put("source", {"frames": [0], "width": "32", "height": 32}),
        drop("source"),
        put("mel_bins", [1, 2, 3], band=True),
        put("mel_bins", ["a", "b"], band=True),
        put("target_mean", "loud", band=True),
    ],
)
def test_what_only_whole_maps_need_is_looked_at_with_them(folder: Path, edit: Edit) -> None:
    path = folder / "gradcam_metadata.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    edit(about)
    path.write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"gradcam_metadata\.json"):
        read_maps(folder)


def test_a_mean_frame_of_another_size_is_of_another_clip(folder: Path) -> None:
    np.save(folder / "mean_picture.npy", np.array(5.0))
    with pytest.raises(DatasetError, match="mean frame is of shape"):
        read_maps(folder)
