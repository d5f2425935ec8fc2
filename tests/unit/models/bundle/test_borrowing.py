"""A shipped model whose vocoder is another one's: whole when it is read, and refused when the lender is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle import borrowing
from rtmri2speech.models.bundle.container import read_container, write_container
from rtmri2speech.models.bundle.model_file import Bundle, join, load_bundle, save_bundle, weights_hash

LENDERS = {"vocoder": "lender"}


@pytest.fixture
def lender(tmp_path: Path, vocoder_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped vocoder."""
    path = tmp_path / "shipped" / "lender.safetensors"
    save_bundle(vocoder_bundle, path, half=True)
    monkeypatch.setattr(borrowing, "pretrained", lambda: {"lender": path} if path.is_file() else {})
    return path


@pytest.fixture
def whole(acoustic_bundle: Bundle, lender: Path) -> Bundle:
    return join(acoustic_bundle, load_bundle(lender))


def test_a_model_that_borrows_is_read_whole_and_saved_whole(whole: Bundle, lender: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_bundle(whole, path, half=True, lenders=LENDERS)
    assert not [name for name in read_container(path)[1] if name.startswith("vocoder.")]
    loaded = load_bundle(path)
    assert weights_hash(loaded) == weights_hash(whole) and loaded.header() == whole.header()
    for name, value in load_bundle(lender).tensors.items():
        assert torch.equal(loaded.tensors[name], value)
    save_bundle(loaded, tmp_path / "copy.safetensors")
    lender.unlink()
    assert weights_hash(load_bundle(tmp_path / "copy.safetensors")) == weights_hash(whole)


def test_weights_of_another_version_are_refused(
    whole: Bundle, vocoder_bundle: Bundle, lender: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    save_bundle(whole, path, lenders=LENDERS)
    name = next(name for name in vocoder_bundle.tensors if name.endswith("weight"))
    other = {**vocoder_bundle.tensors, name: vocoder_bundle.tensors[name] + 1.0}
    save_bundle(replace(vocoder_bundle, tensors=other), lender)
    with pytest.raises(
        BundleError, match=r"model\.safetensors: its vocoder is that of another version of the model len"
    ):
        load_bundle(path)
    with pytest.raises(BundleError, match="the vocoder is that of another version"):
        save_bundle(whole, tmp_path / "new.safetensors", lenders=LENDERS)
    assert not (tmp_path / "new.safetensors").exists()


def test_a_lender_that_is_missing_is_named(whole: Bundle, lender: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_bundle(whole, path, lenders=LENDERS)
    lender.unlink()
    with pytest.raises(BundleError, match="its vocoder is that of the model lender, which comes with the program, and"):
        load_bundle(path)


@pytest.mark.parametrize("entry", [["vocoder"], {"vocoder": "lender"}, {"vocoder": {"model": "lender"}}], ids=str)
def test_a_header_that_does_not_say_from_whom_is_refused(
    entry: object, whole: Bundle, tmp_path: Path, make_bundle: Callable[..., Bundle]
) -> None:
    path = tmp_path / "model.safetensors"
    write_container(path, {**whole.header(), "borrowed": entry}, make_bundle("acoustic").tensors)
    with pytest.raises(BundleError, match="its description lacks"):
        load_bundle(path)


def test_the_model_for_strangers_has_the_base_vocoder() -> None:
    shipped = borrowing.pretrained()
    vocoder = load_bundle(shipped["base-vocoder"]).stage("vocoder")
    own = load_bundle(shipped["strangers"]).stage("vocoder")
    assert own.keys() == vocoder.keys() and all(torch.equal(own[name], value) for name, value in vocoder.items())
    assert shipped["strangers"].stat().st_size < 10e6
