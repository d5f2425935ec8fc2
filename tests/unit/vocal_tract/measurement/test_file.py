"""Files of a tract: what is written is read, what is no such file is refused in a line."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import rtmri2speech as r2s
from rtmri2speech.errors import DatasetError
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.measurement.file import read_tract, write_tract
from rtmri2speech.vocal_tract.measurement.tract import COLUMNS, Tract
from tables import rows_of

COUNT = 3


@pytest.fixture
def found() -> Tract:
    rng = np.random.default_rng(0)
    area = rng.uniform(0.1, 6.0, (COUNT, 40))
    area[1, 30] = 0.0
    points = rng.uniform(0, 80, (COUNT, len(CONTOURS), POINTS, 2))
    points[2, 0] = np.nan
    length = np.array([16.0, 16.5, np.nan])
    return Tract(
        name="clip",
        frame_rate=Fraction(625, 23),
        pixel_mm=2.4,
        pixel_source="estimated",
        midline=rng.uniform(0, 80, (COUNT, 41, 2)),
        distance=area * 5,
        distance_range=np.stack([area * 4, area * 6], axis=-1),
        area=area,
        area_range=np.stack([area * 0.8, area * 1.2], axis=-1),
        length=length,
        closed=area == 0,
        measures={name: rng.uniform(0, 20, COUNT) for name in MEASURES},
        formants=rng.uniform(300, 4000, (COUNT, 4)),
        formant_range=rng.uniform(300, 4000, (COUNT, 4, 2)),
        bandwidths=rng.uniform(30, 90, (COUNT, 4)),
        sensitivity=rng.normal(size=(COUNT, 4, 40)),
        confidence=np.array([0.9, 0.8, 0.2], np.float32),
        contours=Contours(points, Fraction(625, 23), 2.4),
        notes=("one", "two"),
        video_sha256="ab",
        label_lead=0.25,
        label_seconds=3.5,
    )


def test_all_comes_back(found: Tract, tmp_path: Path) -> None:
    files = found.save(tmp_path)
    assert [file.name for file in files] == ["clip_tract.npz", "clip_tract.csv"]
    back = r2s.read_tract(files[0])
    for one in fields(Tract):
        here, there = getattr(back, one.name), getattr(found, one.name)
        if isinstance(there, np.ndarray):
            assert here.dtype == there.dtype
            np.testing.assert_allclose(here, there, rtol=1e-6)
        elif one.name not in ("measures", "contours"):
            assert here == there, one.name
    assert set(back.measures) == set(MEASURES)
    np.testing.assert_allclose(back.contours.points, found.contours.points, rtol=1e-6)
    assert (back.contours.frame_rate, back.contours.pixel_mm) == (found.frame_rate, 2.4)
    assert repr(back) == repr(found)


def test_the_table_has_a_row_per_frame_and_blanks_where_nothing_is_known(found: Tract, tmp_path: Path) -> None:
    rows = rows_of(found.save(tmp_path)[1])
    assert tuple(rows[0]) == COLUMNS and len(rows) == COUNT
    assert float(rows[0]["tract_cm"]) == 16.0 and rows[2]["tract_cm"] == ""
    assert float(rows[1]["F2_hz"]) == pytest.approx(found.formants[1, 1], rel=1e-5)


def test_arrays_explain_themselves(found: Tract, tmp_path: Path) -> None:
    with np.load(write_tract(tmp_path / "a.npz", found)) as arrays:
        assert str(arrays["kind"]) == "tract" and int(arrays["schema"]) == 1
        assert arrays["lip_aperture_mm"].shape == (COUNT,) and arrays["area"].dtype == np.float32
        assert "area: cm2" in arrays["units"].tolist()
        np.testing.assert_allclose(arrays["time_s"], found.times)


def test_a_recording_without_frames_or_notes_comes_back(found: Tract, tmp_path: Path) -> None:
    arrays = {
        one.name: getattr(found, one.name)[:0]
        for one in fields(Tract)
        if one.name in found.__dict__ and isinstance(getattr(found, one.name), np.ndarray)
    }
    empty = replace(
        found,
        **arrays,
        measures={name: np.zeros(0) for name in MEASURES},
        contours=Contours(found.contours.points[:0], found.frame_rate, None),
        notes=(),
        pixel_mm=np.nan,
        pixel_source="unknown",
    )
    back = read_tract(write_tract(tmp_path / "e.npz", empty))
    assert len(back.length) == 0 and back.notes == () and np.isnan(back.pixel_mm) and back.contours.pixel_mm is None


def changed(path: Path, **entries: object) -> Path:
    with np.load(path) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    np.savez(path, **{name: value for name, value in {**kept, **entries}.items() if value is not None})
    return path


def test_what_a_version_does_not_know_is_left_out(found: Tract, tmp_path: Path) -> None:
    path = changed(write_tract(tmp_path / "a.npz", found), jaw_mm=None, nose_mm=np.zeros(COUNT))
    back = read_tract(path)
    assert np.isnan(back.measures["jaw_mm"]).all() and "nose_mm" not in back.measures


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"kind": np.array("maps")}, "of another kind"),
        ({"schema": np.array(9)}, "version 9"),
        ({"area": np.zeros((COUNT, 39))}, "'area' is of shape"),
        ({"length": np.zeros(COUNT + 1)}, "different lengths"),
        ({"formants": None}, "formants"),
        ({"pixel_source": np.array("guess")}, "'guess'"),
        ({"frame_rate": np.array([0, 1])}, "frame rate of 0"),
        ({"contours": np.zeros(3)}, "'contours'"),
    ],
)
def test_what_is_no_tract_is_refused(found: Tract, tmp_path: Path, entries: dict[str, object], problem: str) -> None:
    path = changed(write_tract(tmp_path / "a.npz", found), **entries)
    with pytest.raises(DatasetError, match=problem) as caught:
        read_tract(path)
    assert str(path) in caught.value.problem and "\n" not in caught.value.problem


def test_damaged_and_missing_files_are_refused(found: Tract, tmp_path: Path) -> None:
    path = write_tract(tmp_path / "a.npz", found)
    content = bytearray(path.read_bytes())
    content[3000:3100] = bytes(100)
    (tmp_path / "bent.npz").write_bytes(content)
    path.write_bytes(content[:2000])
    (tmp_path / "text.npz").write_text("no", encoding="utf-8")
    np.save(tmp_path / "array.npy", np.zeros(3))
    broken = [tmp_path / f"{name}.npz" for name in ("a", "bent", "text", "none")]
    for file in (*broken, tmp_path, tmp_path / "array.npy"):
        with pytest.raises(DatasetError) as caught:
            read_tract(file)
        assert str(file) in caught.value.problem and "pickle" not in caught.value.problem
