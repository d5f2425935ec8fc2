from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.labels import Label, label_names
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import DatasetError
from rtmri2speech.simulation.truth import TubeTruth, port_is_open, section_map, section_positions

OLD = Path(__file__).parents[2] / "golden" / "old_files" / "truth.npz"


def small_truth(frames: int = 3) -> Truth:
    rng = np.random.default_rng(0)
    sections = np.zeros((frames, 256, 256), np.uint8)
    sections[:, 100:104, 50:90] = np.arange(1, 41)[None, None, :]
    return Truth(
        frame_rate=np.array([625, 23]),
        f0=np.full(frames, 120, np.float32),
        formants=rng.uniform(300, 3000, (frames, 4)).astype(np.float32),
        velum_open=np.zeros(frames, bool),
        areas=np.ones((frames, 40), np.float32),
        lengths=np.full((frames, 40), 0.4, np.float32),
        positions=np.zeros((frames, 40, 2), np.float32),
        tube_formants=np.full((frames, 2), 500, np.float32),
        sensitivity=rng.normal(size=(frames, 2, 40)).astype(np.float32),
        regions=np.zeros((frames, 256, 256), np.uint8),
        sections=sections,
        tract=np.zeros((frames, 19), np.float32),
        phones=np.array(["", "a"]),
        phone_times=np.array([[0.0, 0.1], [0.1, 0.2]]),
    )


def test_the_map_spreads_each_section_over_its_pixels() -> None:
    truth = small_truth()
    for formant in (1, 2):
        picture = truth.sensitivity_map(formant)
        assert picture.shape == (3, 256, 256)
        assert picture.sum(axis=(1, 2)) == pytest.approx(truth.sensitivity[:, formant - 1].sum(axis=1), abs=1e-4)
        assert picture[1, 101, 57] == pytest.approx(truth.sensitivity[1, formant - 1, 7] / 4)
        assert not picture[truth.sections == 0].any()


def test_a_section_without_pixels_is_left_out() -> None:
    truth = small_truth()
    hidden = truth.sections.copy()
    hidden[hidden == 5] = 0
    picture = replace(truth, sections=hidden).sensitivity_map(1)
    expected = truth.sensitivity[:, 0].sum(axis=1) - truth.sensitivity[:, 0, 4]
    assert picture.sum(axis=(1, 2)) == pytest.approx(expected, abs=1e-4)


def test_a_file_gives_back_what_was_saved_and_equal_truths_equal_bytes(tmp_path: Path) -> None:
    truth = small_truth()
    for name in ("one", "two"):
        truth.save(tmp_path / f"{name}.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    again = Truth.load(tmp_path / "one.npz")
    for field in fields(Truth):
        one, two = getattr(truth, field.name), getattr(again, field.name)
        assert one.dtype == two.dtype and np.array_equal(one, two)


def test_the_formants_alone_are_those_of_the_whole(tmp_path: Path) -> None:
    truth, path = small_truth(), tmp_path / "one.npz"
    truth.save(path)
    rate, formants = Truth.load_formants(path)
    assert np.array_equal(rate, truth.frame_rate) and np.array_equal(formants, truth.formants)
    np.savez(path, frame_rate=truth.frame_rate, formants=truth.formants[0])
    for name in ("one.npz", "none.npz"):
        with pytest.raises(DatasetError, match=f"{name}: not the truth of a phantom"):
            Truth.load_formants(tmp_path / name)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    small_truth().save(path)
    path.write_bytes(path.read_bytes()[:3000])
    for bad in (path, tmp_path / "none.npz"):
        with pytest.raises(DatasetError, match=bad.name):
            Truth.load(bad)


def test_pixels_belong_to_the_nearest_part_of_the_tract() -> None:
    airway = np.zeros((60, 60), bool)
    airway[20:40, 28:33] = True
    # From below to above along column 30.
    line = np.stack([np.full(129, 30.0), np.linspace(40, 20, 129), np.linspace(0, 2.0, 129)], axis=1)
    ends = np.linspace(0.05, 2.0, 40)
    found = section_map(airway, line, ends)
    assert found[39, 30] <= 3 and found[20, 30] == 40
    column = found[20:40, 30].astype(int)
    assert (np.diff(column) <= 0).all() and len(set(column)) > 15
    # Walls count to 3 pixels.
    assert found[30, 35] == found[30, 30] and found[30, 36] == 0
    assert (found > 0).sum() > airway.sum()
    assert not section_map(np.zeros((9, 9), bool), line, ends).any()


def test_sections_lie_on_the_centre_line() -> None:
    line = np.stack([np.linspace(0, 16, 129), np.full(129, 2.0), np.linspace(0, 16, 129)], axis=1)
    tube = TubeTruth(
        *(np.zeros((1, 4)),) * 2, np.full((1, 40), 0.4), np.zeros((1, 2)), np.zeros((1, 2, 40)), line[None], np.ones(1)
    )
    places = section_positions(tube)
    assert places.shape == (1, 40, 2)
    assert places[0, 0] == pytest.approx([0.2, 2.0]) and places[0, -1] == pytest.approx([15.8, 2.0])


def test_the_nose_is_coupled_where_the_port_is_open() -> None:
    assert port_is_open(np.array([-0.1, 0.0, 0.01, 0.5])).tolist() == [False, False, True, True]


def test_a_file_of_an_earlier_version_gets_the_labels_of_today() -> None:
    with np.load(OLD) as stored:
        before = stored["regions"]
    truth = Truth.load(OLD)
    assert tuple(truth.region_names) == label_names()
    for value, label in enumerate(("BACKGROUND", "AIRWAY", None, "TONGUE_TIP", "TONGUE_BODY", "TONGUE_ROOT")):
        if label is not None:
            np.testing.assert_array_equal(truth.regions == Label[label], before == value)
    for value, same in ((6, Label.VELUM), (7, Label.LARYNX), (8, Label.JAW)):
        np.testing.assert_array_equal(truth.regions == same, before == value)
    upper, lower = truth.regions == Label.UPPER_LIP, truth.regions == Label.LOWER_LIP
    np.testing.assert_array_equal(upper | lower, before == 2)
    # Pixels of the upper and the lower lip, as the phantom labels the same tracts now.
    assert upper.sum(axis=(1, 2)) == pytest.approx([125, 113, 170, 248], rel=0.04)
    assert lower.sum(axis=(1, 2)) == pytest.approx([146, 123, 190, 246], rel=0.04)


def test_labels_of_other_values_are_found_by_their_names(tmp_path: Path) -> None:
    truth = small_truth()
    regions = np.tile(np.array([0, 1, 2, 2], np.uint8), (3, 256, 64))
    path = tmp_path / "one.npz"
    replace(truth, regions=regions, region_names=np.array(["background", "velum", "jaw"])).save(path)
    again = Truth.load(path).regions
    np.testing.assert_array_equal(again[0, 0, :4], [Label.BACKGROUND, Label.VELUM, Label.JAW, Label.JAW])
    replace(truth, regions=regions, region_names=np.array(["background", "velum"])).save(path)
    with pytest.raises(DatasetError, match="value 2"):
        Truth.load(path)
    replace(truth, region_names=np.array(["background", "nose"])).save(path)
    with pytest.raises(DatasetError, match="'nose'"):
        Truth.load(path)


@pytest.mark.parametrize("name", ["regions", "sections", "sensitivity", "phones"])
def test_arrays_of_another_shape_are_no_truth(tmp_path: Path, name: str) -> None:
    for value in (np.array(5), np.zeros((2, 256), np.uint8)):
        replace(small_truth(), **{name: value}).save(tmp_path / "a.npz")
        with pytest.raises(DatasetError, match=rf"a\.npz: not the truth .*'{name}' is of shape"):
            Truth.load(tmp_path / "a.npz")


def test_an_array_alone_is_no_truth(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, np.array(5))
    with pytest.raises(DatasetError, match=r"a\.npz: not the truth"):
        Truth.load(tmp_path / "a.npz")
