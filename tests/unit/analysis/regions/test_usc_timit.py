"""Regions from traced contours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from rtmri2speech.analysis.regions.masks import Source, read_regions
from rtmri2speech.errors import ConfigError, DatasetError


def source(frames: int = 4, width: int = 68, size: int = 64) -> Source:
    return Source(list(range(frames)), width, width, size)


def contours(path: Path, frames: int) -> Path:
    """A square tongue, traced from the floor of the mouth over tip, back and root; lips and others about it."""
    chin = [[20.0, 60.0], [20.0, 45.0]]
    tongue = [[25.0, 45.0], [25.0, 35.0], [35.0, 30.0], [45.0, 35.0], [45.0, 55.0]]
    row = {
        "contour1": np.zeros((3, 2)),
        "contour2": np.array(chin + tongue),
        "contour3": np.zeros((3, 2)),
        "UL": np.array([[15.0, 30.0]]),
        "LL": np.array([[15.0, 36.0]]),
        "AVR": np.array([[25.5, 45.5]]),
        "VEL": np.array([[46.0, 28.0]]),
        "GLTB": np.array([[48.0, 58.0]]),
    }
    savemat(path, {"annotation": np.array([tuple(row.values())] * frames, dtype=[(name, "O") for name in row])})
    return path


def test_traced_contours(tmp_path: Path) -> None:
    regions = read_regions(str(contours(tmp_path / "c.mat", 4)), source(4, 68, 68))
    shown = dict(zip(regions.names, regions.at(2), strict=True))
    assert shown["tongue"][40, 35] and not shown["tongue"][58, 20] and not shown["tongue"][20, 35]
    parts = [shown[f"tongue_{name}"] for name in ("tip", "body", "root")]
    np.testing.assert_array_equal(sum(part.astype(int) for part in parts), shown["tongue"].astype(int))
    columns = [np.nonzero(part)[1].mean() for part in parts]
    assert columns[0] < columns[1] < columns[2]
    assert shown["lips"][33, 15] and shown["velum"][27, 45] and shown["larynx"][57, 47]


def test_contours_that_do_not_fit(tmp_path: Path) -> None:
    path = contours(tmp_path / "c.mat", 4)
    with pytest.raises(ConfigError, match="4 frames for a video of 9"):
        read_regions(str(path), source(9))
    savemat(tmp_path / "other.mat", {"x": np.zeros(3)})
    (tmp_path / "text.mat").write_text("no", encoding="utf-8")
    for name in ("other.mat", "text.mat"):
        with pytest.raises(ConfigError, match="not contours"):
            read_regions(str(tmp_path / name), source())
    with pytest.raises(ConfigError, match="no such file"):
        read_regions(str(tmp_path / "gone.mat"), source())
    with pytest.raises(ConfigError, match="neither"):
        read_regions("tongue.png", source())
    with pytest.raises(DatasetError):
        read_regions(str(tmp_path / "gone.npz"), source())
