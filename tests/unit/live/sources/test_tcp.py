from __future__ import annotations

import contextlib
import json
import socket
import threading
from fractions import Fraction

import numpy as np
import pytest

from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.live.sources.tcp import TcpSource, is_loopback, parse_address


def send(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(data)


def test_frames_of_whoever_connects() -> None:
    source = TcpSource("127.0.0.1", 0)
    assert source.port and source.name == f"tcp://127.0.0.1:{source.port}"
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    line = json.dumps({"width": 4, "height": 3, "fps": 1000}).encode() + b"\n"
    thread = threading.Thread(target=send, args=(source.port, line + pixels.tobytes()))
    thread.start()
    assert source.open() == 1000
    (frame,) = source.frames(Fraction(1000))
    thread.join()
    source.close()
    np.testing.assert_array_equal(frame.pixels, pixels[0])


def test_a_port_in_use_is_said() -> None:
    first = TcpSource("127.0.0.1", 0)
    try:
        with pytest.raises(MediaError) as caught:
            TcpSource("127.0.0.1", first.port)
        assert caught.value.problem == f"tcp://127.0.0.1:{first.port}: the port is in use."
    finally:
        first.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "some-computer"])
def test_others_cannot_connect_unless_told(host: str) -> None:
    with pytest.raises(ConfigError, match="other computers could connect"):
        TcpSource(host, 0)


def test_others_can_where_told() -> None:
    source = TcpSource("0.0.0.0", 0, anywhere=True)
    assert source.port
    source.close()


def test_whoever_waits_is_let_go() -> None:
    source = TcpSource("127.0.0.1", 0)
    threading.Timer(0.05, source.close).start()
    with contextlib.suppress(OSError):  # the system may say that it was closed
        assert source.open() is None


def test_addresses() -> None:
    assert parse_address("tcp://127.0.0.1:5000") == ("127.0.0.1", 5000)
    assert parse_address("tcp://[::1]:5000") == ("::1", 5000)
    assert is_loopback("127.0.0.2") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("0.0.0.0") and not is_loopback("10.0.0.1")
    for text in ("tcp:5000", "tcp://127.0.0.1", "tcp://127.0.0.1:99999", "tcp://:5"):
        with pytest.raises(ConfigError, match="no address"):
            parse_address(text)
