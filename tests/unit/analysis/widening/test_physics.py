"""Hz per mm of a tube: the derivative of its formants by the distances of its walls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_walls import tract_of, walls
from rtmri2speech.analysis.widening.physics import _quantiles, tube_widening
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.geometry.area_function import LARYNX_SECTIONS, load_area_model
from rtmri2speech.vocal_tract.measurement.formants import tract_formants


def test_it_is_what_a_wider_section_does_to_the_formants() -> None:
    tract = tract_of([walls(10.0)])
    found = tube_widening(tract).values[0]
    model, step = load_area_model(), 0.01
    for section in (3, 20, 36):
        ends = []
        for sign in (1.0, -1.0):
            distance = tract.distance.copy()
            distance[0, section] += sign * step
            area = model.areas(distance)
            ends.append(tract_formants(tract.length, area, np.stack([area, area], axis=-1)).frequencies[0])
        np.testing.assert_allclose(found[:, section], (ends[0] - ends[1]) / (2 * step), rtol=0.01, atol=0.05)


def test_the_interval_holds_the_value_and_grows_with_those_of_distance_and_formant() -> None:
    tract = tract_of([walls(10.0)])
    wider = {name: getattr(tract, name) * [0.5, 2.0] for name in ("distance_range", "area_range")}
    sure, unsure = tube_widening(tract), tube_widening(replace(tract, **wider))
    for one in (sure, unsure):
        assert (one.ranges[..., 0] <= one.values).all() and (one.values <= one.ranges[..., 1]).all()
    assert (np.ptp(unsure.ranges, axis=-1) > np.ptp(sure.ranges, axis=-1)).mean() > 0.95


def test_intervals_leave_out_what_is_not_known_of_single_draws() -> None:
    drawn = np.random.default_rng(0).normal(size=(64, 5, 7))
    drawn[np.random.default_rng(1).random(drawn.shape) < 0.3] = np.nan
    drawn[:, 2] = np.nan
    drawn[1:, 3] = np.nan
    found, some = _quantiles(drawn, (0.0, 0.05, 0.95, 1.0)), [0, 1, 4]
    wanted = np.nanquantile(drawn[:, some], (0.0, 0.05, 0.95, 1.0), axis=0)
    np.testing.assert_allclose(np.stack(found)[:, some], wanted, rtol=1e-12)
    assert np.isnan(found[1][2]).all()
    np.testing.assert_array_equal(found[1][3], drawn[0, 3])


def test_where_a_wave_has_its_node_the_sign_is_open() -> None:
    tract = tract_of([walls(10.0)])
    found = tube_widening(tract)
    across = (found.ranges[..., 0] < 0.0) & (found.ranges[..., 1] > 0.0)
    small = np.abs(found.values) < np.quantile(np.abs(found.values), 0.1, axis=-1, keepdims=True)
    assert across[small].mean() > 0.6 > 0.3 > across[~small].mean()


def test_a_wall_widens_what_it_bounds() -> None:
    tract = tract_of([walls(10.0)] * 2)
    bounded = np.zeros((2, 3, 40))
    bounded[:, 0, 10:14], bounded[:, 1, 10] = 1.0, 0.5
    found = tube_widening(tract, walls=bounded)
    assert found.walls is not None and found.wall_ranges is not None
    np.testing.assert_allclose(found.walls[:, :, 0], found.values[..., 10:14].sum(axis=-1))
    np.testing.assert_allclose(found.walls[:, :, 1], 0.5 * found.values[..., 10])
    assert np.isnan(found.walls[:, :, 2]).all(), "a wall that bounds nothing"
    low, high = np.moveaxis(found.wall_ranges[:, :, :2], -1, 0)
    assert (low <= found.walls[:, :, :2]).all() and (found.walls[:, :, :2] <= high).all()
    one = tube_widening(tract, walls=bounded[:1], frames=np.array([1]))
    np.testing.assert_array_equal(one.walls, found.walls[1:])


def test_nothing_is_said_of_a_closed_section() -> None:
    tract = tract_of([walls(10.0)])
    tract.closed[0, 12] = True
    tract.distance[0, 12] = 0.0
    found = tube_widening(tract)
    assert np.isnan(found.values[0, :, 12]).all() and np.isnan(found.ranges[0, :, 12]).all()
    assert np.isfinite(found.values[0, :, 5]).all()


def test_another_area_model_is_refused() -> None:
    tract = replace(tract_of([walls(10.0)]), area_model="ours")
    with pytest.raises(ConfigError, match="measured with the area model 'ours'"):
        tube_widening(tract)


def test_nothing_is_said_of_a_larynx_whose_area_does_not_follow_from_its_distance() -> None:
    tract = tract_of([walls(10.0)])
    tract.distance[0, :LARYNX_SECTIONS] = 2.0
    tract.area[:] = load_area_model().areas(tract.distance)
    # As far as half a millimeter changes nothing.
    held = tract.area[0] == load_area_model().areas(tract.distance + 0.5)[0]
    found = tube_widening(tract).values[0]
    assert held[1:LARYNX_SECTIONS].all() and not held[LARYNX_SECTIONS:].any()
    assert np.isnan(found[:, held]).all() and np.isfinite(found[:, ~held]).all()


def test_a_tract_is_read_with_the_area_model_that_it_was_measured_with(tmp_path: Path) -> None:
    phantom = load_area_model("phantom")
    tract = replace(tract_of([walls(10.0)]), area_model="phantom")
    found, people = tube_widening(tract).values, tube_widening(replace(tract, area_model="people")).values
    np.testing.assert_array_equal(found, tube_widening(tract, phantom).values)
    assert np.abs(found[..., -1] - people[..., -1]).max() > 0.1
    (tmp_path / "ours.json").write_text(
        phantom.model_copy(update={"name": "ours"}).model_dump_json(by_alias=True), "utf-8"
    )
    ours = tube_widening(replace(tract, area_model="ours"), tmp_path / "ours.json").values
    np.testing.assert_array_equal(ours, found)
