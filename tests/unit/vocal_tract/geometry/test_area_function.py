from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.geometry.area_function import (
    LARYNX_CM2,
    LARYNX_SECTIONS,
    equal_sections,
    load_area_model,
)

MODEL = """
name: plain
regions:
  - {name: pharynx, sections: [0, 19], alpha: 0.1, beta: 1.5}
  - {name: mouth, sections: [20, 39], alpha: 0.2, beta: 1.0, spread: [-0.5, 0.5]}
"""


def test_a_labs_own_model_gives_its_areas(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(MODEL, encoding="utf-8")
    areas = load_area_model(file).areas(np.full(40, 4.0))
    assert areas[:20] == pytest.approx(0.8)
    assert areas[20:] == pytest.approx(0.8)
    assert load_area_model(file).areas(np.full(40, 9.0))[[0, 39]] == pytest.approx([2.7, 1.8])


def test_closed_is_closed_and_unknown_stays_unknown() -> None:
    distance = np.full(40, 5.0)
    distance[30], distance[7] = 0.0, np.nan
    areas = load_area_model().areas(distance)
    assert areas[30] == 0.0
    assert np.isnan(areas[7])
    bounds = load_area_model().intervals(distance, distance * 0.8, distance * 1.2)
    known = np.isfinite(areas)
    assert (bounds[known, 0] <= areas[known]).all()
    assert (bounds[known, 1] >= areas[known]).all()


def test_nothing_closes_the_larynx(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(MODEL, encoding="utf-8")
    for model in (load_area_model(file), load_area_model(), load_area_model("phantom")):
        areas = model.areas(np.zeros(40))
        assert (areas[:LARYNX_SECTIONS] == LARYNX_CM2).all()
        assert (areas[LARYNX_SECTIONS:] == 0.0).all()
        bounds = model.intervals(np.zeros(40), np.zeros(40), np.zeros(40))
        assert (bounds[:LARYNX_SECTIONS, 0] > 0.1).all()
        assert (bounds[:, 0] <= areas).all()
        assert (bounds[:, 1] >= areas).all()


@pytest.mark.parametrize(
    ("change", "what"),
    [(("[20, 39]", "[21, 39]"), "0 to 39"), (("beta", "gamma"), "gamma"), (("alpha: 0.1", "alpha: -1"), "alpha")],
)
def test_models_that_cannot_be_are_refused_by_name(tmp_path: Path, change: tuple[str, str], what: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(MODEL.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=what):
        load_area_model(file)


def test_people_and_simulated_heads_differ_in_their_lips_only() -> None:
    people, heads = (load_area_model(name).areas(np.full(40, 10.0)) for name in ("people", "phantom"))
    assert people[:37] == pytest.approx(heads[:37])
    # An ellipse of 10 mm by 29 mm.
    assert people[37:] == pytest.approx(0.25 * np.pi * 1.0 * 2.95, rel=0.05)
    assert (people[37:] > heads[37:]).all()


def test_the_published_model_of_the_manual_can_be_used() -> None:
    manual = Path(__file__).parents[4] / "docs/explanation/area_model_maeda.yaml"
    areas = load_area_model(manual).areas(np.full(40, 10.0))
    # 1.8 d^1.2 in the pharynx, 1.7 d^1.5 at the palate, d in cm.
    assert areas[[10, 25]] == pytest.approx([1.8, 1.7], rel=0.01)


def test_sections_of_equal_length_keep_the_volume() -> None:
    lengths, areas = np.array([1.0, 3.0, 2.0]), np.array([4.0, 1.0, 2.0])
    even = equal_sections(lengths, areas)
    assert even.sum() * 6.0 / 40.0 == pytest.approx(lengths @ areas)
    assert even[[0, 15, 39]] == pytest.approx([4.0, 1.0, 2.0])


def test_a_model_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match="no such file, and no model of this name") as caught:
        load_area_model("nobody")
    assert "people, phantom" in caught.value.remedy
