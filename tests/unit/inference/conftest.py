"""What tests of inference share."""

from __future__ import annotations

import pytest


@pytest.fixture
def broken_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that is installed and cannot be loaded."""

    def broken(name: str) -> None:
        raise OSError("libopenvino.so: cannot open shared object file")

    monkeypatch.setattr("rtmri2speech.models.exported.network.engine_of", broken)
