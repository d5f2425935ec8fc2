"""``occlude``: from a model and a video to a result that a notebook can use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.occlusion.conditions import Condition
from rtmri2speech.analysis.occlusion.occlude import occlude
from rtmri2speech.analysis.occlusion.occlusion import Occlusion
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.drawing.style import Drawing
from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.inference.model import Model, load_model


@pytest.fixture(scope="module")
def synthesizer(model_files: dict[str, Path]) -> Model:
    return load_model(model_files["synthesizer"], "cpu")


@pytest.fixture(scope="module")
def result(synthesizer: Model, talker: Path) -> Occlusion:
    bands = {"low": (300.0, 900.0)}
    return occlude(synthesizer, talker, region="tongue", alpha=0.3, bands=bands, controls=1, wavs=True)


def test_rows_are_a_table_with_what_was_asked_for(result: Occlusion) -> None:
    rows = result.rows()
    assert {(row["region"], row["fill"], row["alpha"]) for row in rows} == {
        ("tongue", "darken", 0.3),
        ("tongue", "darken", 1.0),
    }
    (level,) = (row for row in rows if row["measure"] == "low_level_db" and row["alpha"] == 0.3)
    (effect,) = (one for one in result.effects if one.measure.name == "low_level_db" and one.condition.alpha == 0.3)
    assert level["effect"] == effect.effect != 0 and level["controls_mean"] == effect.controls[0]
    assert level["effect_per_pixel"] == effect.effect / effect.pixels
    assert "Occlusion('talker.mp4'" in repr(result) and "4 conditions of tongue" in repr(result)
    assert "data:image/png;base64," in result._repr_html_()


def test_waves_are_those_of_the_mels(result: Occlusion, synthesizer: Model, tmp_path: Path) -> None:
    hidden = Condition("tongue", "darken", 0.3)
    np.testing.assert_array_equal(result.waves[hidden], synthesizer.vocode(result.mels[hidden]))
    np.testing.assert_array_equal(result.waves[None], result.waves[Condition("tongue", "darken", 1.0)])
    files = result.save(tmp_path)
    assert sorted(files) == sorted(tmp_path.iterdir()) and len(files) == 3 + 5
    saved = read_sound(tmp_path / "tongue_darken_0.3.wav").samples
    assert len(saved) == len(result.waves[hidden])
    about = json.loads((tmp_path / "masking.json").read_text(encoding="utf-8"))
    assert about["kind"] == "masking" and about["regions"][0]["name"] == "tongue"


def test_a_figure_of_chosen_measures(result: Occlusion) -> None:
    assert isinstance(result.show(), Drawing)
    assert len(result.show(["mel_mcd_db", "low_hz"]).axes) == 2


def test_a_clip_may_be_given_and_regions_that_were_read(synthesizer: Model, talker: Path) -> None:
    from rtmri2speech.analysis.regions.masks import read_regions, source_of

    clip = synthesizer.open(talker)
    regions = read_regions("template", source_of(clip))
    found = occlude(synthesizer, clip, region=["lips"], alpha=[], regions=regions, controls=1)
    assert set(found.controls) == {"lips"} and found.about["regions_of"] is None
    assert all(effect.effect == 0 or np.isnan(effect.effect) for effect in found.effects)


def test_what_cannot_be_done(synthesizer: Model, model_files: dict[str, Path], talker: Path) -> None:
    with pytest.raises(BundleError, match="no vocoder"):
        occlude(load_model(model_files["acoustic"], "cpu"), talker, wavs=True)
    with pytest.raises(BundleError, match="no acoustic model"):
        occlude(load_model(model_files["vocoder"], "cpu"), talker)
    with pytest.raises(ConfigError, match="`fill=glue`"):
        occlude(synthesizer, talker, fill="glue")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="'nose'"):
        occlude(synthesizer, talker, region="nose")
