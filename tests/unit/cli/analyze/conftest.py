"""Recordings that commands under ``analyze`` measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from talker import speak, write_recording


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video with sound and TextGrid."""
    return write_recording(speak(2.5, seed=5, size=32), tmp_path_factory.mktemp("labelled"), "said", textgrid=True)
