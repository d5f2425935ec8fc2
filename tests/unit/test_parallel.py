from __future__ import annotations

import errno
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from rtmri2speech import parallel
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.parallel import one_ahead, own_cores, run_jobs

pytestmark = pytest.mark.process

# Work must be importable in the worker, which a test module is not: jobs are expressions, the work is eval.
ERROR = "__import__('rtmri2speech.errors', fromlist=['x']).MediaError"
FAIL = f"(_ for _ in ()).throw({ERROR}('a.mp4: bad', 'mend it'))"
DIE = "__import__('os').kill(__import__('os').getpid(), 9)"


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done_and_an_error_is_a_result(workers: int) -> None:
    jobs = ["1 + 1", FAIL, "'a' * 3", "__import__('os').getpid()"]
    pairs = list(run_jobs(eval, jobs, workers))
    results = dict(pairs)
    assert len(pairs) == len(results) and set(results) == set(jobs)
    assert results["1 + 1"] == 2 and results["'a' * 3"] == "aaa"
    error = results[FAIL]
    assert isinstance(error, MediaError) and (error.problem, error.remedy) == ("a.mp4: bad", "mend it")
    assert (results[jobs[3]] == os.getpid()) == (workers == 1)


def test_a_worker_has_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert own_cores() == 3
    for unusable in ("0", "many"):
        monkeypatch.setenv("OMP_NUM_THREADS", unusable)
        assert own_cores() == os.cpu_count()
    monkeypatch.delenv("OMP_NUM_THREADS")
    asked = "__import__('rtmri2speech.parallel', fromlist=['x']).own_cores()"
    assert dict(run_jobs(eval, [asked, "1"], 2))[asked] == 1


def test_no_jobs_need_no_workers() -> None:
    assert list(run_jobs(eval, [], 4)) == []


def test_running_out_of_memory_is_a_user_error() -> None:
    ((_, result),) = run_jobs(eval, ["(_ for _ in ()).throw(MemoryError())"], 1)
    assert isinstance(result, UserError) and "memory" in result.problem


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_of_ours_is_not_hidden(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_jobs(eval, ["1", "1 / 0", "2"], workers))


@pytest.mark.parametrize("fresh", [False, True])
def test_a_caller_that_gives_up_does_not_wait_for_the_rest(fresh: bool) -> None:
    began = time.monotonic()
    with pytest.raises(LookupError):
        for job, result in run_jobs(eval, ["1", "__import__('time').sleep(100)", "2", "3"], 2, fresh=fresh):
            assert (job, result) == ("1", 1)
            raise LookupError
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("fresh", [False, True])
def test_processes_of_others_go_on(fresh: bool) -> None:
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        jobs = run_jobs(eval, ["1", "2", "__import__('time').sleep(100)"], 2, fresh=fresh)
        next(jobs)
        jobs.close()
        assert other.is_alive()
    finally:
        other.kill()
        other.join()


@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.ENOSPC, "Free some space"), (errno.ENOENT, "put it back"), (errno.EACCES, "Close")]
)
def test_files_that_fail_are_named_with_what_helps(number: int, remedy: str) -> None:
    job = f"(_ for _ in ()).throw(OSError({number}, __import__('os').strerror({number}), 'a.mp4'))"
    ((_, result),) = run_jobs(eval, [job], 1)
    assert isinstance(result, UserError) and result.problem == f"a.mp4: {os.strerror(number)}."
    assert remedy in result.remedy


def test_fresh_processes_do_one_job_each() -> None:
    here = "__import__('os').getpid()"
    pids = [pid for _, pid in run_jobs(eval, [here, f"{here} + 0", f"{here} * 1"], 2, fresh=True)]
    assert len({os.getpid(), *pids}) == 4
    assert dict(run_jobs(eval, ["1"], 1, fresh=True)) == {"1": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
@pytest.mark.parametrize("fresh", [False, True])
def test_a_worker_that_dies_costs_only_its_own_job(fresh: bool) -> None:
    jobs = ["10 + 1", "10 + 2", DIE, "10 + 3", FAIL, "10 + 4"]
    pairs = list(run_jobs(eval, jobs, 2, fresh=fresh))
    results = dict(pairs)
    assert len(pairs) == len(results) == len(jobs)  # none twice
    assert [results[f"10 + {i}"] for i in (1, 2, 3, 4)] == [11, 12, 13, 14]
    died = results[DIE]
    assert type(died) is UserError and "died" in died.problem and died.remedy
    assert isinstance(results[FAIL], MediaError)


LOADED = "sorted(set(__import__('sys').modules) & {'numpy', 'av', 'scipy', 'torch', 'cyclopts'})"
THREADS = "[pool['num_threads'] for pool in __import__('threadpoolctl').threadpool_info()]"


def test_a_worker_loads_nothing_heavy_by_itself() -> None:
    assert [result for _, result in run_jobs(eval, [LOADED, f"{LOADED} or []"], 2)] == [[], []]


@pytest.fixture
def many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that lets libraries take two threads."""
    for name in parallel._THREAD_COUNTS:
        monkeypatch.setenv(name, "2")


def test_libraries_that_the_work_loads_take_one_thread(many_threads: None) -> None:
    jobs = [f"(__import__('numpy'), {THREADS})[1]", "__import__('torch').get_num_threads()"]
    results = dict(run_jobs(eval, jobs, 2))
    assert results[jobs[0]] and set(results[jobs[0]]) == {1}
    assert results[jobs[1]] == 1


def test_work_without_workers_takes_one_thread_too() -> None:
    with threadpool_limits(2):
        ((_, inside),) = run_jobs(eval, [THREADS], 1)
        assert inside and set(inside) == {1}
        assert 2 in eval(THREADS)


MAIN = f"""
import numpy
from rtmri2speech.parallel import run_jobs
if __name__ == "__main__":
    for _, threads in run_jobs(eval, [{THREADS!r}, {THREADS + " + []"!r}], 2):
        print(threads)
"""


def test_libraries_that_the_main_module_loads_take_one_thread_in_workers(many_threads: None, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(MAIN, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() and set(done.stdout.splitlines()) == {"[1]"}


PARENT = """
import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from rtmri2speech.parallel import _watch_parent
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_watch_parent)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 60).result()
"""


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    source = str(Path(parallel.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source}
    with subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert alive(worker)
        parent.kill()
        parent.wait()
        end = time.monotonic() + 10
        while alive(worker) and time.monotonic() < end:
            time.sleep(0.05)
        assert not alive(worker)


def test_one_ahead_keeps_items_order_and_errors() -> None:
    assert list(one_ahead([])) == [] and list(one_ahead([None, 0, 1])) == [None, 0, 1]

    def broken() -> Iterator[int]:
        yield 1
        raise OSError("unreadable")

    items = one_ahead(broken())
    assert next(items) == 1
    with pytest.raises(OSError, match="unreadable"):
        next(items)
