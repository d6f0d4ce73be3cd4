"""The attacks: what each of many connections does, and how long it may do so."""

import asyncio
import socket
from dataclasses import dataclass
from typing import Final

from muntin.runner import Timeouts

__all__ = ["ATTACKS", "Attack", "hold_out"]


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to be slow.

    What is sent at first, and then at each beat; how much is read at each beat; and which time-outs end it.
    """

    first: bytes
    beat: bytes
    reads: int
    ends: tuple[str, ...]
    secure: bool = False

    def time_allowed(self, timeouts: Timeouts) -> float:
        """Return the seconds after which the server has parted with it: its time-outs, and what the clock is late."""
        return sum(getattr(timeouts, name) for name in self.ends) + 2


ATTACKS: Final = {
    "never a byte": Attack(b"", b"", 0, ("first_byte",)),
    "slowloris": Attack(b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-a: b\r\n", 0, ("head", "linger")),
    "slow body": Attack(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", b"x", 0, ("body", "linger")
    ),
    "slow read": Attack(b"GET /download HTTP/1.1\r\nHost: a\r\n\r\n", b"", 16, ("write",)),
    "no handshake": Attack(b"\x16\x03\x01\x02\x00\x01", b"", 0, ("handshake",), secure=True),
}

# Seconds between two beats.
_BEAT: Final = 0.5


async def hold_out(attack: Attack, port: int, patience: float) -> float | None:
    """Attack over one connection; return the seconds until it was dropped, or None if it was not in time."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        began = loop.time()
        try:
            async with asyncio.timeout(patience):
                await loop.sock_sendall(sock, attack.first)
                while not await _is_dropped(sock, attack):
                    pass
        except TimeoutError:
            return None
        except ConnectionError:
            pass
        return loop.time() - began


async def _is_dropped(sock: socket.socket, attack: Attack) -> bool:
    """Wait for one beat, then go on; tell whether the server has ended the connection."""
    loop = asyncio.get_running_loop()
    if attack.reads:
        await asyncio.sleep(_BEAT)
        # What has arrived before a reset is still there to be read, and would take long this way.
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return True
        return not await loop.sock_recv(sock, attack.reads)
    try:
        async with asyncio.timeout(_BEAT):
            while await loop.sock_recv(sock, 4096):
                pass
    except TimeoutError:
        await loop.sock_sendall(sock, attack.beat)
        return False
    return True
