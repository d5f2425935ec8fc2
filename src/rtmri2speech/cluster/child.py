"""The process that does jobs for a worker of Dask: with one thread, as on one's own machine, and gone with its worker.

It has its standard input and output for itself: jobs come in, answers go out, each as its length (8 bytes, big-endian)
and a pickle. What jobs print goes to standard error.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import threading
import traceback
from queue import Empty, SimpleQueue
from typing import IO, Any

from rtmri2speech.parallel import start_worker

LENGTH = struct.Struct(">Q")

# Seconds after which a process that nobody asks any more ends: models take memory.
_IDLE = 900.0


def read_message(stream: IO[bytes]) -> bytes:
    """The next message.

    Raises:
        EOFError: when the other side is gone.
    """
    size = LENGTH.unpack(_exactly(stream, LENGTH.size))[0]
    return _exactly(stream, size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def write_message(stream: IO[bytes], content: bytes) -> None:
    """Send a message.

    Raises:
        OSError: when the other side is gone.
    """
    stream.write(LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def answer_of(message: bytes) -> bytes:
    """Do a job; a pickle of (True, its result), or of (False, the error): a fault of ours, which is not hidden."""
    try:
        work, job = pickle.loads(message)
        return pickle.dumps((True, work(job)))
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        try:
            error.add_note(f"In a worker process:\n{text}")
            content = pickle.dumps((False, error))
            pickle.loads(content)
            return content
        except Exception:  # an error that cannot be pickled, or not read again
            return pickle.dumps((False, RuntimeError(text)))


def _receive(stream: IO[bytes], messages: SimpleQueue[bytes]) -> None:
    """Pass messages on; end the process, whatever it is doing, when its worker is gone."""
    try:
        while True:
            messages.put(read_message(stream))
    except (EOFError, OSError):
        os._exit(1)


def serve() -> None:
    """Do jobs until there are none for a while, or the worker is gone."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    messages: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, messages), daemon=True).start()
    start_worker()
    while True:
        try:
            message = messages.get(timeout=_IDLE)
        except Empty:
            os._exit(0)  # the thread that reads holds the lock of the input, which an ordinary exit waits for
        answer = answer_of(message)
        try:
            write_message(answers, answer)
        except OSError:
            os._exit(1)


if __name__ == "__main__":
    serve()
