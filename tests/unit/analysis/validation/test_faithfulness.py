"""Tests of maps, tested: with a made-up model whose truth is known, and with a small one."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from rtmri2speech.analysis.attribution.explainer import Explainer, open_video
from rtmri2speech.analysis.attribution.targets import Band, read_bands
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.analysis.validation.deletion_insertion import BASELINES, FRACTIONS, draw_curves, gains
from rtmri2speech.analysis.validation.probe import Probe, Variant
from rtmri2speech.analysis.validation.randomization import cascade, deal, steps_of
from rtmri2speech.analysis.validation.region_occlusion import compare_regions
from rtmri2speech.analysis.validation.summary_table import (
    FAITHFULNESS,
    PHYSICS,
    POOLED,
    Score,
    write_belief,
    write_scores,
)
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import DatasetError
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

FEATURES = FeatureConfig()
BANDS = read_bands(["F1:300-900", "F2:900-2500"], FEATURES)
SIZE = 32
# Off the middle, so that whoever looks at the centre is wrong.
SQUARE = (slice(2, 10), slice(20, 28))


class Fake(Probe):
    """A model whose target is the sum of the picture's pixels times known weights, and maps of two kinds."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.frames = torch.from_numpy(rng.integers(40, 256, (5, SIZE, SIZE)).astype(np.uint8))
        self.explainer = type("Here", (), {"device": torch.device("cpu")})()  # type: ignore[assignment]
        self.bands = (Band("F1", 300.0, 900.0, (7, 20)),)
        self.kinds = ("centroid",)
        self.targets = ["only one"]  # type: ignore[list-item]
        self.strides = (32, 1)
        self._last = 32
        self.weights = np.zeros((SIZE, SIZE))
        self.weights[SQUARE] = rng.normal(size=(8, 8)) + 3.0

    def picture(self, frame: int) -> torch.Tensor:
        return self.frames[frame].float() / 255

    def respond(self, frame: int, pictures: torch.Tensor) -> np.ndarray:
        return np.einsum("nhw,hw->n", pictures.numpy(), self.weights)[None]

    def maps(self, chosen: np.ndarray, explainer: Explainer | None = None) -> dict[int, np.ndarray]:
        true = np.stack([self.weights * self.picture(frame).numpy() for frame in chosen.tolist()])[None]
        # The layer of 32 pixels is wrong: it points everywhere but there.
        return {1: true.astype(np.float32), 32: (1.0 - (true != 0)).astype(np.float32)}


RIGHT, WRONG = Variant("hirescam", "centroid", 1), Variant("gradcam", "centroid", 32)


def test_the_right_map_beats_every_baseline_and_the_wrong_one_none() -> None:
    probe = Fake()
    assert probe.variants == [WRONG, RIGHT]
    curves = draw_curves(probe, np.array([1, 3]))
    assert len(curves) == len(BASELINES) + 2
    for deletion in (True, False):
        right, wrong = (gains(curves, variant, 0, deletion) for variant in (RIGHT, WRONG))
        assert min(right.values()) > 1.1 and min(wrong.values()) < 0.9
        assert all(right[name] > 1.2 * wrong[name] for name in BASELINES)
    for curve in curves:
        np.testing.assert_allclose(curve.deletion[:, 0], 0)
        np.testing.assert_allclose(curve.insertion[:, -1], 0)
        np.testing.assert_allclose(curve.insertion[:, 0], curve.deletion[:, -1])
    (right_curve,) = (curve for curve in curves if curve.order == RIGHT)
    # An eighth of the picture and less matters: with 15 % of it in, all is as it was.
    np.testing.assert_allclose(right_curve.insertion[:, FRACTIONS.index(0.15)], 0, atol=1e-9)


def test_regions_with_attribution_are_those_whose_hiding_matters() -> None:
    probe = Fake()
    masks = np.zeros((5, SIZE, SIZE), bool)
    masks[0][SQUARE] = masks[1][2:6, 20:28] = masks[2][2:4, 20:28] = masks[3][20:30, 2:9] = True
    regions = Regions(("all", "half", "quarter", "nothing to do with it", "empty"), lambda frame: masks)
    found = {one.variant: one for one in compare_regions(probe, regions, np.array([0, 2, 4]), fill="darken")}
    assert found[RIGHT].signed == pytest.approx(1) and found[RIGHT].absolute == pytest.approx(1)
    assert found[WRONG].absolute < 0


def test_two_regions_have_no_order() -> None:
    masks = np.zeros((2, SIZE, SIZE), bool)
    masks[0][SQUARE] = masks[1][20:30, 2:9] = True
    found = compare_regions(Fake(), Regions(("one", "other"), lambda frame: masks), np.array([0, 2]), fill="darken")
    assert [(one.variant, one.target) for one in found] == [(WRONG, 0), (RIGHT, 0)]
    assert all(np.isnan([one.signed, one.absolute]).all() for one in found)


@pytest.fixture(scope="module")
def bundle(make_bundle: Callable[..., Bundle]) -> Bundle:
    return make_bundle("acoustic", frames=FrameConfig(size=64))


@pytest.fixture(scope="module")
def clip(talker: Path, explainer: Explainer) -> Clip:
    return open_video(talker, explainer)


@pytest.fixture(scope="module")
def probe(clip: Clip, explainer: Explainer) -> Probe:
    return Probe(clip, explainer, BANDS, strides=(8,))


def test_the_probes_maps_are_those_of_gradcam(probe: Probe, clip: Clip, explainer: Explainer) -> None:
    encoded = explainer.encode(clip, [32, 8])
    found = explainer.explain(encoded.features, probe.targets)
    cells = explainer.cells(clip, found.gradients, [32, 8], encoded.kept)
    chosen = probe.choose(5)
    assert len(chosen) == 5 and set(chosen) <= set(probe.speaking)
    maps = probe.maps(chosen)
    for stride in (32, 8):
        whole = cells[stride][:, chosen]
        np.testing.assert_allclose(maps[stride], whole, rtol=1e-3, atol=1e-5 * np.abs(whole).max())
    np.testing.assert_allclose(found.values.numpy(), probe.values, rtol=1e-4)
    assert [(target.kind, target.name) for target in probe.targets][:3] == [
        ("energy", "F1"),
        ("energy", "F2"),
        ("log-energy", "F1"),
    ]


def test_a_changed_frame_is_answered_as_the_whole_model_would(probe: Probe, explainer: Explainer) -> None:
    frame = 40
    picture = probe.picture(frame)
    other = picture.flip(0)
    same, changed = probe.respond(frame, torch.stack([picture, other])).T
    np.testing.assert_allclose(same, probe.values[:, frame], rtol=1e-2)
    frames = probe.frames.float() / 255
    frames[frame] = other
    with torch.no_grad():
        mel = explainer.model.predict(explainer.model.encode(frames))
    expected = [float(target(mel.double())[frame]) for target in probe.targets]
    np.testing.assert_allclose(changed, expected, rtol=1e-2)
    assert np.abs(changed / same - 1).max() > 0.05


def test_the_cascade_randomises_from_the_output_and_leaves_the_bundle_alone(bundle: Bundle, probe: Probe) -> None:
    before = {name: tensor.clone() for name, tensor in bundle.tensors.items()}
    chosen = probe.choose(3)
    # The model that nothing was done to, with BatchNorm not folded, has the same maps.
    plain = Explainer(bundle)
    plain.model = bundle.build_acoustic()
    for stride, maps in probe.maps(chosen, plain).items():
        known = probe.maps(chosen)[stride]
        np.testing.assert_allclose(maps, known, rtol=1e-2, atol=1e-4 * np.abs(known).max())
    found = cascade(bundle, probe, chosen, seed=1)
    assert all(torch.equal(before[name], tensor) for name, tensor in bundle.tensors.items())
    names = [name for name, _ in steps_of(plain.model)]
    assert names[:3] == ["head", "lstm", "stage 5"] and names[-1] == "stem"
    assert list(dict.fromkeys(one.step for one in found)) == names
    assert len(found) == len(names) * len(probe.variants) * len(BANDS)
    last = [one.rank for one in found if one.step == "stem"]
    assert np.isfinite(last).all() and abs(np.mean(last)) < 0.3


def test_weights_are_dealt_out_among_themselves_by_the_seed() -> None:
    layers = [torch.nn.Linear(6, 5) for _ in range(3)]
    for layer in layers:
        layer.load_state_dict(layers[0].state_dict())
    before = layers[0].weight.detach().clone()
    for layer, seed in zip(layers, (1, 1, 2), strict=True):
        deal(layer, torch.Generator().manual_seed(seed))
    one, same, other = (layer.weight.detach() for layer in layers)
    assert torch.equal(one, same) and not torch.equal(one, other) and not torch.equal(one, before)
    assert torch.equal(one.flatten().sort().values, before.flatten().sort().values)


def score(variant: Variant, band: str, **values: float) -> Score:
    return Score(variant, band, values)


def test_one_table_of_both(tmp_path: Path) -> None:
    names = ["randomised_rank", "randomised_rank_absolute", "deletion_vs_random", "deletion_vs_best"]
    names += ["insertion_vs_random", "insertion_vs_best", "regions_signed"]
    faithful = [score(RIGHT, band, **dict.fromkeys(names, 0.5)) for band in ("F1", POOLED)]
    write_scores(tmp_path / FAITHFULNESS, faithful)
    (table, text) = write_belief(tmp_path)
    assert "cosine" not in text.read_text(encoding="utf-8")
    numbers = {"cosine": 0.9, "cosine_even": 0.8, "rank": 0.8, "p": float("nan"), "p_specific": 0.02}
    physical = [score(variant, POOLED, **numbers, tract_density=2.0) for variant in (WRONG, RIGHT)]
    write_scores(tmp_path / PHYSICS, physical)
    write_belief(tmp_path)
    with table.open(encoding="utf-8", newline="") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert len(rows) == 2 and rows["hirescam"]["deletion_vs_random"] == "0.5"
    assert rows["gradcam"]["deletion_vs_random"] == "" and rows["gradcam"]["cosine"] == "0.9"
    lines = text.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    (tmp_path / PHYSICS).write_text(f"method,target,cell_pixels,band\na,b,8,{POOLED}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"physics\.csv.*cosine"):
        write_belief(tmp_path)
