"""Replaying a corpus through a proxy, and judging by what arrived at the origin and who was given which response."""

import json
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, NamedTuple

from conformance.http1.cases import write_out

__all__ = ["Case", "Origin", "find_faults", "read_cases", "running_origin"]

_CORPUS: Final = Path(__file__).with_name("corpus.toml")
_SMUGGLED: Final = "GET /smuggled HTTP/1.1\r\nHost: victim\r\n\r\n"
_PATIENCE: Final = 20.0
"""Seconds for a response that has to come; only a fault takes them."""
_PAUSE: Final = 0.25
"""Seconds for one that need not come: a proxy may wait for the rest of the request, as the origin may."""
_VICTIM: Final = "GET /read HTTP/1.1\r\nHost: a\r\nX-Mark: {mark}\r\n\r\n"
_BAIT: Final = (
    "POST /read HTTP/1.1\r\nHost: a\r\nX-Mark: {mark}\r\n"
    f"Content-Length: {20 * len(_SMUGGLED)}\r\n\r\n{20 * _SMUGGLED}"
)
"""A request whose content is made of requests: where anybody begins to read too late, what arrives is one of them."""


class Case(NamedTuple):
    """What an attacker sends."""

    id: str
    raw: bytes
    held: bytes
    """What it sends when it was answered, or was not for a while."""


class Origin(NamedTuple):
    """A running origin."""

    port: int
    control: int

    def take_arrivals(self) -> list[dict[str, Any]]:
        """Return what has arrived since the last call."""
        connection = HTTPConnection("127.0.0.1", self.control, timeout=_PATIENCE)
        connection.request("GET", "/")
        arrivals: list[dict[str, Any]] = json.load(connection.getresponse())
        connection.close()
        return arrivals


def read_cases() -> Iterator[Case]:
    """Iterate over the cases of the corpus, with their short forms written out."""
    for name, group in tomllib.loads(_CORPUS.read_text("utf-8")).items():
        for entry, own in group["raw"].items():
            case = group | (own if isinstance(own, dict) else {"raw": own})
            label = f"{name}/{entry}"
            texts = [f"{case['before']}{case['raw']}{case['after']}", case.get("held", "")]
            raw, held = (_write_out(text, label).encode("latin-1") for text in texts)
            yield Case(label, raw, held)


def _write_out(text: str, mark: str) -> str:
    text = text.replace("{smuggled*", f"{{{_SMUGGLED}*").replace("{smuggled}", _SMUGGLED)
    return write_out(text.replace("{mark}", mark))


@contextmanager
def running_origin() -> Iterator[Origin]:
    """Run an origin in a process of its own inside the block."""
    command = [sys.executable, "-m", "conformance.proxies.origin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the origin cannot say its ports")
        port, control = map(int, process.stdout.readline().split())
        try:
            yield Origin(port, control)
        finally:
            process.communicate()


def find_faults(case: Case, port: int, origin: Origin, connections: list[int]) -> list[str]:
    """Replay a case through the proxy on a port, with a bait and two victims behind it, and return what went wrong.

    The attacker's connection stays open meanwhile, so that what is not its own has a place to arrive.

    Args:
        case: what the attacker sends.
        port: of the proxy.
        origin: behind it.
        connections: for each request that arrived, the connection that it came by is added.
    """
    marks = {kind: f"{kind}:{case.id}" for kind in ("bait", "first", "second")}
    faults = []
    with socket.create_connection(("127.0.0.1", port), _PATIENCE) as attacker:
        received = _converse(attacker, case)
        for kind, mark in marks.items():
            response = _ask(port, (_BAIT if kind == "bait" else _VICTIM).format(mark=mark))
            if not response.startswith(b"HTTP/1.1 200 ") or _read_marks(response) != [mark]:
                faults.append(f"the response to {kind} is {response[:200]!r}")
        received += _receive(attacker, 0.0)
    faults += [
        f"the attacker is given the response to {kind}"
        for kind, mark in marks.items()
        if mark in _read_marks(received)
    ]
    for arrival in origin.take_arrivals():
        connections.append(arrival["connection"])
        # What could not be read has no stamp; whom that concerns has got no response of his own.
        if arrival["stamp"] != "seen" and arrival["method"] != "UNKNOWN":
            faults.append(f"a request arrived that the proxy has not seen: {arrival}")
    return faults


def _converse(attacker: socket.socket, case: Case) -> bytes:
    """Send a case, and return what came back."""
    received = b""
    # Who refuses early may cut what is still being sent; that is its right.
    with suppress(ConnectionError, TimeoutError):
        attacker.sendall(case.raw)
        received = _receive(attacker, _PAUSE)
        if case.held:
            attacker.sendall(case.held)
            received += _receive(attacker, _PAUSE)
    return received


def _receive(peer: socket.socket, timeout: float) -> bytes:
    """Return what comes until a response is complete, nothing comes for a while, or the end."""
    received = b""
    peer.settimeout(timeout)
    with suppress(TimeoutError, ConnectionError, BlockingIOError):
        while piece := peer.recv(65536):
            received += piece
            if received.endswith((b">", b"\r\n0\r\n\r\n")):
                break
    peer.settimeout(_PATIENCE)
    return received


def _ask(port: int, request: str) -> bytes:
    """Return the whole response to somebody who means no harm."""
    received = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), _PATIENCE) as peer:
        peer.sendall(request.encode("ascii"))
        received = _receive(peer, _PATIENCE)
    return received


def _read_marks(received: bytes) -> list[str]:
    """Return whose responses are in some bytes."""
    return [piece.partition(b">")[0].decode("latin-1") for piece in received.split(b"<")[1:] if b">" in piece]
