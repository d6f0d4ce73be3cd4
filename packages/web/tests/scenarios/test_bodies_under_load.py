"""Bodies that are large, slow or broken off, by the thousand, against a server in a process of its own."""

import json
import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="it needs Linux's /proc")

MEGABYTE = 1 << 20
SERVER = """
import asyncio, os
from pathlib import Path
from muntin import web
from muntin.web.multipart._spool import Spool

written = 0

async def sink(request):
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
    return web.json_response(size)

async def form(request):
    data = await request.clone(client_max_size=0).post()
    return web.json_response(data["file"].file.seek(0, os.SEEK_END))

async def flood(request):
    global written
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(65536))
        written += 65536

async def state(request):
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return web.json_response({
        "descriptors": len(os.listdir("/proc/self/fd")),
        "tasks": len(asyncio.all_tasks()),
        "spools": Spool._open_spools,
        "memory": int(status["VmRSS"].split()[0]) * 1024,
        "peak": int(status["VmHWM"].split()[0]) * 1024,
        "written": written,
    })

async def main():
    app = web.Application()
    app.add_routes([
        web.put("/sink", sink), web.post("/form", form), web.get("/flood", flood), web.get("/state", state),
    ])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, input)

try:
    asyncio.run(main())
except EOFError:
    pass
"""


ONE_BYTE = b"PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"


class Served:
    """The server's process, seen by a client that blocks."""

    def __init__(self, port):
        self._port = port

    def connect(self):
        found = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        return closing(found)

    def ask(self, *pieces):
        """Send a request, return the value that is answered."""
        with self.connect() as peer:
            for piece in pieces:
                peer.sendall(piece)
            response = b""
            while data := peer.recv(65536):
                response += data
        head, _, body = response.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        return json.loads(body)

    def state(self):
        return self.ask(b"GET /state HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")


@pytest.fixture
def served():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    try:
        yield Served(int(process.stdout.readline()))
    finally:
        process.communicate()


OPENING = b'--B\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
CLOSING = b"\r\n--B--\r\n"
MULTIPART = b"Content-Type: multipart/form-data; boundary=B\r\n"


@pytest.mark.row("HC-19", "HC-45")
@pytest.mark.parametrize("kind", ["stream", "chunks", "form"])
def test_200_megabytes_take_constant_memory(served, kind):
    served.ask(ONE_BYTE)
    before = served.state()["memory"]
    piece, count = bytes(MEGABYTE), 200
    common = b"HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
    if kind == "stream":
        pieces = [b"PUT /sink %bContent-Length: %d\r\n\r\n" % (common, count * MEGABYTE), *[piece] * count]
    elif kind == "chunks":
        chunk = b"%x\r\n%b\r\n" % (MEGABYTE, piece)
        pieces = [b"PUT /sink %bTransfer-Encoding: chunked\r\n\r\n" % common, *[chunk] * count, b"0\r\n\r\n"]
    else:
        length = len(OPENING) + count * MEGABYTE + len(CLOSING)
        head = b"POST /form %b%bContent-Length: %d\r\n\r\n" % (common, MULTIPART, length)
        pieces = [head, OPENING, *[piece] * count, CLOSING]
    assert served.ask(*pieces) == count * MEGABYTE
    assert served.state()["peak"] - before < 24 * MEGABYTE


@pytest.mark.row("HC-50", "HI-25")
def test_clients_that_do_not_read_are_not_written_for(served):
    before = served.state()
    request = b"GET /flood HTTP/1.1\r\nHost: h\r\n\r\n"
    peers = [socket.create_connection(("127.0.0.1", served._port), timeout=PATIENCE) for _ in range(20)]
    try:
        for peer in peers:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.sendall(request)
        # Others are served meanwhile, and what was written comes to a halt.
        written = [-1, served.state()["written"]]
        while written[-1] == 0 or written[-1] != written[-2]:
            written.append(served.state()["written"])
        assert served.state()["memory"] - before["memory"] < 24 * MEGABYTE
    finally:
        for peer in peers:
            peer.close()


BROKEN_OFF = [
    b"",
    b"GET /sta",
    b"PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\nabc",
    b"PUT /sink HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"POST /form HTTP/1.1\r\nHost: h\r\n%bContent-Length: 99999999\r\n\r\n%b"
    % (MULTIPART, OPENING + bytes(9999)),
    b"GET /flood HTTP/1.1\r\nHost: h\r\n\r\n",
    b"PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx" * 3,
    b"PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n\x1f\x8b",
]
# A connection that is closed so is reset: the peer is told nothing more.
RESET = struct.pack("ii", 1, 0)


@pytest.mark.row("HC-16", "HC-17", "HI-46", "AH-33", "AH-40")
def test_ten_thousand_aborted_clients_leave_nothing(served):
    before = served.state()
    for number in range(10_000):
        if number % 100 == 0:
            # Whoever is answered knows that those before were accepted: the queue of the socket is short.
            served.ask(ONE_BYTE)
        with served.connect() as peer:
            peer.sendall(BROKEN_OFF[number % len(BROKEN_OFF)])
            if number % 3:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    counted = ("descriptors", "tasks", "spools")
    deadline = time.monotonic() + 30
    while any((after := served.state())[name] > before[name] for name in counted):
        assert time.monotonic() < deadline, (before, after)
    assert after["memory"] - before["memory"] < 24 * MEGABYTE
