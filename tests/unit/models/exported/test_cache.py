"""Exported networks are kept under what they depend on, and made again when a file is not what its name says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rtmri2speech.models.exported import cache
from rtmri2speech.models.exported.cache import candidates, key_of


def never() -> bytes:
    raise AssertionError("made again")


def cached(name: str, key: str, make: Callable[[], bytes]) -> bytes:
    return next(candidates(name, key, make))


def test_what_was_made_is_kept(folder: Path) -> None:
    assert cached("small", "k1", lambda: b"network") == b"network"
    assert cached("small", "k1", never) == b"network"
    assert [path.name for path in folder.iterdir()] == ["small-k1.network"]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "another"])
def test_a_file_that_is_damaged_or_another_networks_is_made_again(folder: Path, damage: str) -> None:
    cached("small", "k1", lambda: b"network one")
    cached("small", "k2", lambda: b"network two")
    path = folder / "small-k1.network"
    content = path.read_bytes()
    other = (folder / "small-k2.network").read_bytes()
    path.write_bytes({"cut": content[:-1], "changed": content[:-1] + b"?", "empty": b"", "another": other}[damage])
    assert cached("small", "k1", lambda: b"again") == b"again"
    assert cached("small", "k1", never) == b"again"


def test_what_is_of_no_use_is_made_again_once_and_then_not_kept(folder: Path) -> None:
    cached("small", "k", lambda: b"one")
    tried = candidates("small", "k", lambda: b"two")
    assert next(tried) == b"one" and next(tried) == b"two"
    assert cached("small", "k", never) == b"two", "in place of the other"
    assert list(tried) == [] and list(folder.iterdir()) == []


def test_where_nothing_can_be_written_it_is_made_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "file"))
    assert cached("small", "k", lambda: b"one") == b"one"
    assert cached("small", "k", lambda: b"two") == b"two"


def test_the_oldest_are_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST", 2)
    for number, key in enumerate("abc"):
        cached("small", key, lambda: b"network")
        os.utime(folder / f"small-{key}.network", (number, number))
    cached("small", "b", never)  # in use again
    cached("small", "d", lambda: b"network")
    assert {path.stem for path in folder.iterdir()} == {"small-b", "small-d"}


def test_a_key_depends_on_weights_shapes_and_versions() -> None:
    torch.manual_seed(0)
    one = torch.nn.Linear(2, 3)
    key = key_of(one, {"version": "1"})
    assert key_of(one, {"version": "1"}) == key
    assert key_of(one, {"version": "2"}) != key
    with torch.no_grad():
        one.bias[0] += 1e-3
    assert key_of(one, {"version": "1"}) != key
    assert key_of(torch.nn.Linear(2, 3).half(), {"version": "1"}) != key


def test_without_the_variable_it_is_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.delenv(cache.FOLDER_VARIABLE)
    assert cache.folder() == Path(platformdirs.user_cache_dir("rtmri2speech", appauthor=False)) / "networks"
