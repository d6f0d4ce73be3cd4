"""`run_app` and the command line, as programs of their own."""

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from muntin import web
from muntin.runner import GracefulExit, Timeouts
from muntin.web.program.run import run_app

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")


@pytest.mark.row("RN-01", "RN-02", "RN-15", "CF-12")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("loop", ["asyncio.new_event_loop()", "__import__('uvloop').new_event_loop()"])
def test_it_serves_until_a_signal(start, free_port, number, loop):
    program = start(f"""
        async def context(app):
            say("up")
            yield
            say("down")

        app = web.Application()
        app.router.add_get("/", hello)
        app.cleanup_ctx.append(context)
        web.run_app(app, host="127.0.0.1", port={free_port}, loop={loop})
        say("after")
    """)
    assert f"http://127.0.0.1:{free_port}" in program.read_until("Serving on")
    assert program.fetch(free_port) == "hello"
    code, output = program.stop(number)
    assert (code, output.split()) == (0, ["down", "after"])


@pytest.mark.row("RN-01")
def test_where_it_serves_when_nothing_is_said(start):
    program = start("""
        app = web.Application()
        app.router.add_get("/", hello)
        try:
            web.run_app(app)
        except OSError as error:
            say("taken:", error)
    """)
    line = program.read_until(":")
    if line.startswith("taken"):
        pytest.skip("another program has port 8080")
    assert "http://localhost:8080 " in line
    # One of many addresses of this machine, and none that anybody names.
    with urllib.request.urlopen("http://127.0.0.2:8080/", timeout=PATIENCE) as response:
        assert response.read() == b"hello"
    assert program.stop() == (0, "")


@pytest.mark.row("RN-02", "RN-03")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_application_is_made(start, free_port, number):
    program = start(f"""
        async def make():
            try:
                say("making")
                await asyncio.sleep(3600)
            finally:
                say("given up")

        web.run_app(make(), host="127.0.0.1", port={free_port})
        say("after")
    """)
    program.read_until("making")
    code, output = program.stop(number)
    assert (code, output) == (0, "given up\nafter\n")


@pytest.mark.row("RN-02")
def test_a_signal_while_a_module_is_imported(start, tmp_path):
    (tmp_path / "slow.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(3600)\n")
    program = start("", "-m", "muntin.web", "slow:app")
    program.read_until("importing")
    program.interrupt()
    assert program.end() == (0, "Stopped\n")


@pytest.mark.row("RN-20", "RN-22", "RN-23", "RN-07")
def test_the_end_is_in_order(start, free_port):
    program = start(f"""
        stopping = asyncio.Event()

        async def background():
            await stopping.wait()
            for _ in range(100):
                await asyncio.sleep(0)
            say("background done")

        async def listener():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                say("listener cancelled")
                raise

        async def leave_behind(request):
            request.app["task"].append(asyncio.create_task(background()))
            say("begun")
            await stopping.wait()
            return web.Response(text="slow")

        async def start_listener(app):
            app["task"] = [asyncio.create_task(listener())]

        async def on_shutdown(app):
            say("shutdown")
            stopping.set()

        async def on_cleanup(app):
            say("cleanup")

        app = web.Application()
        app.router.add_get("/slow", leave_behind)
        app.on_startup.append(start_listener)
        app.on_shutdown.append(on_shutdown)
        app.on_cleanup.append(on_cleanup)
        web.run_app(app, host="127.0.0.1", port={free_port}, shutdown_timeout=1000)
        say("after")
    """)
    program.read_until("Serving on")
    with socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        program.read_until("begun")
        program.process.send_signal(signal.SIGTERM)
        response = b""
        while piece := client.recv(65536):
            response += piece
    assert response.endswith(b"slow")
    assert b"Connection: close" in response
    code, output = program.end()
    assert code == 0
    assert output.splitlines() == ["shutdown", "background done", "cleanup", "listener cancelled", "after"]


@pytest.mark.row("RN-20")
def test_an_endless_handler_is_cancelled(start, free_port):
    program = start(f"""
        async def endless(request):
            say("begun")
            try:
                await asyncio.Event().wait()
            finally:
                say("cancelled")

        async def on_cleanup(app):
            say("cleanup")

        app = web.Application()
        app.router.add_get("/", endless)
        app.on_cleanup.append(on_cleanup)
        web.run_app(app, host="127.0.0.1", port={free_port}, shutdown_timeout=0.2)
    """)
    program.read_until("Serving on")
    with socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        program.read_until("begun")
        code, output = program.stop()
    assert (code, output.splitlines()) == (0, ["cancelled", "cleanup"])


@pytest.mark.row("RN-03", "RN-18", "RN-19")
def test_a_coroutine_makes_the_application(start, free_port):
    program = start(f"""
        VARIABLE = contextvars.ContextVar("VARIABLE", default="default")

        async def on_startup(app):
            say("start-up sees", VARIABLE.get())
            VARIABLE.set("start-up")

        async def on_cleanup(app):
            say("clean-up sees", VARIABLE.get())

        async def look(request):
            word = VARIABLE.get()
            VARIABLE.set("request")
            return web.Response(text=word)

        async def make():
            say("made in", asyncio.get_running_loop() is not None, VARIABLE.get())
            VARIABLE.set("init")
            app = web.Application()
            app.router.add_get("/", look)
            app.on_startup.append(on_startup)
            app.on_cleanup.append(on_cleanup)
            return app

        VARIABLE.set("main")
        web.run_app(make(), host="127.0.0.1", port={free_port})
        say("afterwards", VARIABLE.get())
    """)
    assert "made in True main" in program.read_until("made in")
    program.read_until("start-up sees init")
    program.read_until("Serving on")
    assert [program.fetch(free_port), program.fetch(free_port)] == ["start-up", "start-up"]
    code, output = program.stop()
    assert (code, output.splitlines()) == (0, ["clean-up sees start-up", "afterwards main"])


def test_a_failing_start_is_told_and_cleaned_up(start, free_port):
    program = start(f"""
        async def one(app):
            say("one up")
            yield
            say("one down")

        async def two(app):
            raise LookupError("no database")
            yield

        app = web.Application()
        app.cleanup_ctx.extend([one, two])
        web.run_app(app, host="127.0.0.1", port={free_port})
    """)
    code, output = program.end()
    assert code == 1
    assert output.startswith("one up\none down\nTraceback")
    assert "LookupError: no database" in output


def test_a_taken_port_is_told(start, free_port):
    with socket.create_server(("127.0.0.1", free_port)):
        program = start(f"web.run_app(web.Application(), host='127.0.0.1', port={free_port})")
        code, output = program.end()
    assert code == 1
    assert output.startswith(f"error: [Errno {errno.EADDRINUSE}] cannot listen at 127.0.0.1:{free_port}: ")
    assert output.count("\n") == 1


@pytest.mark.row("RN-27", "RN-26", "XP-16")
def test_a_subprocess_lives_with_the_application(start, free_port):
    program = start(f"""
        async def child(app):
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)
            say("child", process.pid)
            yield
            process.terminate()
            say("child ended", await process.wait())

        app = web.Application()
        app.cleanup_ctx.append(child)
        web.run_app(app, host="127.0.0.1", port={free_port})
    """)
    pid = int(program.read_until("child").split()[1])
    program.read_until("Serving on")
    code, output = program.stop()
    assert (code, output.splitlines()) == (0, ["child ended -15"])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.row("RN-29")
def test_unix_and_given_sockets(start, tmp_path):
    path = tmp_path / "s"
    program = start(f"""
        import socket
        sock = socket.create_server(("127.0.0.1", 0))
        app = web.Application()
        app.router.add_get("/", hello)
        web.run_app(app, path={str(path)!r}, sock=sock)
    """)
    line = program.read_until("Serving on")
    assert f"unix:{path}" in line
    assert program.fetch(int(line.rsplit("127.0.0.1:")[1].split()[0])) == "hello"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert program.stop()[0] == 0


# The command line

MAKER = """
    def make(arguments):
        say("arguments", arguments)
        app = web.Application()
        app.router.add_get("/", hello)
        return app

    async def make_later(arguments):
        return make(arguments)

    def make_nothing(arguments):
        return None

    not_callable = 3
"""


@pytest.mark.row("CF-07", "RN-14", "RN-15")
@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("-H 127.0.0.1 -P {port} program:make --foo bar", ["--foo", "bar"]),
        ("-n 127.0.0.1 -p {port} program.make -p 5", ["-p", "5"]),
        ("--hostname 127.0.0.1 --port {port} program:make_later", []),
        ("program:make -P {port} -H 127.0.0.1 x -n y", ["x", "-n", "y"]),
        ("-P {port} program:make -- -P 3", ["-P", "3"]),
    ],
)
def test_command_lines(start, free_port, line, arguments):
    program = start(MAKER, "-m", "muntin.web", *line.format(port=free_port).split())
    assert str(arguments) in program.read_until("arguments")
    program.read_until("Serving on")
    assert program.fetch(free_port) == "hello"
    code, output = program.stop(signal.SIGINT)
    assert code == 0
    assert output.endswith("Stopped\n")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("make", "names no function"),
        (".program:make", "relative"),
        ("nowhere:make", "cannot import 'nowhere'"),
        ("program:nothing", "no attribute 'nothing'"),
        ("program:not_callable", "is no function but int"),
        ("program:make_nothing", "returned NoneType"),
    ],
)
def test_targets_that_make_no_sense(start, target, message):
    code, output = start(MAKER, "-m", "muntin.web", target).end()
    assert code == 2
    assert message in output
    assert "Traceback" not in output


def test_a_socket_path_alone(start, tmp_path):
    path = tmp_path / "s"
    program = start(MAKER, "-m", "muntin.web", "-U", str(path), "program:make")
    line = program.read_until("Serving on")
    assert "unix" in line
    assert "localhost" not in line
    assert program.stop()[0] == 0


def test_an_application_of_the_wrong_kind():
    with pytest.raises(TypeError, match=r"runs a web\.Application"):
        run_app("app", print=None)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-P", "99999", "module:function"], 2, "'99999' is no port"),
        (["-P", "-1", "module:function"], 2, "'-1' is no port"),
        (["broken:function"], 2, "cannot import 'broken'"),
        (["-U", "missing/socket", "good:function"], 1, "cannot listen at 'missing/socket': No such file"),
        (["-U", "long" * 50, "good:function"], 1, "AF_UNIX path too long"),
    ],
)
def test_commands_that_cannot_be_followed(tmp_path, arguments, code, said):
    (tmp_path / "broken.py").write_text("def function(:")
    (tmp_path / "good.py").write_text(
        "from muntin import web\n\ndef function(arguments):\n    return web.Application()\n"
    )
    command = [sys.executable, "-m", "muntin.web", *arguments]
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == code
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("given", "keep_alive"),
    [
        ({}, 75),
        ({"keepalive_timeout": 3}, 3),
        ({"timeouts": Timeouts(keep_alive=4)}, 4),
        ({"timeouts": Timeouts(keep_alive=4), "keepalive_timeout": 3}, 3),
        ({"timeouts": Timeouts(keep_alive=4), "keepalive_timeout": 75.0}, 75),
    ],
)
def test_how_long_connections_may_idle(monkeypatch, free_port, given, keep_alive):
    seen = []

    async def look(app):
        # Once it serves, which is after it was started.
        app.spawn(stop())

    async def stop():
        runner = runners[0]
        while runner.server is None:
            await asyncio.sleep(0)
        seen.append(runner.server.timeouts.keep_alive)
        raise GracefulExit

    runners = []
    monkeypatch.setattr(web.AppRunner, "setup", record(runners, web.AppRunner.setup))
    app = web.Application()
    app.on_startup.append(look)
    run_app(app, host="127.0.0.1", port=free_port, print=None, **given)
    assert seen == [keep_alive]


def record(runners, setup):
    async def wrapped(runner):
        runners.append(runner)
        await setup(runner)

    return wrapped
