"""YAML files as people, editors and fuzzers make them: read, or refused in a moment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rtmri2speech.config import read_yaml
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.recipes import load_recipe

_LAUGHS = "a: &a {x: 1, y: 2}\n" + "".join(
    f"{name}: &{name} {{" + ", ".join(f"k{n}: *{before}" for n in range(9)) + "}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('description: "\\ud800"\n', "half of a character"),
        ('"\\udfff": 1\n', "half of a character"),
        ("acoustic: &a {optimizer: *a}\n", "refers to itself"),
        ("acoustic: &a [*a]\n", "refers to itself"),
        (_LAUGHS, "grows beyond measure"),
        ("acoustic: " + "[" * 3000, "nested too deep"),
        ("acoustic: " + "9" * 5000, "not readable as YAML"),
        ("acoustic: 2020-13-45", "not readable as YAML"),
    ],
    ids=["half", "half a name", "itself", "list of itself", "laughs", "deep", "digits", "date"],
)
def test_what_no_file_should_hold_is_refused_at_once(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    begin = time.monotonic()
    with pytest.raises(ConfigError, match=word) as caught:
        load_recipe(path)
    assert time.monotonic() - begin < 20.0
    assert str(path) in caught.value.problem and caught.value.problem.isprintable()


def test_half_of_a_character_in_an_override_is_refused() -> None:
    with pytest.raises(ConfigError, match="half of a character"):
        load_recipe("smoke", ['description="\\ud800"'])


def test_aliases_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one: &one {a: 1}\ntwo: *one\n", encoding="utf-8-sig")
    assert read_yaml(path) == {"one": {"a": 1}, "two": {"a": 1}}


def test_a_change_gives_only_what_it_names() -> None:
    changed = FeatureConfig(n_mels=80).changed({"fmin": 50.0}, "test")
    assert changed == FeatureConfig(n_mels=80, fmin=50.0) and changed.model_fields_set == {"n_mels", "fmin"}
    assert changed.changed({}, "test") is changed
