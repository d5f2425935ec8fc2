"""Recipes: shipped ones, the memo's values one by one, overrides and messages."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.assets import recipes
from rtmri2speech.config import read_yaml
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.recipes import Recipe, load_recipe

MEMO: dict[str, Any] = {
    # section 2
    "acoustic.model.backbone": "tf_efficientnetv2_b2",
    "acoustic.model.hidden": 640,
    "acoustic.model.dropout": 0.5,
    "acoustic.model.ref_frames": 4,
    "acoustic.data.segment_frames": 4,
    "acoustic.data.batch_size": 16,
    "acoustic.data.micro_batch_size": 4,
    "acoustic.data.num_workers": 4,
    "acoustic.data.prefetch_factor": 4,
    "acoustic.data.pin_memory": True,
    "acoustic.optimizer.lr": 1e-4,
    "acoustic.optimizer.betas": (0.9, 0.999),
    "acoustic.optimizer.eps": 1e-8,
    "acoustic.optimizer.weight_decay": 1e-4,
    "acoustic.scheduler.factor": 0.5,
    "acoustic.scheduler.patience": 5,
    "acoustic.scheduler.min_lr": 1e-6,
    "acoustic.precision": "auto",
    "acoustic.clip_norm": 1.0,
    "acoustic.loss.bands.f0": 2.0,
    "acoustic.loss.bands.f1": 3.0,
    "acoustic.loss.bands.f2": 2.4,
    "acoustic.loss.bands.f3": 1.6,
    "acoustic.loss.bands.high": 1.8,
    "acoustic.loss.first_frames": (1.6, 1.45, 1.3, 1.2, 1.15, 1.1, 1.05, 1.02),
    "acoustic.loss.ramp_steps": 120_000,
    "acoustic.loss.delta": (0.3, 0.45),
    "acoustic.loss.accel": (0.1, 0.15),
    "acoustic.loss.latest": (0.2, 0.4),
    "acoustic.max_epochs": 4500,
    "acoustic.max_steps": None,
    "acoustic.validate_every": 1,
    "acoustic.early_stop_patience": 20,
    "acoustic.seed": 42,
    # section 3
    "vocoder.model.upsample_rates": (10, 7, 3, 2),
    "vocoder.model.upsample_kernels": (20, 15, 7, 4),
    "vocoder.model.initial_channels": 512,
    "vocoder.model.resblock_kernels": (3, 7, 11),
    "vocoder.model.resblock_dilations": ((1, 3, 5),) * 3,
    "vocoder.discriminator_divisor": 1,
    "vocoder.data.segment_frames": 20,
    "vocoder.data.crops_per_utterance": 1,
    "vocoder.data.batch_size": 16,
    "vocoder.optimizer.lr": 5e-5,
    "vocoder.optimizer.betas": (0.8, 0.99),
    "vocoder.optimizer.weight_decay": 0.0,
    "vocoder.lr_decay": 0.999,
    "vocoder.loss.adversarial": 1.0,
    "vocoder.loss.feature": 2.0,
    "vocoder.loss.mel": 45.0,
    "vocoder.precision": "fp32",
    "vocoder.seed": 42,
}


def value_at(recipe: Recipe, name: str) -> Any:
    value: Any = recipe
    for part in name.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("name", MEMO)
def test_memo_value(name: str) -> None:
    assert value_at(load_recipe("memo"), name) == MEMO[name]
    assert value_at(Recipe(), name) == MEMO[name], "what a recipe leaves out is the memo's"


@pytest.mark.parametrize("name", MEMO)
def test_memo_recipe_spells_it_out(name: str) -> None:
    node: Any = read_yaml(recipes()["memo"])
    for part in name.split("."):
        assert part in node
        node = node[part]


def test_memo_segment_of_sound_has_8400_samples() -> None:
    assert load_recipe("memo").vocoder.data.segment_frames * FeatureConfig().hop_length == 8400


@pytest.mark.parametrize("name", ["memo", "default", "phantom", "smoke", "small"])
def test_shipped_recipe_fits_the_default_features(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.description
    assert recipe.vocoder.model.hop_length == FeatureConfig().hop_length
    samples = recipe.vocoder.data.segment_frames * FeatureConfig().hop_length
    assert samples >= FeatureConfig().min_samples


def test_default_learns_what_the_memo_learns() -> None:
    memo, default = load_recipe("memo").acoustic, load_recipe("default").acoustic
    assert default.model == memo.model and default.scheduler.factor == memo.scheduler.factor
    assert default.loss.model_copy(update={"ramp_steps": memo.loss.ramp_steps}) == memo.loss
    windows = default.data.batch_size * (default.data.segment_frames - default.model.ref_frames + 1)
    assert default.loss.ramp_steps * windows == pytest.approx(memo.loss.ramp_steps * memo.data.batch_size, rel=0.05)
    assert load_recipe("default").vocoder == load_recipe("memo").vocoder


def test_small_has_the_memos_networks() -> None:
    small, memo = load_recipe("small"), load_recipe("memo")
    assert (small.acoustic.model, small.vocoder.model) == (memo.acoustic.model, memo.vocoder.model)


def test_overrides_read_numbers_as_people_write_them() -> None:
    recipe = load_recipe("memo", ["acoustic.optimizer.lr=1e-3", "vocoder.max_steps=5", "acoustic.precision=fp32"])
    assert recipe.acoustic.optimizer.lr == 1e-3
    assert recipe.vocoder.max_steps == 5
    assert recipe.acoustic.precision == "fp32"
    assert recipe.acoustic.optimizer.betas == (0.9, 0.999)


def test_a_file_is_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("acoustic: {optimizer: {lr: 2e-4}}\n", encoding="utf-8")
    assert load_recipe(path).acoustic.optimizer.lr == 2e-4


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as error:
        load_recipe("memo", ["acoustic.optimizer.learning_rat=1"])
    assert "acoustic.optimizer.learning_rat" in error.value.problem
    with pytest.raises(ConfigError) as error:
        load_recipe("memo", ["acoustic.optimizer.beta=[0.9, 0.99]"])
    assert "Did you mean 'betas'" in error.value.remedy


def test_unknown_recipe_lists_the_shipped_ones() -> None:
    with pytest.raises(ConfigError) as error:
        load_recipe("smal")
    assert "Did you mean 'small'" in error.value.remedy
    assert all(name in error.value.remedy for name in recipes())


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such recipe file"):
        load_recipe(tmp_path / "other.yaml")


@pytest.mark.parametrize(
    "override",
    [
        "acoustic.data.segment_frames=3",
        "acoustic.data.micro_batch_size=17",
        "acoustic.optimizer.lr=-1",
        "acoustic.scheduler.kind=cosine",  # over how many steps?
        "vocoder.lr_schedule=cosine",
    ],
)
def test_impossible_values_are_refused(override: str) -> None:
    with pytest.raises(ConfigError):
        load_recipe("memo", [override])


def test_a_cosine_falls_from_the_rate_to_nothing_over_the_steps() -> None:
    sets = ["max_steps=1000", "optimizer.lr=8e-4", "scheduler.kind=cosine", "scheduler.warmup_steps=10"]
    acoustic = load_recipe("memo", [f"acoustic.{one}" for one in sets]).acoustic
    rates = [acoustic.rate(step) for step in range(1001)]
    assert rates[0] == pytest.approx(8e-5) and rates[500] == pytest.approx(4e-4) and rates[1000] == pytest.approx(0)
    assert rates[250] == pytest.approx(8e-4 * 0.853553, rel=1e-5)
    assert all(one > other for one, other in itertools.pairwise(rates[10:]))
    vocoder = load_recipe("memo", ["vocoder.max_steps=1000", "vocoder.lr_schedule=cosine"]).vocoder
    assert vocoder.rate(250, 3) == pytest.approx(5e-5 * 0.853553, rel=1e-5)


def test_a_plateau_leaves_the_rate_alone_but_for_the_first_steps() -> None:
    recipe = load_recipe("memo", ["acoustic.scheduler.warmup_steps=4", "acoustic.optimizer.lr=1e-3"]).acoustic
    assert [recipe.rate(step) for step in range(5)] == [*map(pytest.approx, (2.5e-4, 5e-4, 7.5e-4, 1e-3)), None]
    assert load_recipe("memo").acoustic.rate(0) is None


def test_overrides_may_be_a_mapping_and_a_recipe_may_be_loaded_already() -> None:
    expected = load_recipe("small", ["acoustic.optimizer.lr=1e-5", "vocoder.discriminators=[scale]"])
    nested = {"acoustic": {"optimizer": {"lr": 1e-5}}, "vocoder.discriminators": ["scale"]}
    assert load_recipe("small", nested) == expected
    small = load_recipe("small")
    assert load_recipe(small) is small and load_recipe(small, nested) == expected
    with pytest.raises(ConfigError, match=r"the recipe with `overrides`: acoustic\.max_steps"):
        load_recipe(small, {"acoustic.max_steps": -1})
