"""Hz per mm of models that read a measured tract, by themselves and next to a model of frames."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.widening.compute import widening
from rtmri2speech.analysis.widening.files import read_widening
from rtmri2speech.analysis.widening.result import Widening
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.measurement.tract import Tract
from tract_models import moving_tract, tract_bundle


@pytest.fixture(scope="module")
def tract(clip: Clip) -> Tract:
    return moving_tract(clip.scan.n_frames)


@pytest.fixture(scope="module")
def reader(tract: Tract, clip: Clip) -> Model:
    return Model(tract_bundle(tract, clip.retiming))


@pytest.fixture(scope="module")
def found(reader: Model, talker: Path, tract: Tract) -> Widening:
    return widening(reader, talker, regions=tract, held=True)


def test_everything_has_its_shape(found: Widening, clip: Clip) -> None:
    there = np.isfinite(found.targets)
    assert there.any() and found.tract_model is None and found.own is not None and found.held is not None
    for values in (found.model, found.own, found.held):
        assert values.shape == (clip.n_frames, 4, 40)
        assert np.isfinite(np.delete(values, 30, axis=2)[there]).all() and np.isnan(values[~there]).all()
    assert np.isnan(found.model[3, :, 30]).all()
    assert any("walls touch in 1 of" in note for note in found.notes)


def test_walls_do_what_the_sections_do_that_they_bound(found: Widening) -> None:
    assert found.bounding is not None
    there = np.isfinite(found.targets)
    np.testing.assert_array_equal(found.points[there], found.bounding.spread(found.model)[there])
    assert not there.all() and np.isnan(found.points[~there]).all()
    palate = found.points[:, :, CONTOURS.index("palate_and_velum")]
    np.testing.assert_allclose(found.walls()["palate_and_velum"][5], palate[5].sum(axis=-1))


def test_a_wall_is_known_where_half_of_it_is(found: Widening) -> None:
    index = CONTOURS.index("palate_and_velum")
    frame = int(np.flatnonzero(np.isfinite(found.targets[:, 0]))[0])
    points = found.points.copy()
    points[frame, :, index, :20] = np.nan
    part = replace(found, points=points)
    wanted = np.nansum(points[frame, 0, index])
    assert part.walls()["palate_and_velum"][frame, 0] == pytest.approx(wanted)
    assert part.show(frame, "F1").axes
    points[frame, :, index, :40] = np.nan
    assert np.isnan(replace(found, points=points).walls()["palate_and_velum"][frame, 0])


def test_it_is_drawn_and_comes_back_from_its_file(found: Widening, tmp_path: Path) -> None:
    assert found.show(3, "F1").axes
    files = found.save(tmp_path)
    np.testing.assert_allclose(read_widening(files[0]).model, found.model, rtol=1e-6)


def test_a_model_that_has_spoken_before_is_asked_likewise(
    reader: Model, talker: Path, clip: Clip, tract: Tract, found: Widening
) -> None:
    again = Model(reader.bundle)
    again.tract_way.predict(tract_inputs(tract, clip.retiming, clip.skipped))
    np.testing.assert_array_equal(widening(again, talker, regions=tract).model, found.model)


def test_another_area_model_than_in_synthesis_is_said(reader: Model, talker: Path, tract: Tract) -> None:
    again = widening(reader, talker, regions=replace(tract, area_model="phantom"))
    assert any("the area model 'phantom'; synthesize gives it one of 'people'" in note for note in again.notes)


def test_it_answers_next_to_a_model_of_frames(
    model: Model, reader: Model, clip: Clip, tract: Tract, found: Widening, tmp_path: Path
) -> None:
    both = widening(model, clip, regions=tract, tract_model=reader)
    assert both.tract_model is not None
    np.testing.assert_allclose(both.tract_model, found.model, rtol=1e-4, atol=1e-5)
    assert np.isfinite(both.model[3, :, 30]).any()
    assert both.show(5, "F1").axes
    rows = both.save(tmp_path)[1].read_text(encoding="utf-8").splitlines()
    assert rows[0].split(",")[8] == "tract_model" and any(row.split(",")[8] for row in rows[1:])


def test_what_is_no_second_model_is_refused(model: Model, reader: Model, clip: Clip, tract: Tract) -> None:
    with pytest.raises(ConfigError, match="`tract_model`: the model reads a measured tract itself"):
        widening(reader, clip, regions=tract, tract_model=reader)
    with pytest.raises(BundleError, match="no model that reads a measured tract"):
        widening(model, clip, regions=tract, tract_model=model)
    slow = replace(reader.bundle, features=FeatureConfig(hop_length=800))
    assert slow.features.frame_rate != Fraction(clip.n_frames)
    with pytest.raises(ConfigError, match="frames per second, the model"):
        widening(model, clip, regions=tract, tract_model=Model(slow))
