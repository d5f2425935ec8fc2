from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rtmri2speech.cluster.connect import use_cluster
from rtmri2speech.cluster.slurm import Slurm, _reason, _Submissions
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.parallel import run_jobs

JOB = Slurm(jobs=1, cores=1, memory="1GB")


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="slurm_jobs=0"):
        Slurm(jobs=0)
    with pytest.raises(ConfigError, match="slurm_cores=-1"):
        Slurm(cores=-1)


def test_what_sbatch_says_is_told_in_a_line() -> None:
    text = (
        "Command exited with non-zero exit code.\nExit code: 1\nstdout:\n\nstderr:\nsbatch: error: no such partition\n"
    )
    assert _reason(RuntimeError(text)) == "no such partition"
    assert _reason(RuntimeError("")) == "RuntimeError"


def test_refused_jobs_are_told_once_where_others_run() -> None:
    said: list[str] = []
    submissions = _Submissions(said.append, accepted=1)
    submissions.check()
    submissions.refusals.append("too many")
    submissions.check()
    submissions.check()
    assert said == ["sbatch refuses further jobs: too many"]


def test_without_slurm_it_says_what_else_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    pytest.importorskip("cryptography")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no sbatch") as caught, use_cluster(slurm=JOB):
        pass
    assert "`shard`" in caught.value.remedy


@pytest.fixture
def sbatch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An sbatch that refuses everything."""
    pytest.importorskip("dask_jobqueue")
    pytest.importorskip("cryptography")
    program = tmp_path / "sbatch"
    program.write_text("#!/bin/sh\necho 'sbatch: error: invalid account' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
@pytest.mark.filterwarnings("ignore:::distributed", "ignore:::dask_jobqueue")
def test_a_refusal_is_one_line(sbatch: None) -> None:
    with pytest.raises(UserError, match="sbatch refuses: invalid account"), use_cluster(slurm=JOB):
        list(run_jobs(eval, ["1"], 0))


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_cores_and_memory_have_to_be_given_somewhere(sbatch: None) -> None:
    with pytest.raises(UserError, match="how much cores and memory") as caught, use_cluster(slurm=Slurm()):
        pass
    assert "`slurm_cores`" in caught.value.remedy
