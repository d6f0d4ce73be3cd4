"""How `run_app` and `AppRunner` end: each step in its turn, and what a second signal does.

Nothing is timed: the loop of these programs has a clock that is turned by a signal.
"""

import signal
import socket
import sys

import pytest

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")

# SIGUSR1 lets on_shutdown end; SIGUSR2 lets a whole shutdown_timeout pass.
PROGRAM = """
    import signal

    TIMEOUT = 1000

    class Loop(asyncio.SelectorEventLoop):
        skipped = 0

        def time(self):
            return super().time() + self.skipped

        def skip(self):
            self.skipped += TIMEOUT
            self.create_task(self.tell())

        async def tell(self):
            for _ in range(50):
                await asyncio.sleep(0)
            say("time has passed")

    async def until_cancelled(name):
        say(name, "begun")
        try:
            await asyncio.Event().wait()
        finally:
            say(name, "cancelled")

    async def idle(request):
        return web.Response()

    async def upload(request):
        read = asyncio.Event()
        app["tasks"] += [asyncio.create_task(until_cancelled("stray")), asyncio.create_task(background(read))]
        say("upload begun")
        await request.read()
        say("upload done")
        read.set()
        return web.Response(text="uploaded")

    async def background(read):
        await read.wait()
        await asyncio.sleep(0)
        say("background done")

    async def endless(request):
        await until_cancelled("endless")

    async def context(app):
        app["tasks"] = [asyncio.create_task(until_cancelled("listener"))]
        yield
        say("context left")

    async def on_startup(app):
        loop, app["told"] = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, app["told"].set)
        loop.add_signal_handler(signal.SIGUSR2, loop.skip)

    async def on_shutdown(app):
        say("on_shutdown")
        await app["told"].wait()
        say("on_shutdown done")

    async def on_cleanup(app):
        say("on_cleanup")

    app = web.Application()
    app.add_routes([web.get("/idle", idle), web.post("/upload", upload), web.get("/endless", endless)])
    app.cleanup_ctx.append(context)
    for each in (on_startup, on_shutdown, on_cleanup):
        getattr(app, each.__name__).append(each)
"""
RUN_APP = """
    web.run_app(app, host="127.0.0.1", port={port}, shutdown_timeout=TIMEOUT, loop=Loop(), access_log=None)
    say("after")
"""
APP_RUNNER = """
    async def main():
        runner = web.AppRunner(app, shutdown_timeout=TIMEOUT, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", {port}).start()
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        say("Serving on")
        await stop.wait()
        await runner.cleanup()
        say("after", [task.done() for task in app["tasks"]], [task.cancelling() for task in app["tasks"]])

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(main())
"""


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def read_all(client):
    raw = b""
    while piece := client.recv(65536):
        raw += piece
    return raw


@pytest.mark.row("RN-20", "RN-21", "RN-22", "RN-23", "RN-07")
@pytest.mark.parametrize("way", ["run_app", "AppRunner"])
def test_the_steps_of_the_end(start, free_port, way):
    source = PROGRAM + (RUN_APP if way == "run_app" else APP_RUNNER).format(port=free_port)
    program = start(source)
    program.read_until("Serving on")
    with (
        socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as idle,
        socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as uploading,
        socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as endless,
    ):
        idle.sendall(b"GET /idle HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        uploading.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1")
        program.read_until("stray begun")
        endless.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        program.read_until("endless begun")
        program.send(signal.SIGTERM)
        # 1, 2: nobody is accepted, who idles is parted with; 3: on_shutdown, which waits for us.
        program.read_until("on_shutdown")
        assert read_all(idle) == b""
        assert is_refused(free_port)
        program.send(signal.SIGUSR1)
        program.read_until("on_shutdown done")
        # 4: what was begun ends.
        assert is_refused(free_port)
        uploading.sendall(b"2")
        response = read_all(uploading)
        assert response.endswith(b"uploaded")
        assert b"Connection: close\r\n" in response
        program.read_until("upload done")
        program.read_until("background done")
        assert is_refused(free_port)
        # 5: what does not end is cancelled, after one time-out, not one for each of the things that are waited for.
        program.send(signal.SIGUSR2)
        assert program.read_until("") == "endless cancelled\n"
        assert read_all(endless) == b""
        code, output = program.end()
    lines = [line for line in output.splitlines() if line != "time has passed"]
    assert code == 0
    # 6: contexts, then on_cleanup; 7: the tasks that are left.
    assert lines[:2] == ["context left", "on_cleanup"]
    if way == "run_app":
        assert sorted(lines[2:4]) == ["listener cancelled", "stray cancelled"]
        assert lines[4:] == ["after"]
    else:
        # The listener and the stray task live on, and nobody asked them to end; asyncio.Runner does, afterwards.
        assert lines[2] == "after [False, False, True] [0, 0, 0]"
        assert sorted(lines[3:]) == ["listener cancelled", "stray cancelled"]


# A second signal

HURRIED = """
    async def wait(request):
        say("begun")
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(100):
                await asyncio.sleep(0)
            say("handler cancelled")

    async def resist(request):
        say("begun")
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                say("resisted")

    async def context(app):
        yield
        say("context left")

    async def on_shutdown(app):
        say("on_shutdown")

    async def hang(app):
        say("hanging")
        await asyncio.Event().wait()

    async def on_cleanup(app):
        say("on_cleanup")

    app = web.Application()
    app.add_routes([web.get("/", wait), web.get("/resist", resist)])
    app.cleanup_ctx.append(context)
    app.on_shutdown.append(on_shutdown)
    app.on_cleanup.append(on_cleanup)
    {more}
    web.run_app(
        app, host="127.0.0.1", port={port}, shutdown_timeout=1000, access_log=None, loop_factory={loop}
    )
    say("after")
"""
LOOPS = ["asyncio.new_event_loop", "__import__('uvloop').new_event_loop"]


def write_program(port, *, more="", loop=LOOPS[0]):
    return HURRIED.format(port=port, more=more, loop=loop)


@pytest.mark.row("RN-02", "RN-20")
@pytest.mark.parametrize("loop", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(
    ("first", "second"), [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT)]
)
def test_a_second_signal_waits_for_nobody(start, free_port, loop, first, second):
    if "uvloop" in loop:
        pytest.importorskip("uvloop")
    program = start(write_program(free_port, loop=loop))
    program.read_until("Serving on")
    with socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        program.read_until("begun")
        program.send(first)
        program.read_until("on_shutdown")
        code, output = program.stop(second)
        assert read_all(client) == b""
    assert (code, output.split("\n")) == (0, ["handler cancelled", "context left", "on_cleanup", "after", ""])


@pytest.mark.row("RN-20")
def test_a_second_signal_ends_a_signal_that_hangs(start, free_port):
    program = start(write_program(free_port, more="app.on_shutdown.append(hang)"))
    program.read_until("Serving on")
    with socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        program.read_until("begun")
        program.send(signal.SIGTERM)
        program.read_until("hanging")
        code, output = program.stop()
    assert (code, output.split("\n")) == (0, ["handler cancelled", "context left", "on_cleanup", "after", ""])


@pytest.mark.row("RN-20")
def test_a_third_signal_cuts_handlers_that_resist(start, free_port):
    program = start(write_program(free_port))
    program.read_until("Serving on")
    with socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as client:
        client.sendall(b"GET /resist HTTP/1.1\r\nHost: a\r\n\r\n")
        program.read_until("begun")
        for awaited in ("on_shutdown", "resisted", "context left"):
            program.send(signal.SIGTERM)
            program.read_until(awaited)
        program.read_until("on_cleanup")
        program.read_until("after")
        assert program.end()[0] == 0


# WebSockets

CHAT = """
    async def linger():
        await asyncio.Event().wait()

    async def chat(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        app["tasks"].append(asyncio.create_task(linger()))
        say("chatting")
        async for message in ws:
            pass
        say("said", ws.close_code)
        return ws

    app = web.Application()
    app["tasks"] = []
    app.add_routes([web.get("/", chat)])
    web.run_app(
        app, host="127.0.0.1", port={port}, shutdown_timeout={timeout}, access_log=None, workers={workers}
    )
"""
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GOING_AWAY = b"\x88\x02\x03\xe9"
"""A frame that closes with 1001, as a server sends it."""


def begin_chat(program, port):
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.sendall(HANDSHAKE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert head.startswith(b"HTTP/1.1 101 ")
    program.read_until("chatting")
    return client


def read_farewell(client):
    raw = b""
    while len(raw) < len(GOING_AWAY):
        piece = client.recv(65536)
        assert piece
        raw += piece
    return raw


@pytest.mark.row("RN-20")
@pytest.mark.parametrize("workers", [None, 1])
@pytest.mark.parametrize("peers", [1, 3])
def test_websockets_hear_of_the_end_before_anything_is_waited_for(start, free_port, workers, peers):
    program = start(CHAT.format(port=free_port, timeout=1000, workers=workers))
    program.read_until("Serving on")
    clients = [begin_chat(program, free_port) for _ in range(peers)]
    program.send(signal.SIGTERM)
    for client in clients:
        with client:
            assert read_farewell(client) == GOING_AWAY
            program.read_until("said 1001")
            assert read_all(client) == b""
    # What they began is waited for still; a second signal ends that.
    assert program.stop()[0] == 0


@pytest.mark.row("RN-20", "RN-07")
@pytest.mark.parametrize("workers", [None, 1])
def test_a_websocket_that_does_not_close_is_no_reason_to_wait_longer(start, free_port, workers):
    program = start(CHAT.format(port=free_port, timeout=0.2, workers=workers))
    program.read_until("Serving on")
    with begin_chat(program, free_port) as client:
        program.send(signal.SIGTERM)
        assert read_farewell(client) == GOING_AWAY
        assert program.end()[0] == 0
