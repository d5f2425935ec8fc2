"""Typed configuration: a pydantic base that refuses unknown keys, YAML recipes, dotted overrides."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rtmri2speech.errors import ConfigError

# Surrogates, which stand for characters in pairs only.
_HALF = re.compile(r"[\ud800-\udfff]")
# Values of a YAML file, aliases written out.
_LARGEST = 100_000


class Config(BaseModel):
    """Base of every configuration: frozen, strict about names, with messages a person can act on."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def parse(cls, values: Any, source: str, options: Mapping[str, str] = MappingProxyType({})) -> Self:
        """Validate ``values`` (a mapping) and return the configuration.

        Args:
            values: nested mapping as read from YAML or JSON.
            source: where it came from, named in the error.
            options: what the user knows a field as, by its dotted name: ``{"scanner.matrix": "--matrix"}``.

        Raises:
            ConfigError: for unknown keys (with the nearest known one), values out of range, and text that cannot be
                written to a file.
        """
        if not isinstance(values, dict):
            raise ConfigError(
                f"{source}: expected names with values, found {type(values).__name__}.",
                "Write one 'name: value' per line.",
            )
        refuse_broken_text(values, source)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(*_explain(cls, error, source, options)) from None

    def changed(self, fields: Mapping[str, Any], source: str) -> Self:
        """This configuration with other values of some fields, validated as by :meth:`parse`.

        Fields that were never given stay so (``model_fields_set``).

        Raises:
            ConfigError: for unknown fields and values out of range.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return self.parse({**given, **fields}, source) if fields else self

    def differences(self, other: Self) -> list[str]:
        """Names of the fields in which ``other`` differs, each with both values."""
        mine, theirs = self.model_dump(), other.model_dump()
        return [f"{name}: {mine[name]} against {theirs.get(name)}" for name in mine if mine[name] != theirs.get(name)]


def _explain(
    model: type[BaseModel], error: ValidationError, source: str, options: Mapping[str, str]
) -> tuple[str, str]:
    problems, remedies = [], []
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"])
        path = options.get(path, path)
        if item["type"] == "extra_forbidden":
            known = _fields_at(model, item["loc"][:-1])
            near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
            problems.append(f"unknown key '{path}'")
            remedies.append(
                f"Did you mean '{near[0]}' instead of '{item['loc'][-1]}'?"
                if near
                else f"Keys known there: {', '.join(known)}."
            )
        else:
            problems.append(f"{path or 'value'}: {item['msg'].removeprefix('Value error, ')}")
            remedies.append(f"Correct '{path}'." if path else "Correct the value.")
    return f"{source}: {'; '.join(problems)}", " ".join(dict.fromkeys(remedies))


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for part in path:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return []
        model = field.annotation
    return list(model.model_fields)


class _Loader(yaml.SafeLoader):
    """Refuses a name given twice, of which YAML's own loader keeps the last in silence."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        names: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in names:
                raise yaml.MarkedYAMLError(problem=f"'{key.value}' stands there twice", problem_mark=key.start_mark)
            names.add(key.value)
        return node


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        ConfigError: when the file is missing, not YAML, or not a mapping, gives a name twice, refers to itself, or
            holds text that cannot be written to a file.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)
        if _size(values, {}) > _LARGEST:
            raise ValueError("it grows beyond measure, or refers to itself")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.", "Check the spelling of the path.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error}).", "Check the path.") from None
    except RecursionError:
        raise ConfigError(
            f"{path}: not readable as YAML (nested too deep).", "Compare it with a file that works."
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(f"{path}: not readable as YAML ({first}).", "Compare it with a file that works.") from None
    refuse_broken_text(values, str(path))
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds no 'name: value' lines.", "Compare it with a file that works.")
    return values


def _size(value: Any, known: dict[int, float]) -> float:
    """How many values there are, those that aliases repeat counted each time; infinite where one holds itself."""
    if not isinstance(value, dict | list):
        return 1.0
    if id(value) not in known:
        known[id(value)] = math.inf  # while it is looked at
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1.0 + sum(_size(part, known) for part in parts)
    return known[id(value)]


def refuse_broken_text(value: Any, source: str) -> None:
    """Refuse text with half of a character (a lone surrogate), which no file and no terminal takes.

    Raises:
        ConfigError: naming it.
    """
    if isinstance(value, dict):
        for part in (*value, *value.values()):
            refuse_broken_text(part, source)
    elif isinstance(value, list | tuple):
        for part in value:
            refuse_broken_text(part, source)
    elif isinstance(value, str) and _HALF.search(value):
        raise ConfigError(f"{source}: {value[:40]!a} holds half of a character.", "Write the character out.")


def apply_overrides(values: dict[str, Any], overrides: list[str]) -> dict[str, Any]:
    """Return ``values`` with dotted overrides such as ``training.lr=1e-4`` put in.

    Raises:
        ConfigError: for an override without ``=`` or one that leads through a plain value.
    """
    result: dict[str, Any] = _copy(values)
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals or not name:
            raise ConfigError(
                f"`overrides={override}`: expected name=value.", "For example: `overrides=training.lr=1e-4`"
            )
        *parents, last = name.strip().split(".")
        node = result
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise ConfigError(
                    f"`overrides={override}`: '{parent}' holds a value, not a group.", "Shorten the name."
                )
        node[last] = _parse_value(text)
    return result


def _copy(value: Any) -> Any:
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, dict) else value


def _parse_value(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return text
    if _size(value, {}) > _LARGEST:
        return text
    if isinstance(value, str):
        # YAML 1.1 reads 1e-4 as text because it wants a dot; people mean the number.
        try:
            return float(value)
        except ValueError:
            return value
    return value
