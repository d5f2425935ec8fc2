"""Where recordings of real speakers are, for the tests that use them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data(name: str) -> Path:
    """A folder of recordings; skips the test where there is none."""
    root = os.environ.get("RTMRI_REAL_DATA")
    if not root:
        pytest.skip("RTMRI_REAL_DATA is not set: it names the folder with recordings of real speakers")
    folder = Path(root) / name
    if not folder.is_dir():
        pytest.skip(f"RTMRI_REAL_DATA={root} holds no folder {name}")
    return folder
