from __future__ import annotations

import socket
import sys

import pytest

from rtmri2speech.cluster import connect
from rtmri2speech.cluster.connect import use_cluster
from rtmri2speech.cluster.slurm import Slurm
from rtmri2speech.errors import ConfigError, UserError


def test_dask_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match="Dask is not installed") as caught, use_cluster("tcp://node1:8786"):
        pass
    assert "rtmri2speech[cluster]" in caught.value.remedy


def test_one_of_both_is_needed() -> None:
    for given in ({}, {"scheduler": "tcp://node1:8786", "slurm": Slurm()}):
        with pytest.raises(ConfigError, match="Either"), use_cluster(**given):  # type: ignore[arg-type]
            pass


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(connect, "_ANSWER", 0.3)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UserError, match="no Dask scheduler answers") as caught, use_cluster(address):
            pass
    assert address in caught.value.problem and "dask scheduler" in caught.value.remedy
