"""Gestures of a tract: which measures, the table, tiers for Praat, the figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plain_tracts import plain_tract
from rtmri2speech.data.annotation.grid import IntervalTier
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.gestures.gestures import COLUMNS, Gestures, gestures_of
from rtmri2speech.vocal_tract.gestures.landmarks import GestureOptions
from tables import rows_of

FRAMES = 75
TIMES = (np.arange(FRAMES) + 0.5) / 50.0
# Small in the middle of 1.5 s.
DIP = 10.0 - 9.0 * np.exp(-0.5 * ((TIMES - 0.75) / 0.1) ** 2)


def found() -> Gestures:
    measures = {
        "lip_aperture_mm": np.full(FRAMES, np.nan),
        "tongue_tip_mm": DIP,
        "tongue_tip_at": np.where(np.abs(TIMES - 0.75) < 0.1, 92.0, 70.0),
        "velum_mm": 10.0 - DIP,
        "larynx_cm": 0.1 * (10.0 - DIP),
    }
    return gestures_of(plain_tract(FRAMES, measures=measures))


def test_what_was_measured_has_gestures_in_its_own_direction() -> None:
    gestures = found()
    assert "lip_aperture" not in gestures.found
    assert {name: len(marks) for name, marks in gestures.found.items()} == {
        **{"lip_protrusion": 0, "tongue_tip": 1, "tongue_body": 0, "pharynx": 0},
        **{"velum": 1, "jaw": 0, "larynx": 1},
    }
    assert repr(gestures).startswith("Gestures of talk: lip_protrusion 0, tongue_tip 1")
    (velum,), (larynx,) = gestures.found["velum"], gestures.found["larynx"]
    assert velum.landmarks.extreme == pytest.approx(larynx.landmarks.extreme) == pytest.approx(9.0, abs=0.1)


def test_table(tmp_path: Path) -> None:
    table, grid = found().save(tmp_path)
    assert (table.name, grid.name) == ("talk_gestures.csv", "talk_gestures.TextGrid")
    rows = rows_of(table)
    assert tuple(rows[0]) == COLUMNS and [row["measure"] for row in rows] == ["tongue_tip", "velum", "larynx"]
    tip, velum, _ = rows
    assert float(tip["location_percent"]) == 92.0 and velum["location_percent"] == ""
    # Steepest one standard deviation (here 0.1 s, and the smoothing) from the middle.
    sigma = np.hypot(0.1, GestureOptions().smoothing)
    assert float(tip["peak_velocity_s"]) == pytest.approx(0.75 - sigma, abs=0.002)
    assert float(tip["release_peak_velocity_s"]) == pytest.approx(0.75 + sigma, abs=0.002)
    assert float(tip["target_s"]) + float(tip["release_s"]) == pytest.approx(1.5, abs=1e-3)


def test_tiers(tmp_path: Path) -> None:
    grid = read_textgrid(found().save_textgrid(tmp_path))
    assert grid.end == 1.5 and "tongue_tip" in grid.names and "lip_aperture" not in grid.names
    tip, velum = grid.tier("tongue_tip"), grid.tier("velum")
    assert isinstance(tip, IntervalTier) and isinstance(velum, IntervalTier)
    assert [one.label for one in tip.entries] == ["closing", "plateau", "opening"]
    assert [one.label for one in velum.entries] == ["lowering", "plateau", "raising"]
    assert tip.entries[0].end == tip.entries[1].start < tip.entries[1].end == tip.entries[2].start


def test_figure() -> None:
    assert found().show(0.2, 1.2)._repr_png_()
    nothing = plain_tract(measures=dict.fromkeys(plain_tract().measures, np.full(50, np.nan)))
    assert gestures_of(nothing).show()._repr_png_() and gestures_of(nothing).rows() == []


@pytest.mark.parametrize(("start", "end"), [(1.2, 0.2), (1.5, None), (2.0, 3.0), (-2.0, -1.0)])
def test_a_stretch_without_frames_is_not_drawn(start: float, end: float | None) -> None:
    with pytest.raises(ConfigError, match=r"nothing of .* lies between them") as caught:
        found().show(start, end)
    assert "0 to 1.50 s" in caught.value.remedy


def test_a_place_without_a_frame_on_the_plateau_is_that_of_the_nearest_frame() -> None:
    unknown = np.full(FRAMES, np.nan)
    some = unknown.copy()
    some[37] = 88.0
    for places, place in ((some, 88.0), (unknown, np.nan)):
        gestures = gestures_of(plain_tract(FRAMES, measures={"tongue_body_mm": DIP, "tongue_body_at": places}))
        (one,) = gestures.found["tongue_body"]
        np.testing.assert_equal(one.location, place)
