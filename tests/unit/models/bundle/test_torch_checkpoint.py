"""PyTorch files that were made to keep their reader busy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.torch_checkpoint import read_state, read_weights


@pytest.mark.parametrize("names", [("model",), ("state_dict", "model"), ("generator",)])
def test_a_file_that_holds_itself_is_refused_at_once(tmp_path: Path, names: tuple[str, ...]) -> None:
    path, first = tmp_path / "g_1", {}
    inner: dict[str, Any] = first
    for name in names[:-1]:
        inner[name] = {}
        inner = inner[name]
    inner[names[-1]] = first
    torch.save(first, path)
    for read in (read_state, read_weights):
        with pytest.raises(BundleError, match="without end"):
            read(path)


def test_weights_in_the_dictionaries_of_two_programs_are_found(tmp_path: Path) -> None:
    torch.save({"model": {"state_dict": {"a": torch.ones(2)}}}, tmp_path / "x.pt")
    assert read_state(tmp_path / "x.pt")["a"].tolist() == [1.0, 1.0]
