"""Jobs on a cluster of two processes on this machine, some of which are killed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.cluster.connect import use_cluster
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.errors import ConfigError, MediaError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig
from talker import speak, write_recording

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.process,
    pytest.mark.filterwarnings("ignore:::distributed"),
    pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL"),
]

# The work is eval, as in test_parallel.py: it can be imported anywhere.
ERROR = "__import__('rtmri2speech.errors', fromlist=['x']).MediaError"
FAIL = f"(_ for _ in ()).throw({ERROR}('a.mp4: bad', 'mend it'))"
KILL = "__import__('os').kill(__import__('os').{}(), 9)"
DIE = KILL.format("getpid")
THREADS = "(__import__('numpy'), [pool['num_threads'] for pool in __import__('threadpoolctl').threadpool_info()])[1]"
LIMIT = 60.0


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def on_cluster(scheduler: str) -> Iterator[None]:
    with use_cluster(scheduler):
        yield


def test_jobs_are_done_as_on_this_machine(on_cluster: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = ["1 + 1", FAIL, "__import__('os').getcwd()", THREADS, "__import__('os').getpid()"]
    pairs = list(run_jobs(eval, jobs, 0))
    results = dict(pairs)
    assert len(pairs) == len(results) == len(jobs)
    assert results["1 + 1"] == 2 and results[jobs[4]] != os.getpid()
    assert results[jobs[2]] == str(tmp_path) and set(results[THREADS]) == {1}
    error = results[FAIL]
    assert isinstance(error, MediaError) and (error.problem, error.remedy) == ("a.mp4: bad", "mend it")
    assert list(run_jobs(eval, [], 0)) == []
    here = dict(run_jobs(eval, [jobs[4]], 1, here=True))
    assert here[jobs[4]] == os.getpid()


def test_a_process_that_dies_costs_only_its_own_job(on_cluster: None) -> None:
    jobs = ["10 + 1", DIE, "10 + 2", "10 + 3"]
    results = dict(run_jobs(eval, jobs, 0))
    assert [results[f"10 + {i}"] for i in (1, 2, 3)] == [11, 12, 13]
    died = results[DIE]
    assert type(died) is UserError and "died" in died.problem and died.remedy


def test_jobs_of_a_worker_that_is_killed_are_done_by_others(on_cluster: None, tmp_path: Path) -> None:
    flag = tmp_path / "killed"
    once = f"__import__('pathlib').Path({str(flag)!r}).exists() and 'again' or (open({str(flag)!r}, 'x'), "
    once += f"{KILL.format('getppid')}, __import__('time').sleep(60))"
    jobs = [once, *(f"__import__('time').sleep(0.05) or {i}" for i in range(6))]
    results = dict(run_jobs(eval, jobs, 0))
    assert flag.exists() and results[once] == "again"
    assert [results[job] for job in jobs[1:]] == list(range(6))


def test_fresh_jobs_have_processes_of_their_own(on_cluster: None) -> None:
    jobs = [f"__import__('os').getpid() + 0 * {i}" for i in range(4)]
    assert len({pid for _, pid in run_jobs(eval, jobs, 0, fresh=True)}) == 4


def test_a_fault_of_ours_is_not_hidden(on_cluster: None) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        list(run_jobs(eval, ["1 / 0"], 0))
    assert "In a worker process" in caught.value.__notes__[0]


def test_processes_end_with_their_run(on_cluster: None) -> None:
    psutil = pytest.importorskip("psutil")
    results = run_jobs(eval, ["__import__('os').getpid()", "__import__('time').sleep(100)"], 0)
    _, pid = next(results)
    assert psutil.pid_exists(pid)
    results.close()
    end = time.monotonic() + LIMIT
    while _at_work(psutil) and time.monotonic() < end:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid) and not _at_work(psutil)


def _at_work(psutil: Any) -> list[int]:
    """Processes of jobs below this one."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if "rtmri2speech.cluster.child" in child.cmdline():
                found.append(child.pid)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def test_a_dataset_has_the_same_bytes(scheduler: str, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for number in range(2):
        write_recording(speak(2.0, number, size=32), videos, f"talk{number}")
    options = PrepareOptions(frames=FrameConfig(size=32), split="test")
    prepare(FolderCorpus((videos,)), tmp_path / "here", options, workers=1)
    with use_cluster(scheduler):
        prepare(FolderCorpus((videos,)), tmp_path / "there", options)
        again = prepare(FolderCorpus((videos,)), tmp_path / "there", options)
    assert again.redone == 0
    here, there = (
        {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
        for root in (tmp_path / "here", tmp_path / "there")
    )
    assert here == there and len(here) > 10


def test_a_scheduler_that_goes_away_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    words = ["-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + LIMIT
            while not file.exists() and time.monotonic() < end:
                time.sleep(0.05)
            address = distributed.utils.json.loads(file.read_text(encoding="utf-8"))["address"]
            with pytest.raises(UserError, match="scheduler is gone") as caught, use_cluster(address):
                results = run_jobs(eval, ["1"], 0)
                process.kill()
                next(results)
            assert "what was finished is kept" in caught.value.remedy
        finally:
            process.kill()


@pytest.mark.parametrize("address", ["node1", "tcp://node1", "ftp://node1:1", "tcp://node1:8786/x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="no address") as caught, use_cluster(address):
        pass
    assert "tcp://node1:8786" in caught.value.remedy
