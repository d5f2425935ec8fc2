"""Which part of a traced line is which contour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drawn_head import EPIGLOTTIS_TOP, PALATE, RADIUS, TONGUE, WALL, lines, write_lines
from rtmri2speech.data.contours import ALL, read_contours, to_corner
from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.segmentation.traced_parts import traced_parts
from rtmri2speech.vocal_tract.contours import CONTOURS


def parts(*frames: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    return traced_parts([to_corner(frame) for frame in frames])


def test_parts_are_what_their_names_say_from_larynx_to_lips() -> None:
    (found,) = parts(lines())
    assert set(found) == set(CONTOURS)
    tongue = found["tongue"]
    np.testing.assert_allclose(np.hypot(*(tongue[4:] - TONGUE).T), RADIUS, atol=0.1)
    assert tongue[0] == pytest.approx((42.0, 46.9), abs=0.3), "the vallecula"
    assert tongue[-1] == pytest.approx(TONGUE - RADIUS / np.sqrt(2), abs=0.4), "the tip"
    palate = found["palate_and_velum"]
    np.testing.assert_allclose(np.hypot(*(palate[1:110] - TONGUE).T), PALATE, atol=0.1)
    unit = float(np.hypot(*(lines()["UL"] - lines()["VEL"]).T)[0])
    assert palate[-1][0] == pytest.approx(12.0 + unit / 7, abs=0.3), "the upper teeth"
    wall = found["pharyngeal_wall"]
    np.testing.assert_allclose(wall[:, 0], WALL, atol=1e-6)
    assert wall[0][1] == pytest.approx(55.0, abs=0.3) and wall[-1][1] == pytest.approx(32.9, abs=0.4)
    assert found["epiglottis"][:, 1].min() == pytest.approx(EPIGLOTTIS_TOP, abs=0.2)
    assert found["epiglottis"][0][0] > found["epiglottis"][-1][0]


def test_the_tongue_ends_at_a_level_where_no_epiglottis_is_traced() -> None:
    frame = lines()
    frame["contour2"] = frame["contour2"][:-5]
    frame["contour2"] = np.concatenate([frame["contour2"], [[48.5, 66.5]]])
    (found,) = parts(frame)
    assert "epiglottis" not in found
    velum, larynx = frame["VEL"][0, 1] - 0.5, frame["GLTB"][0, 1] - 0.5
    assert found["tongue"][0][1] == pytest.approx(velum + 0.6 * (larynx - velum), abs=0.3)


def test_misplaced_marks_turned_lines_and_missing_ones() -> None:
    wrong, turned, empty = lines(), lines(), lines()
    wrong["AVR"] = np.array([[40.0, 3.0]])
    turned |= {name: turned[name][::-1] for name in ("contour1", "contour2", "contour3")}
    empty["contour2"] = np.zeros((0, 2))
    good, first, second, third, _ = parts(lines(), wrong, turned, empty, lines())
    for name in CONTOURS:
        np.testing.assert_allclose(first[name], good[name], atol=1e-6)
        assert np.abs(second[name][[0, -1]] - good[name][[0, -1]]).max() < 0.5, name
    assert set(third) == {"upper_lip", "palate_and_velum", "pharyngeal_wall"}


def test_files_of_traced_lines(tmp_path: Path) -> None:
    frame = lines()
    frame["VEL"] = np.full((1, 2), np.nan)
    path = write_lines(tmp_path / "a.mat", [lines(), frame])
    with pytest.raises(ConfigError, match="points are missing"):
        read_contours(path, ALL)
    found = read_contours(path, ALL, allow_missing=True)
    assert found[1]["VEL"].shape == (0, 2)
    np.testing.assert_allclose(to_corner(found[0])["UL"], lines()["UL"] - 0.5)
