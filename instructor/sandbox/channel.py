"""The grader's end of a connection into a session, with a time limit on everything."""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from .inside import wire

PIECE = 2**18


class ChannelClosed(ConnectionError):
    """The other end is gone."""


class TooLate(TimeoutError):
    """The other end did not answer, or did not listen, in time."""


class Channel:
    """Sends orders and receives replies, frame by frame.

    Parameters
    ----------
    connection : socket
        A connected stream socket, which belongs to the channel from then on.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.setblocking(False)

    def ask(self, order: Any, deadline: float, most: int) -> Any:
        """Send an order and wait for its reply.

        Parameters
        ----------
        order : tree
            As `wire.encode` takes it.
        deadline : float
            On the clock of `time.monotonic`, in seconds.
        most : int
            Bytes that the body of the reply may have.

        Returns
        -------
        tree
            As `wire.decode` gives it; nothing about its form is known.

        Raises
        ------
        BrokenFrame
            If what came is no frame, or more came than one frame.
        ChannelClosed
        TooLate
        """
        if self._readable():
            self._receive(1, deadline)  # raises where the other end is closed
            raise wire.BrokenFrame("An answer came before it was asked for.")
        self._send(wire.encode(order), deadline)
        header, body = wire.lengths(self._receive(wire.PREFIX.size, deadline), most)
        return wire.decode(self._receive(header, deadline), self._receive(body, deadline))

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _readable(self) -> bool:
        return self._poll(select.POLLIN, 0)

    def _wait(self, deadline: float, write: bool) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TooLate("No answer came in time.")
        self._poll(select.POLLOUT if write else select.POLLIN, left)

    def _poll(self, events: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, events)
        return bool(poll.poll(seconds * 1000))

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view[:PIECE]) :]
            except BlockingIOError:
                self._wait(deadline, write=True)
            except OSError as error:
                raise ChannelClosed("The session no longer listens.") from error

    def _receive(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            try:
                part = self._socket.recv(min(PIECE, count - len(data)))
            except BlockingIOError:
                self._wait(deadline, write=False)
                continue
            except OSError as error:
                raise ChannelClosed("The session is gone.") from error
            if not part:
                raise ChannelClosed("The session is gone.")
            data += part
            if time.monotonic() > deadline:
                raise TooLate("The answer did not come to an end in time.")
        return bytes(data)
