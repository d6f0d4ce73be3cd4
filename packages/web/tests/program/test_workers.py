"""`run_app` with workers: real processes, real signals."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import pytest

from muntin import web
from muntin.runner.workers import Workers
from muntin.web.program.run import run_app

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")

SERVE = """
    import logging, time
    from muntin.runner.workers import Workers

    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
    logging.getLogger("muntin.access").disabled = True

    async def context(app):
        say("up", os.getpid())
        yield
        say("down", os.getpid())

    async def pid(request):
        return web.Response(text=str(os.getpid()))

    async def endless(request):
        say("begun")
        await asyncio.sleep(3600)

    async def stuck(request):
        time.sleep(3600)

    def make_app():
        app = web.Application()
        app.add_routes([web.get("/", pid), web.get("/endless", endless), web.get("/stuck", stuck)])
        app.cleanup_ctx.append(context)
        return app

    app = make_app()
"""
SERVING = re.compile(r"worker (\d+) serves")


def read_workers(program, count):
    """Return the ids of the next workers that serve."""
    return [int(SERVING.match(program.read_until(" serves"))[1]) for _ in range(count)]


def find_downs(output):
    return sorted(int(line.split()[1]) for line in output.splitlines() if line.startswith("down"))


@pytest.mark.row("RN-02", "RN-29")
def test_workers_are_replaced_one_by_one_and_stop_in_order(start, free_port):
    program = start(f"{SERVE}\n    web.run_app(app, host='127.0.0.1', port={free_port}, workers=2)")
    first = read_workers(program, 2)
    line = program.read_until("Serving on")
    assert line == f"Serving on http://127.0.0.1:{free_port} with 2 workers (press Ctrl-C to stop)\n"
    assert int(program.fetch(free_port)) in first
    program.send(signal.SIGHUP)
    lines = program.read_until_all(
        "up", "up", " serves", " serves", *(f"worker {pid} stopped" for pid in first)
    )
    second = [int(found[1]) for line in lines if (found := SERVING.match(line))]
    assert not set(first) & set(second)
    assert int(program.fetch(free_port)) in second
    program.interrupt()
    code, output = program.end()
    assert code == 0
    assert find_downs(output) == sorted(second)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port))


def test_a_killed_worker_and_one_that_hangs_are_replaced(start, free_port):
    program = start(f"""{SERVE}
    web.run_app(app, host="127.0.0.1", port={free_port}, workers=Workers(2, heartbeat_timeout=4))
    """)
    first, second = read_workers(program, 2)
    program.read_until("Serving on")
    os.kill(first, signal.SIGKILL)
    assert "the next starts in" in program.read_until(f"worker {first} was killed by SIGKILL")
    (third,) = read_workers(program, 1)
    with socket.create_connection(("127.0.0.1", free_port)) as client:
        client.sendall(b"GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n")
        line = program.read_until("is stuck")
        stuck = int(line.split()[1])
        assert stuck in (second, third)
        # It says where it hangs.
        program.read_until("Current thread")
        assert "in stuck" in program.read_until("in stuck")
        assert client.recv(100) == b""
    program.read_until(f"worker {stuck} was killed by SIGABRT")
    (fourth,) = read_workers(program, 1)
    assert int(program.fetch(free_port)) in {second, third, fourth} - {stuck}
    code, output = program.stop()
    assert code == 0
    assert len(find_downs(output)) == 2


def test_workers_end_when_their_supervisor_is_gone(start, free_port):
    program = start(f"{SERVE}\n    web.run_app(app, host='127.0.0.1', port={free_port}, workers=2)")
    workers = read_workers(program, 2)
    program.read_until("Serving on")
    code, output = program.stop(signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert output.count("its supervisor is gone") == 2
    assert find_downs(output) == sorted(workers)


@pytest.mark.row("RN-03")
def test_a_start_that_fails_is_the_end(start, free_port):
    program = start(f"""{SERVE}
    async def fail(app):
        raise LookupError("no database")

    async def make():
        app.on_startup.append(fail)
        return app

    web.run_app(make(), host="127.0.0.1", port={free_port}, workers=3)
    """)
    code, output = program.end()
    assert code == 1
    assert output.count("LookupError: no database") == 1
    assert output.count("Traceback") == 1
    assert "ended with status 1 before it could serve; no worker serves, so the supervisor stops" in output


def test_a_reload_that_fails_leaves_the_old_ones_serving(start, free_port, tmp_path):
    part = tmp_path / "part.py"
    part.write_text("WORD = 'old'")
    program = start(f"""{SERVE}
    async def word(request):
        import part
        return web.Response(text=part.WORD)

    def make():
        import part
        app.router.add_get("/word", word)
        return app

    web.run_app(make, host="127.0.0.1", port={free_port}, workers=1)
    """)
    read_workers(program, 1)
    program.read_until("Serving on")
    assert program.fetch(free_port, "/word") == "old"
    part.write_text("WORD = 'broken")
    program.send(signal.SIGHUP)
    program.read_until("SyntaxError")
    assert "next starts in 0.5 s" in program.read_until("before it could serve")
    assert program.fetch(free_port, "/word") == "old"
    assert "next starts in 1.0 s" in program.read_until("before it could serve")
    part.write_text("WORD = 'newer'")
    program.send(signal.SIGHUP)
    read_workers(program, 1)
    program.read_until("stopped")
    assert program.fetch(free_port, "/word") == "newer"
    assert program.stop()[0] == 0


def test_workers_are_replaced_after_so_many_requests(start, free_port):
    program = start(f"""{SERVE}
    web.run_app(
        app, host="127.0.0.1", port={free_port}, workers=Workers(1, max_requests=3, max_requests_jitter=2)
    )
    """)
    (first,) = read_workers(program, 1)
    program.read_until("Serving on")
    for _ in range(5):
        assert program.fetch(free_port)
    (second,) = read_workers(program, 1)
    program.read_until(f"worker {first} stopped")
    assert int(program.fetch(free_port)) == second
    assert program.stop()[0] == 0


def test_more_and_fewer_workers(start, free_port):
    program = start(f"{SERVE}\n    web.run_app(app, host='127.0.0.1', port={free_port}, workers=1)")
    (first,) = read_workers(program, 1)
    program.read_until("Serving on")
    program.send(signal.SIGTTIN)
    program.read_until("2 workers are wanted")
    (second,) = read_workers(program, 1)
    program.send(signal.SIGTTOU)
    program.read_until("1 workers are wanted")
    program.read_until(f"worker {second} stopped")
    assert int(program.fetch(free_port)) == first
    assert program.stop()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_signals_for_the_application_are_passed_on(start, free_port, tmp_path, number):
    program = start(f"""{SERVE}
    import signal

    async def listen(app):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler({int(number)}, lambda: say("signalled", os.getpid()))

    def make():
        app = make_app()
        if "mute" not in os.listdir():
            app.on_startup.append(listen)
        return app

    web.run_app(make, host="127.0.0.1", port={free_port}, workers=2)
    """)
    workers = read_workers(program, 2)
    program.read_until("Serving on")
    program.send(number)
    lines = program.read_until_all("signalled", "signalled")
    assert sorted(int(line.split()[1]) for line in lines if "signalled" in line) == sorted(workers)
    # Nobody who does not care about them is harmed.
    (tmp_path / "mute").touch()
    program.send(signal.SIGHUP)
    program.read_until_all(" serves", " serves", " stopped", " stopped")
    program.send(number)
    program.send(signal.SIGTTIN)  # whose answer comes later
    program.read_until(" serves")
    assert program.fetch(free_port)
    code, output = program.stop()
    assert code == 0
    assert "killed" not in output


@pytest.mark.row("RN-20")
@pytest.mark.parametrize("numbers", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGQUIT,)])
def test_somebody_insists(start, free_port, numbers):
    program = start(f"{SERVE}\n    web.run_app(app, host='127.0.0.1', port={free_port}, workers=1)")
    program.read_until("Serving on")
    with socket.create_connection(("127.0.0.1", free_port)) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        program.read_until("begun")
        for number in numbers:
            program.send(number)
            with suppress(OSError):
                while True:  # until it does not listen: the signal was taken
                    socket.create_connection(("127.0.0.1", free_port)).close()
        code, _ = program.end()
    assert code == 0


@pytest.mark.row("RN-29", "RN-03")
def test_the_places_of_workers(start, free_port, tmp_path):
    path = tmp_path / "s"
    program = start(f"""{SERVE}
    import socket, uvloop
    sock = socket.create_server(("127.0.0.1", 0))

    async def make():
        say("loop", type(asyncio.get_running_loop()).__module__)
        return app

    web.run_app(
        make, host="127.0.0.1", port={free_port}, path={str(path)!r}, sock=sock,
        loop_factory=uvloop.new_event_loop, workers=2,
    )
    """)
    program.read_until("loop uvloop")
    line = program.read_until("Serving on")
    assert f"http://unix:{path}:" in line
    assert program.fetch(free_port)
    assert program.fetch(int(line.rsplit("127.0.0.1:")[2].split()[0]))
    program.send(signal.SIGHUP)
    for _ in range(2):
        program.read_until("stopped")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert program.stop()[0] == 0
    assert not path.exists()


def test_a_taken_port_is_told_by_the_supervisor(free_port):
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(OSError, match="cannot listen"):
        run_app(web.Application(), host="127.0.0.1", port=free_port, workers=1)


def test_what_workers_do_not_take():
    loop = asyncio.new_event_loop()
    with pytest.raises(ValueError, match="loop"):
        run_app(web.Application(), loop=loop, workers=1)
    loop.close()
    with pytest.raises(ValueError, match="signals"):
        run_app(web.Application(), handle_signals=False, workers=1)
    for wrong in ({"count": 0}, {"count": 1, "max_requests": -1}, {"count": 1, "heartbeat_timeout": 0}):
        with pytest.raises(ValueError):
            Workers(**wrong)


def test_the_supervisor_needs_fork():
    code = "import os; del os.fork; from muntin import web; web.run_app(web.Application(), port=0, workers=2)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert "RuntimeError: several workers need os.fork()" in ended.stderr
