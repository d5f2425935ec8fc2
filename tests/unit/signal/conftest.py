"""The golden mel spectrogram and its maker."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="session")
def golden() -> dict[str, NDArray[np.float32]]:
    with np.load(GOLDEN / "mel.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="session")
def maker() -> dict[str, Any]:
    """Names of tests/golden/make_mel.py."""
    return runpy.run_path(str(GOLDEN / "make_mel.py"), run_name="make_mel")


@pytest.fixture(scope="session")
def librosa_mel_db(maker: dict[str, Any]) -> Callable[..., NDArray[np.float64]]:
    pytest.importorskip("librosa", reason="librosa, the oracle, is not installed")
    function: Callable[..., NDArray[np.float64]] = maker["librosa_mel_db"]
    return function
