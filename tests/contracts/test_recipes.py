"""Every recipe that ships loads, with every key known and every value possible."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.assets import asset, recipes
from rtmri2speech.config import read_yaml
from rtmri2speech.errors import ConfigError
from rtmri2speech.training.recipes import load_recipe

RECIPES = recipes()


def test_recipes_ship() -> None:
    assert RECIPES
    strays = [path.name for path in asset("recipes").iterdir() if path.suffix != ".yaml" and path.is_file()]
    assert not strays, "recipes end in .yaml"


@pytest.mark.parametrize("path", RECIPES.values(), ids=RECIPES.keys())
def test_recipe_is_a_mapping(path: Path) -> None:
    assert read_yaml(path)


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_loads_by_name_and_by_path(name: str) -> None:
    assert load_recipe(name, []) == load_recipe(str(RECIPES[name]), [])


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_refuses_an_unknown_key(name: str) -> None:
    with pytest.raises(ConfigError):
        load_recipe(name, ["no_such_group.no_such_key=1"])
