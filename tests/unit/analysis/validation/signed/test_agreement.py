"""Hz per mm gathered from clips and compared, and the model with permuted weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drawn_walls import tract_of, walls
from rtmri2speech.analysis.validation.signed.agreement import SignedAgreement, permuted_model, runs
from rtmri2speech.analysis.validation.signed.warp_test import labels_of_walls, warp_score, warp_test
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.model import Model
from rtmri2speech.vocal_tract.measurement.tract import Tract
from tables import rows_of
from tract_models import moving_tract, tract_bundle

VOWELS = {"a": np.array([8, 9, 10, 30, 31]), "i": np.array([20, 21])}


@pytest.fixture(scope="module")
def tract(clip: Clip) -> Tract:
    return tract_of([walls(9.0 + 0.02 * number) for number in range(clip.scan.n_frames)])


def test_tokens_are_runs_of_frames() -> None:
    assert [(name, frames.tolist()) for name, frames in runs(VOWELS)] == [
        ("a", [8, 9, 10]),
        ("a", [30, 31]),
        ("i", [20, 21]),
    ]


def test_clips_are_gathered_scored_and_written(model: Model, clip: Clip, tract: Tract, tmp_path: Path) -> None:
    agreement = SignedAgreement(("F1", "F2"))
    assert agreement.save(tmp_path) == []
    ours = agreement.add(model, clip, VOWELS, regions=tract, permuted=2)
    assert ours.shape == (clip.n_frames, 2, 8)
    truth = np.ones((clip.n_frames, 2, 8)) * np.arange(8)
    agreement.add(model, clip, VOWELS, regions=tract, truth=truth, permuted=2)
    scores = agreement.scores()
    assert [one.formant for one in scores] == ["F1", "F2"]
    assert all(one.vowels == 4 and np.isfinite(one.r_permuted) for one in scores)
    files = agreement.save(tmp_path)
    assert [path.name for path in files] == ["physics_signed.csv", "physics_signed_tokens.csv"]
    assert len(rows_of(files[1])) == 6 * 2 * 8 and float(rows_of(files[1])[-1]["physics"]) == 7.0


def test_permuted_weights_are_other_ones_of_the_same_size(model: Model, clip: Clip) -> None:
    before = model.acoustic_float32.head.weight.clone()
    strange = permuted_model(model, clip, 1)
    assert (model.acoustic_float32.head.weight == before).all()
    changed = strange.acoustic_float32.head.weight
    assert (changed != before).any() and changed.flatten().sort()[0].equal(before.flatten().sort()[0])
    assert np.abs(strange.predict_mel(clip) - model.predict_mel(clip)).max() > 0.1


def test_a_model_that_reads_a_measured_tract_is_scored_too(clip: Clip, tmp_path: Path) -> None:
    tract = moving_tract(clip.scan.n_frames)
    reader = Model(tract_bundle(tract, clip.retiming))
    before = reader.tract_way.model.heads.weight.clone()
    agreement = SignedAgreement(("F1", "F2"))
    agreement.add(reader, clip, VOWELS, regions=tract, permuted=2)
    assert all(np.isfinite([one.r, one.r_permuted]).all() for one in agreement.scores())
    changed = permuted_model(reader, clip, 1).tract_way.model
    assert reader.tract_way.model.heads.weight.equal(before) and not changed.heads.weight.equal(before)
    assert changed.inputs.scale.equal(reader.tract_way.model.inputs.scale)


def test_a_small_warp_does_what_the_derivative_says(model: Model, clip: Clip, tract: Tract) -> None:
    scores = warp_test(model, clip, regions=tract, step_mm=0.05)
    assert [one.formant for one in scores] == ["F1", "F2", "F3", "F4"]
    best = max(scores, key=lambda one: one.count)
    assert best.r > 0.95 and best.slope == pytest.approx(1.0, abs=0.15)


def test_scores_of_warps_are_right_on_known_numbers() -> None:
    slopes = np.random.default_rng(0).standard_normal((10, 8))
    formants = 3.0 * slopes
    formants[2, 3], formants[4] = 5000.0, np.nan
    found = warp_score("F2", slopes, 0.9 * slopes, formants)
    assert found.r == pytest.approx(1.0) and found.slope == pytest.approx(0.9) and found.count == 80
    assert found.error == pytest.approx(1 / 9) and found.factor == pytest.approx(3.0)
    assert labels_of_walls("x_regions.npz") == "x_regions.npz" and labels_of_walls("template") == "auto"
