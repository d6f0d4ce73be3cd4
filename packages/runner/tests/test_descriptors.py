"""A server whose process has no descriptors left, and one that has served many connections."""

import os
import socket
import ssl
import subprocess
import sys
import textwrap
from contextlib import ExitStack, suppress

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no descriptors")

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

CHURN = os.environ.get("MUNTIN_CHURN", "3000")
"""Connections that come and go; `nox -s endurance` sends more."""

PROLOGUE = '''
import asyncio, gc, logging, os, resource, socket, sys
from muntin.http_core import ResponseHead
from muntin.runner import Caps, Server, ServerRunner, TCPSite, Timeouts

GET = b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
logging.disable(logging.CRITICAL)
# uvloop looks hosts up with this codec, whose module has to be loaded before there are no descriptors.
"a".encode("idna")

async def hello(exchange):
    exchange.respond(ResponseHead(200), b"hello")

def run(main):
    if sys.argv[1] == "uvloop":
        import uvloop
        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main)

async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET)
    raw = await reader.readuntil(b"hello")
    writer.close()
    return raw

def take_descriptors():
    """Leave none; give what ends that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.dup(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
    os.close(spare)
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError as error:
        assert error.errno == 24, error

    def give_back():
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return give_back

def watch_log():
    """Return an event for the first time that the system refuses to accept; `lines` has what was said."""
    refused = asyncio.Event()
    refused.lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            refused.lines.append(record.getMessage())
            refused.set()

    logging.disable(logging.NOTSET)
    logging.getLogger("muntin.server").addHandler(Handler())
    return refused

async def start(**options):
    runner = ServerRunner(Server(hello, **options), shutdown_timeout=5)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, site.port
'''


def run_program(source: str, *arguments: str) -> str:
    program = PROLOGUE + textwrap.dedent(source)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=120 + int(CHURN) // 30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.row("HI-54")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_no_descriptors_are_left(loop: str) -> None:
    """Who is connected is served on, and once there are descriptors again everybody is."""
    said = run_program(
        """
        async def main():
            runner, port = await start()
            # One that is connected already, and a client's sockets that are made before there is a shortage.
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            await reader.readuntil(b"hello")
            peers = [socket.socket() for _ in range(20)]
            for peer in peers:
                peer.setblocking(False)
            give_back = take_descriptors()
            loop = asyncio.get_running_loop()
            connected = 0
            for peer in peers:
                await loop.sock_connect(peer, ("127.0.0.1", port))
                peer.send(GET)
            for _ in range(20):
                writer.write(GET)
                await reader.readuntil(b"hello")
                await asyncio.sleep(0)
            print("served on")
            give_back()
            async with asyncio.timeout(100):
                for _ in range(10):
                    await ask(port)
            print("recovered")
            writer.close()
            for peer in peers:
                peer.close()
            await runner.cleanup()

        run(main())
        """,
        loop,
    )
    assert said.split("\n")[:2] == ["served on", "recovered"]


@pytest.mark.row("HI-54")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_an_end_without_descriptors(loop: str) -> None:
    """A server that has none left, and does not accept for that reason, still stops in order."""
    said = run_program(
        """
        async def main():
            loop = asyncio.get_running_loop()
            failures = []
            refused = watch_log()
            loop.set_exception_handler(lambda _, context: failures.append(context))
            runner, port = await start()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            await reader.readuntil(b"hello")
            peer = socket.socket()
            peer.setblocking(False)
            give_back = take_descriptors()
            await loop.sock_connect(peer, ("127.0.0.1", port))
            await refused.wait()
            await runner.cleanup()
            print(failures, await reader.read())
            give_back()
            peer.close()
            writer.close()

        run(main())
        """,
        loop,
    )
    assert said == "[] b''\n"


@pytest.mark.row("HI-54")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_refused_accept_is_one_pause_and_one_line(loop: str) -> None:
    """However many wait, and at however many addresses of one site."""
    said = run_program(
        """
        async def main():
            loop = asyncio.get_running_loop()
            runner = ServerRunner(Server(hello), shutdown_timeout=5)
            await runner.setup()
            site = TCPSite(runner, ["127.0.0.1", "127.0.0.2"], 0)
            await site.start()
            refused = watch_log()
            peers = [socket.socket() for _ in range(20)]
            for peer in peers:
                peer.setblocking(False)
            give_back = take_descriptors()
            began = loop.time()
            for number, peer in enumerate(peers):
                await loop.sock_connect(peer, runner.addresses[number % 2])
            await refused.wait()
            for _ in range(2000):
                await asyncio.sleep(0)
            print(refused.lines[0])
            print(len(refused.lines) <= 1 + int(loop.time() - began))
            give_back()
            for number, peer in enumerate(peers):
                await loop.sock_sendall(peer, GET)
                while not (await loop.sock_recv(peer, 65536)).endswith(b"hello"):
                    pass
                peer.close()
            await runner.cleanup()

        run(main())
        """,
        loop,
    )
    assert said == "cannot accept connections, next try in 1 s: [Errno 24] Too many open files\nTrue\n"


CROWDED = """
    import ssl, trustme

    async def read(exchange):
        files = [open(os.devnull) for _ in range(5)]
        exchange.respond(ResponseHead(200), b"hello")
        for file in files:
            file.close()

    async def main():
        limit = int(sys.argv[2])
        context = None
        if sys.argv[3] == "tls":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            trustme.CA().issue_cert("localhost").configure_cert(context)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        # Who is silent stays as long as there is somebody who asks.
        server = Server(read, timeouts=Timeouts(handshake=1000, first_byte=1000, linger=1000))
        runner = ServerRunner(server, shutdown_timeout=0)
        await runner.setup()
        site = TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        print(site.port, flush=True)
        reader, _ = await asyncio.open_connection(sock=socket.socket(fileno=os.dup(0)))
        await reader.read()
        print(len(os.listdir("/dev/fd")) - 1)
        await runner.cleanup()

    run(main())
"""


@pytest.mark.row("HI-54")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("protocol", ["plain", "tls"])
@pytest.mark.parametrize(("limit", "reserve"), [(40, 20), (100, 50), (300, 64)])
def test_silent_peers_leave_a_reserve(loop: str, protocol: str, limit: int, reserve: int) -> None:
    """Those in their TLS handshake count as well: who is connected already can be served whatever it needs."""
    ours, theirs = socket.socketpair()
    source = PROLOGUE + textwrap.dedent(CROWDED)
    program = subprocess.Popen(
        [sys.executable, "-c", source, loop, str(limit), protocol],
        stdin=theirs,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program, ours, ExitStack() as peers:
        theirs.close()
        assert program.stdout is not None
        address = ("127.0.0.1", int(program.stdout.readline()))
        client = peers.enter_context(socket.create_connection(address, PATIENCE))
        if protocol == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client = peers.enter_context(context.wrap_socket(client))
        for _ in range(limit):
            silent = peers.enter_context(socket.create_connection(address, PATIENCE))
        # The last are cut; so all that may stay are there by now.
        with suppress(ConnectionError):
            assert silent.recv(1) == b""
        for _ in range(3):
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            raw = b""
            while not raw.endswith(b"hello"):
                raw += client.recv(65536)
            assert raw.startswith(b"HTTP/1.1 200 ")
        ours.shutdown(socket.SHUT_WR)
        # But for the one by which the program was told to end.
        assert int(program.stdout.readline()) - 1 <= limit - reserve
        assert program.wait(PATIENCE) == 0


@pytest.mark.row("HI-54")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_many_connections_leave_nothing(loop: str) -> None:
    """After thousands of connections of all kinds there are as many descriptors, tasks and objects as after 500."""
    said = run_program(
        """
        ENDS = [GET, GET + b"GET /", b"GET /\\r\\n\\r\\n", b""]
        ENDS.append(b"POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 9\\r\\n\\r\\n1")

        async def one(port, number):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            sent = ENDS[number % len(ENDS)]
            writer.write(sent)
            if sent:
                await reader.readuntil(b"\\r\\n\\r\\n")
            if number % 2:
                writer.transport.abort()
            writer.close()
            try:
                await writer.wait_closed()
            except ConnectionError:
                pass

        async def churn(runner, port, count):
            for first in range(0, count, 50):
                await asyncio.gather(*(one(port, first + each) for each in range(50)))
            while runner.server.connections:
                await asyncio.sleep(0)
            for _ in range(5):
                await asyncio.sleep(0)
            gc.collect()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
            return len(os.listdir("/dev/fd")), len(asyncio.all_tasks()), len(gc.get_objects()), memory

        async def main():
            runner, port = await start()
            before = await churn(runner, port, 500)
            after = await churn(runner, port, int(sys.argv[2]))
            print(*(there - here for here, there in zip(before, after)))
            await runner.cleanup()

        run(main())
        """,
        loop,
        CHURN,
    )
    descriptors, tasks, objects, memory = map(int, said.split())
    print(f"more after {CHURN}: {descriptors} descriptors, {tasks} tasks, {objects} objects, {memory} KiB")
    assert (descriptors, tasks) == (0, 0)
    assert objects < 200
    # What the system counts comes in large pieces; 100 000 connections would take more if each left 170 bytes.
    assert memory < 16 * 1024
