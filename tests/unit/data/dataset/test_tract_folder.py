"""Folders of measured tracts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import measured
from rtmri2speech.data.dataset.tract_folder import TractFolder, inputs_path, key_of, read_arrays, write_arrays
from rtmri2speech.errors import DatasetError


def test_arrays_come_back_within_half_precision(tmp_path: Path) -> None:
    one = measured.arrays(50)
    one.inputs[1, 3, 0] = np.nan
    one.inputs[1, 4, 1] = 0.0
    write_arrays(tmp_path / "u_inputs.npz", one, "key")
    found = read_arrays(tmp_path / "u_inputs.npz")
    assert np.isnan(found.inputs[1, 3, 0]) and found.inputs[1, 4, 1] == 0.0
    np.testing.assert_allclose(found.inputs, one.inputs, rtol=3e-3, atol=1e-4)
    np.testing.assert_allclose(found.mel_db, one.mel_db, atol=0.05)
    np.testing.assert_allclose(found.f0_hz, one.f0_hz, rtol=1e-3)
    assert found.formants_hz.shape == (50, 4) and found.size_factors.shape == (2,)
    assert key_of(tmp_path / "u_inputs.npz") == "key" and key_of(tmp_path / "none.npz") is None


def test_a_folder_is_found_in_its_dataset(tmp_path: Path) -> None:
    root = measured.folder(tmp_path / "ds" / "tracts")
    folder = TractFolder(tmp_path / "ds")
    assert folder.root == root and len(folder.of_split("train")) == 3
    assert folder.load(folder.utterances[0]).inputs.shape == (2, 40, 57)
    assert TractFolder(root).fingerprint() == folder.fingerprint()


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no measured tracts"):
        TractFolder(tmp_path)
    folder = TractFolder(measured.folder(tmp_path / "t"))
    inputs_path(folder.root, "u0").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"u0_inputs\.npz: missing or damaged"):
        folder.load(folder.utterances[0])
    (folder.root / "tracts.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"tracts\.json: damaged"):
        TractFolder(folder.root)
