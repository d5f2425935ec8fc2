from __future__ import annotations

import os
import pickle
from dataclasses import replace

import pytest

from rtmri2speech.cluster.worker import Call, UnfitWorkerError, do, end_run

pytestmark = pytest.mark.process
PID = pickle.dumps((eval, "__import__('os').getpid()"))


def test_jobs_of_a_run_are_done_by_one_process_until_it_ends() -> None:
    call = Call("one", os.getcwd())
    first, second = (pickle.loads(do(call, PID)) for _ in range(2))
    assert first == second and first[0] and first[1] != os.getpid()
    end_run("one")
    third = pickle.loads(do(call, PID))
    assert third[1] != first[1]
    end_run("one")
    end_run("never begun")


def test_fresh_jobs_leave_no_process() -> None:
    call = Call("fresh", os.getcwd(), fresh=True)
    assert pickle.loads(do(call, PID)) != pickle.loads(do(call, PID))


def test_what_jobs_print_is_no_answer() -> None:
    message = pickle.dumps((eval, "print('chatty') or (__import__('os').write(1, b'more'), 5)[1]"))
    assert pickle.loads(do(Call("print", os.getcwd(), fresh=True), message)) == (True, 5)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"version": "0.0"}, "this is 0.0"), ({"python": (2, 7)}, "this is 2.7"), ({"folder": "/not/here"}, "no folder")],
)
def test_a_worker_of_another_kind_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(UnfitWorkerError) as caught:
        do(replace(Call("x", os.getcwd()), **change), PID)  # type: ignore[arg-type]
    problem, remedy = caught.value.args
    assert said in problem and remedy
