"""How workers of `run_app` come to their end: told by others than their supervisor, by themselves, or all at once."""

import os
import re
import signal
import socket
import sys
from contextlib import contextmanager

import pytest

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")

SERVE = """
    import logging, signal
    from muntin.runner.workers import Workers

    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
    logging.getLogger("muntin.access").disabled = True
    ending = asyncio.Event()

    async def context(app):
        say("up", os.getpid())
        yield
        say("down", os.getpid())

    async def pid(request):
        return web.Response(text=str(os.getpid()))

    async def long(request):
        say("begun", os.getpid())
        await ending.wait()
        for _ in range(100):
            await asyncio.sleep(0)  # who is cancelled does not come through
        return web.Response(text="whole")

    async def leave(request):
        raise web.GracefulExit

    async def end(app):
        ending.set()

    def make():
        app = web.Application()
        app.add_routes([web.get("/", pid), web.get("/long", long), web.get("/leave", leave)])
        app.cleanup_ctx.append(context)
        app.on_shutdown.append(end)
        return app
"""
SERVING = re.compile(r"worker (\d+) serves")


def read_workers(program, count):
    """Return the ids of the next workers that serve."""
    return [int(SERVING.match(program.read_until(" serves"))[1]) for _ in range(count)]


@contextmanager
def asking(program, port, path):
    """Send a request, and return the client once the handler has begun."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        yield client, int(program.read_until("begun").split()[1])


def read_all(client):
    with client.makefile("rb") as response:
        return response.read()


@pytest.mark.row("RN-20")
@pytest.mark.parametrize("options", ["", "workers=2", "workers=2, loop_factory=uvloop.new_event_loop"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_stop_of_the_whole_group_is_one_stop(start, free_port, options, times):
    if "uvloop" in options:
        pytest.importorskip("uvloop")
    program = start(f"""{SERVE}
    {"import uvloop" if "uvloop" in options else ""}
    web.run_app(make, host="127.0.0.1", port={free_port}, shutdown_timeout=600, {options})
    """)
    program.read_until("Serving on")
    with asking(program, free_port, "/long") as (client, _):
        # As timeout(1) does it: the process, then its group. While the group stands still, all of it comes together.
        os.killpg(program.process.pid, signal.SIGSTOP)
        for _ in range(times):
            program.send(signal.SIGTERM)
            os.killpg(program.process.pid, signal.SIGTERM)
        os.killpg(program.process.pid, signal.SIGCONT)
        assert read_all(client).endswith(b"whole")
    code, output = program.end()
    assert (code, "Traceback" in output) == (0, False)


def test_who_is_not_the_supervisor_insists_in_vain(start, free_port):
    program = start(f"""{SERVE}
    async def go(request):
        ending.set()
        return web.Response()

    app = make()
    app.on_shutdown.clear()
    web.run_app(app, host="127.0.0.1", port={free_port}, shutdown_timeout=600, workers=1)
    """)
    (worker,) = read_workers(program, 1)
    program.read_until("Serving on")
    with asking(program, free_port, "/long"):
        os.kill(worker, signal.SIGTERM)
        program.read_until(f"worker {worker} stops by itself")
        for _ in range(3):
            os.kill(worker, signal.SIGTERM)
        (second,) = read_workers(program, 1)
        assert int(program.fetch(free_port)) == second
        # But the supervisor does.
        code, output = program.stop(signal.SIGQUIT)
    assert code == 0
    assert sorted(re.findall(r"^down (\d+)", output, re.MULTILINE)) == sorted([str(worker), str(second)])


def test_a_quick_stop_of_the_whole_group_is_in_order(start, free_port):
    """Ctrl-\\ reaches all processes of a terminal."""
    program = start(f"""{SERVE}
    app = make()
    app.on_shutdown.clear()
    web.run_app(app, host="127.0.0.1", port={free_port}, shutdown_timeout=600, workers=2)
    """)
    workers = read_workers(program, 2)
    program.read_until("Serving on")
    with asking(program, free_port, "/long"):
        os.killpg(program.process.pid, signal.SIGQUIT)
        code, output = program.end()
    assert code == 0
    assert sorted(re.findall(r"^down (\d+)", output, re.MULTILINE)) == sorted(map(str, workers))


@pytest.mark.parametrize("how", ["signal", "request"])
def test_a_worker_that_stops_by_itself_is_replaced_at_once(start, free_port, how):
    program = start(f"{SERVE}\n    web.run_app(make, host='127.0.0.1', port={free_port}, workers=1)")
    (first,) = read_workers(program, 1)
    program.read_until("Serving on")
    for _ in range(7):  # more often than what fails is tried again
        if how == "signal":
            os.kill(first, signal.SIGTERM)
        else:
            with pytest.raises(OSError):
                program.fetch(free_port, "/leave")
        lines = program.read_until_all(
            "stops by itself", f"down {first}", " serves", f"worker {first} stopped"
        )
        (second,) = [int(found[1]) for line in lines if (found := SERVING.match(line))]
        assert int(program.fetch(free_port)) == second != first
        first = second
    code, output = program.stop()
    assert (code, "the next starts in" in output) == (0, False)


@pytest.mark.parametrize("how", ["signal", "request"])
def test_one_that_hangs_in_its_clean_up_is_replaced_and_killed(start, free_port, how):
    program = start(f"""{SERVE}
    async def hang(app):
        say("hangs")
        await asyncio.sleep(3600)

    def make_hanging():
        app = make()
        app.on_cleanup.append(hang)
        return app

    workers = Workers(2, cleanup_timeout=2)
    web.run_app(make_hanging, host="127.0.0.1", port={free_port}, workers=workers, shutdown_timeout=1)
    """)
    first = read_workers(program, 2)
    program.read_until("Serving on")
    if how == "signal":
        os.kill(first[0], signal.SIGTERM)
    else:
        with pytest.raises(OSError):
            program.fetch(free_port, "/leave")
    lines = program.read_until_all(" serves", "does not stop in", "was killed by SIGKILL")
    (overdue,) = [line for line in lines if "does not stop in" in line]
    assert int(overdue.split()[1]) in first
    (third,) = [int(found[1]) for line in lines if (found := SERVING.match(line))]
    assert third not in first
    assert int(program.fetch(free_port))
    assert program.stop(signal.SIGQUIT)[0] == 0


def test_a_start_that_is_stopped_is_a_failure(start, free_port, tmp_path):
    """Whoever stops it: a start that never succeeds is not tried ever faster."""
    gate = tmp_path / "shut"
    program = start(f"""{SERVE}
    async def wait(app):
        if os.path.exists({str(gate)!r}):
            say("waits", os.getpid())
            await asyncio.sleep(3600)

    def make_waiting():
        app = make()
        app.on_startup.append(wait)
        return app

    web.run_app(make_waiting, host="127.0.0.1", port={free_port}, workers=1)
    """)
    (first,) = read_workers(program, 1)
    program.read_until("Serving on")
    gate.touch()
    program.send(signal.SIGHUP)
    for wait in (0.5, 1.0):
        os.kill(int(program.read_until("waits").split()[1]), signal.SIGTERM)
        line = program.read_until("before it could serve")
        assert "ended with status 0" in line
        assert float(line.split()[-2]) <= wait
    assert int(program.fetch(free_port)) == first
    assert program.stop()[0] == 0


ORPHANS = """
    import ctypes

    if os.getpid() != 1:
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER

    async def leave_orphans(request):
        for _ in range(3):
            reading, writing = os.pipe()
            if os.fork() == 0:
                os.close(writing)
                if os.fork() == 0:
                    os.read(reading, 1)  # until its parent has gone
                os._exit(0)
            os.wait()
            os.close(writing)  # now it goes on
            os.close(reading)
        return web.Response()

    async def count_zombies(request):
        found = 0
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat") as file:
                        state, parent = file.read().rpartition(")")[2].split()[:2]
                except OSError:
                    continue
                found += state == "Z" and int(parent) == os.getppid()
        return web.Response(text=str(found))

    app = make()
    app.add_routes([web.get("/orphans", leave_orphans), web.get("/zombies", count_zombies)])
"""

NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to others than process 1")
@pytest.mark.parametrize("kind", ["process 1", "subreaper"])
def test_orphans_are_waited_for(start, free_port, kind):
    source = f"{SERVE}\n{ORPHANS}\n    web.run_app(app, host='127.0.0.1', port={free_port}, workers=1)\n"
    become = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
    if kind == "process 1":
        if os.system(f"{' '.join(NAMESPACE)} true 2>/dev/null") != 0:
            pytest.skip("this process may make no namespace")
        program = start(source, "-c", become, *NAMESPACE, sys.executable, "program.py")
    else:
        program = start(source)
    program.read_until("Serving on")
    for _ in range(2):
        program.fetch(free_port, "/orphans")
        # Another worker is heard of after those that have ended before it was started.
        (supervisor,) = find_supervisors(program)
        os.kill(supervisor, signal.SIGTTIN)
        read_workers(program, 1)
        assert program.fetch(free_port, "/zombies") == "0"
    os.kill(supervisor, signal.SIGTERM)
    assert program.end()[0] == 0


def find_supervisors(program):
    """Return the process of the program itself: in a namespace it is a child of what made that."""
    with open(f"/proc/{program.process.pid}/comm") as file:
        if file.read().strip() != "unshare":
            return [program.process.pid]
    with open(f"/proc/{program.process.pid}/task/{program.process.pid}/children") as file:
        return [int(pid) for pid in file.read().split()]


PATIENT = """
    from importlib import import_module
    from muntin.runner import Timeouts

    # Longer than any test: who waits for that is stuck.
    import_module("muntin.web.program.run")._NEWCOMERS = 600.0
    options = {"timeouts": Timeouts(first_byte=600.0, keep_alive=600.0), "shutdown_timeout": 600.0}
"""


@contextmanager
def connecting(program, port):
    """Connect to the one worker there is, and ask nothing; it has accepted that."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        yield client, int(program.fetch(port))  # who came later was accepted later


@pytest.mark.parametrize("options", ["", "loop_factory=uvloop.new_event_loop"])
def test_who_has_just_connected_is_answered_after_a_reload(start, free_port, options):
    if options:
        pytest.importorskip("uvloop")
    program = start(f"""{SERVE}\n{PATIENT}
    {"import uvloop" if options else ""}
    web.run_app(make, host="127.0.0.1", port={free_port}, workers=1, **options, {options})
    """)
    read_workers(program, 1)
    program.read_until("Serving on")
    with connecting(program, free_port) as (client, old):
        program.send(signal.SIGHUP)
        (new,) = read_workers(program, 1)
        client.settimeout(2.0)  # more than those have who may have asked already
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(PATIENCE)
        assert int(program.fetch(free_port)) == new != old
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        response = read_all(client)
        assert response.endswith(str(old).encode())
        assert b"connection: close" in response.lower()
        program.read_until(f"worker {old} stopped")
    assert program.stop()[0] == 0


def test_who_has_just_connected_holds_no_stop(start, free_port):
    program = start(f"""{SERVE}\n{PATIENT}
    web.run_app(make, host="127.0.0.1", port={free_port}, workers=1, **options)
    """)
    read_workers(program, 1)
    program.read_until("Serving on")
    with connecting(program, free_port) as (client, old):
        program.send(signal.SIGHUP)
        read_workers(program, 1)
        code, output = program.stop()
        assert read_all(client) == b""
    assert (code, f"down {old}" in output) == (0, True)


def test_who_was_answered_or_leaves_holds_no_reload(start, free_port):
    program = start(f"""{SERVE}\n{PATIENT}
    web.run_app(make, host="127.0.0.1", port={free_port}, workers=1, **options)
    """)
    (old,) = read_workers(program, 1)
    program.read_until("Serving on")
    with connecting(program, free_port) as (kept, _), connecting(program, free_port) as (leaving, _):
        kept.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept.recv(1000).endswith(str(old).encode())
        program.send(signal.SIGHUP)
        read_workers(program, 1)
        leaving.close()
        program.read_until(f"worker {old} stopped")
        assert kept.recv(1000) == b""
    assert program.stop()[0] == 0


@pytest.mark.parametrize("stage", ["starts", "drains", "stops", "makes room"])
def test_signals_for_the_application_reach_workers_in_every_stage(start, free_port, stage):
    program = start(f"""{SERVE}\n{PATIENT}
    from muntin.web.handlers import health
    async def listen(app):
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: say("signalled", os.getpid()))
        if {stage!r} == "starts":
            say("stage")
            await asyncio.sleep(3600)

    async def note(app):
        say("stage")

    def make_listening():
        app = make()
        app.on_startup.append(listen)
        app.on_shutdown.clear()
        app.on_shutdown.append(note)
        if {stage!r} == "drains":
            health.Health(delay=600).install(app)
        return app

    web.run_app(make_listening, host="127.0.0.1", port={free_port}, workers=1, **options)
    """)
    if stage == "starts":
        program.read_until("stage")
        program.send(signal.SIGUSR1)
        program.read_until("signalled")
    else:
        program.read_until("Serving on")
        with asking(program, free_port, "/long") as (_, worker), connecting(program, free_port):
            if stage == "makes room":
                program.send(signal.SIGHUP)
                read_workers(program, 1)
            else:
                program.send(signal.SIGTERM)
            if stage == "stops":
                program.read_until("stage")
            program.send(signal.SIGUSR1)
            assert program.read_until(f"signalled {worker}")
            program.send(signal.SIGQUIT)
            assert program.end()[0] == 0
