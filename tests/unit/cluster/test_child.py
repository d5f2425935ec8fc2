from __future__ import annotations

import io
import pickle

import pytest

from rtmri2speech.cluster.child import answer_of, read_message, write_message


def test_messages_come_out_as_they_went_in() -> None:
    stream = io.BytesIO()
    for content in (b"", b"one", bytes(70_000)):
        write_message(stream, content)
    stream.seek(0)
    assert [read_message(stream) for _ in range(3)] == [b"", b"one", bytes(70_000)]
    with pytest.raises(EOFError):
        read_message(stream)


def test_a_message_that_was_cut_off_is_none() -> None:
    with pytest.raises(EOFError):
        read_message(io.BytesIO(bytes(7) + b"\x05abc"))


def test_answers_say_whether_the_job_was_done() -> None:
    assert pickle.loads(answer_of(pickle.dumps((abs, -3)))) == (True, 3)
    fine, error = pickle.loads(answer_of(pickle.dumps((eval, "1 / 0"))))
    assert not fine and type(error) is ZeroDivisionError and "worker process" in error.__notes__[0]


def test_an_error_that_cannot_be_pickled_is_told_as_text() -> None:
    raised = "(_ for _ in ()).throw(type('Odd', (Exception,), {})('so odd'))"
    fine, error = pickle.loads(answer_of(pickle.dumps((eval, raised))))
    assert not fine and type(error) is RuntimeError and "so odd" in str(error)
