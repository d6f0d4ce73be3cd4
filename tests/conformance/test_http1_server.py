"""A running server, held to the cases of `conformance/http1` over real sockets."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from conformance.http1.cases import Case, read_cases
from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server, ServerRunner, TCPSite, Timeouts

CASES = [pytest.param(case, id=case.id, marks=pytest.mark.row(*case.rows)) for case in read_cases()]
FOLLOW_UP = b"GET /follow-up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
PATIENCE = 120.0


async def respond(exchange: Exchange) -> None:
    while await exchange.body.receive():
        pass
    status = 405 if exchange.head.method == "CONNECT" else 200
    exchange.respond(ResponseHead(status, [("X-Follow-Up", str(exchange.head.target == "/follow-up"))]))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server that runs in a thread of its own."""
    ready: asyncio.Queue[int] = asyncio.Queue()
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = ServerRunner(Server(respond, timeouts=Timeouts(linger=0.5)), shutdown_timeout=PATIENCE)
        await runner.setup()
        site = TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.put_nowait(site.port)
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert started.wait(PATIENCE)
    yield ready.get_nowait()
    loop.call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)
    loop.close()


def converse(port: int, raw: bytes) -> bytes:
    """Send everything, end our side, and return all that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
        sock.sendall(raw)
        if not raw.endswith(FOLLOW_UP):
            sock.shutdown(socket.SHUT_WR)
        responses = b""
        while piece := sock.recv(65536):
            responses += piece
    return responses


def read_statuses(responses: bytes) -> list[int]:
    """Return the statuses of the final responses; each is framed by its Content-Length."""
    statuses = []
    while responses:
        head, _, responses = responses.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        assert line.startswith(b"HTTP/1.1 ")
        status = int(line[9:12])
        if status >= 200:
            statuses.append(status)
            [length] = [int(field[16:]) for field in fields if field.startswith(b"Content-Length: ")]
            responses = responses[length:]
    return statuses


def statuses_of(case: Case) -> list[int]:
    """Return the statuses that a case leads to."""
    plain = 405 if case.raw.startswith(b"CONNECT") else 200
    return [
        plain if text.startswith("end") else int(text)
        for text in case.expect
        if text.startswith("end") or text.isdigit()
    ]


@pytest.mark.parametrize("case", [case for case in CASES if case.values[0].is_complete])
def test_a_case_and_what_follows(case: Case, port: int) -> None:
    responses = converse(port, case.raw + FOLLOW_UP)
    more = [200] if case.fate == "open" else []
    assert read_statuses(responses) == statuses_of(case) + more
    assert responses.count(b"X-Follow-Up: True") == len(more)


@pytest.mark.parametrize("case", [case for case in CASES if not case.values[0].is_complete])
def test_a_peer_that_stops(case: Case, port: int) -> None:
    responses = converse(port, case.raw)
    assert all(status >= 400 for status in read_statuses(responses))
    assert b"secr" not in responses
