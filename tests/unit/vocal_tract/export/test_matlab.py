"""The Matlab file, as Matlab has it: struct, char, cell, column, logical."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
from scipy.io import loadmat, whosmat

from plain_tracts import plain_tract
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.export.matlab import UNITS, write_matlab
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES

TRACT = plain_tract(9, measures={"velum_mm": np.array([np.nan, *range(8)])})


def test_as_matlab_reads_it(tmp_path: Path) -> None:
    path = write_matlab(tmp_path / "talk_tract.mat", TRACT)
    assert whosmat(str(path)) == [("tract", (1, 1), "struct")]
    tract = loadmat(str(path))["tract"][0, 0]
    assert tract["name"].tolist() == ["talk"] and tract["frame_rate"].tolist() == [[50.0]]
    assert tract["area"].shape == (9, 40) and tract["length"].shape == tract["time"].shape == (9, 1)
    assert tract["notes"].shape == (2, 1) and tract["notes"][1, 0].tolist() == ["another"]
    assert tract["measures"][0, 0].dtype.names == MEASURES
    np.testing.assert_array_equal(tract["measures"][0, 0]["velum_mm"][:, 0], TRACT.measures["velum_mm"])
    assert tract["contours"][0, 0].dtype.names == CONTOURS and tract["contours"][0, 0]["tongue"].shape == (9, 64, 2)
    assert tract["units"][0, 0]["area"].tolist() == ["T x 40, cm2"]


def test_nothing_of_a_tract_is_left_out(tmp_path: Path) -> None:
    path = write_matlab(tmp_path / "talk_tract.mat", TRACT)
    tract = loadmat(str(path), simplify_cells=True)["tract"]
    assert {field.name for field in fields(TRACT)} <= set(tract) and set(UNITS) <= set(tract)
    assert tract["closed"].dtype == np.uint8 and tract["area_model"] == "people"
    np.testing.assert_array_equal(tract["formant_range"], TRACT.formant_range)
