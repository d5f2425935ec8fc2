"""Devices and dtypes by name."""

from __future__ import annotations

import pytest
import torch

from rtmri2speech.errors import UserError
from rtmri2speech.models.devices import choose_device, choose_dtype


@pytest.mark.parametrize(
    ("name", "there", "expected"),
    [
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_auto_takes_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, name: str, there: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert choose_device(name) == torch.device(expected)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="No CUDA device") as caught:
        choose_device("cuda")
    assert "`device=cpu`" in caught.value.remedy


@pytest.mark.parametrize("name", ["gpu", "CPU", "", "cuda:0"])
def test_other_devices_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UserError, match="unknown device") as caught:
        choose_device(name)
    assert "auto, cpu or cuda" in caught.value.remedy


def test_dtypes_have_the_names_of_pytorch() -> None:
    assert choose_dtype("float32") is torch.float32
    assert choose_dtype("bfloat16") is torch.bfloat16
    assert choose_dtype("fp32") is torch.float32 and choose_dtype("bf16") is torch.bfloat16, "those of recipes too"


@pytest.mark.parametrize("name", ["float16", "fp16", "int8", ""])
def test_other_dtypes_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UserError, match="unknown precision") as caught:
        choose_dtype(name)
    assert "float32 or bfloat16" in caught.value.remedy
