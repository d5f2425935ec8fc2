"""Raw frames from a program that connects to a port."""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources.base import Pace
from rtmri2speech.live.sources.pipe import LEAD
from rtmri2speech.live.sources.raw import RawReader

# Seconds between two looks whether to go on.
_LOOK = 0.1


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``tcp://127.0.0.1:5000``.

    Raises:
        ConfigError: for another spelling.
    """
    match = re.fullmatch(r"tcp://(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})", text)
    if match is None or int(match[2]) > 65535:
        raise ConfigError(f"`source={text}`: no address.", "Write tcp://127.0.0.1:PORT, PORT from 0 to 65535.")
    return match[1].strip("[]"), int(match[2])


def is_loopback(host: str) -> bool:
    """Whether an address is reached from the same computer alone."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class TcpSource:
    """A port that one program connects to and sends raw frames.

    It listens as soon as it is made, so that :attr:`port` is known.

    Args:
        host, port: to listen on; port 0 takes any that is free.
        anywhere: whether other computers may connect.

    Attributes:
        port: that it listens on.

    Raises:
        ConfigError: for an address that others can reach, unless ``anywhere``.
        MediaError: when the port is in use, or there is no such address.
    """

    def __init__(self, host: str, port: int, anywhere: bool = False) -> None:
        if not anywhere and not is_loopback(host):
            raise ConfigError(
                f"`source=tcp://{host}:{port}`: other computers could connect to this address.",
                "Use tcp://127.0.0.1:PORT, or give `listen_anywhere=True` where the network is trusted.",
            )
        self.notes: list[str] = []
        self._stop = threading.Event()
        self._connection: socket.socket | None = None
        self._reader: RawReader | None = None
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._server = socket.create_server((host, port), family=family, backlog=1)
        except OSError as error:
            raise _cannot_listen(host, port, error) from None
        self._server.settimeout(_LOOK)
        self.port = int(self._server.getsockname()[1])
        self.name = f"tcp://{host}:{self.port}"

    def open(self) -> Fraction | None:
        """Wait for a program to connect; the rate of its header.

        Raises:
            MediaError: when what it sends does not start with a header.
        """
        while not self._stop.is_set():
            with suppress(TimeoutError):
                self._connection, _ = self._server.accept()
                break
        # One sender: others are refused by the system.
        self._server.close()
        if self._connection is None:
            return None
        self._connection.settimeout(None)
        self._reader = RawReader(self.name, _Bytes(self._connection))
        return self._reader.start()

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        """The frames as they come."""
        assert self._reader is not None
        yield from self._reader.frames(Pace(rate, LEAD, self._stop), self.notes)

    def close(self) -> None:
        """Hang up."""
        self._stop.set()
        self._server.close()
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            self._connection.close()


class _Bytes:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def read(self, size: int, /) -> bytes:
        try:
            return self._connection.recv(size)
        except OSError:  # reset by the sender, or closed here
            return b""


def _cannot_listen(host: str, port: int, error: OSError) -> MediaError:
    name = f"tcp://{host}:{port}"
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        what = "is in use" if error.errno == errno.EADDRINUSE else "is reserved for the system"
        return MediaError(f"{name}: the port {what}.", "Give another port; 0 takes any that is free.")
    reason = error.strerror or error
    return MediaError(f"{name}: cannot be listened on ({reason}).", "Give an address of this computer: 127.0.0.1.")
