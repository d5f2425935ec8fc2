"""What commands say of options about more than one machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_a_wrong_share_is_named(run: Run, talker: Path, tmp_path: Path) -> None:
    done = run("prepare", talker, "--out", tmp_path / "out", "--shard", "9/8")
    assert done.problem == "--shard 9/8: is no share." and "1/8 to 8/8" in done.remedy
    assert not (tmp_path / "out").exists()


def test_a_share_says_how_it_is_joined(run: Run, talker: Path, tmp_path: Path) -> None:
    done = run("prepare", talker, "--out", tmp_path / "out", "--workers", 1, "--shard", "1/1")
    assert done.code == 0 and "share 1/1" in done.out
    assert "the same command without --shard joins them" in done.err


def test_an_extra_that_is_missing_is_named(
    run: Run, talker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run("prepare", talker, "--out", tmp_path / "out", "--scheduler", "tcp://node1:8786")
    assert done.problem == "Dask is not installed." and "rtmri2speech[cluster]" in done.remedy


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--scheduler", "tcp://node1:8786", "--workers", "2"], "--workers 2: a cluster has as many as it has."),
        (["--slurm-cores", "4"], "--slurm-cores 4: goes with --slurm."),
        (["--slurm-jobs", "3"], "--slurm-jobs 3: goes with --slurm."),
    ],
)
def test_options_that_do_not_go_together(
    run: Run, talker: Path, tmp_path: Path, words: list[str], problem: str
) -> None:
    assert run("prepare", talker, "--out", tmp_path / "out", *words).problem == problem


def test_a_scheduler_that_is_no_address_is_named(run: Run, talker: Path) -> None:
    pytest.importorskip("distributed")
    done = run("check", talker, "--scheduler", "node1")
    assert done.problem == "--scheduler node1: no address." and "tcp://node1:8786" in done.remedy
    both = run("check", talker, "--scheduler", "tcp://node1:8786", "--slurm")
    assert both.problem == "Either --scheduler or --slurm: both or none of them were given."
