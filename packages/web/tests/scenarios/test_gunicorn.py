"""Applications served by gunicorn: real arbiters, real signals."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager

import pytest
import trustme

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytest.importorskip("gunicorn")

APPLICATION = """
    async def context(app):
        say("up", os.getpid())
        yield
        say("down", os.getpid())

    async def pid(request):
        say("loop", type(asyncio.get_running_loop()).__module__)
        return web.Response(text=str(os.getpid()))

    def make_app():
        app = web.Application()
        app.add_routes([web.get("/", pid), web.get("/endless", endless)])
        app.cleanup_ctx.append(context)
        return app

    async def endless(request):
        say("begun")
        await asyncio.sleep(3600)

    async def stuck(request):
        import time
        time.sleep(3600)

    async def factory():
        await asyncio.sleep(0)
        return make_app()

    async def runner_factory():
        return web.AppRunner(make_app(), shutdown_timeout=1)

    async def broken():
        raise LookupError("no database")

    async def child(request):
        import multiprocessing, time
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
        process.start()
        process.terminate()
        process.join()
        return web.Response(text=str(process.exitcode))

    app = make_app()
    app.router.add_get("/stuck", stuck)
    app.router.add_get("/child", child)

    async def wait(app):
        say("waits")
        await asyncio.sleep(3600)

    async def waiting():
        app = make_app()
        app.on_startup.append(wait)
        return app

    def sleeping():
        import time
        say("waits")
        time.sleep(3600)

    async def awaiting():
        await wait(None)

    async def clinging():
        app = make_app()
        app.on_cleanup.append(wait)
        return app
"""
BOOTING = re.compile(r"Booting worker with pid: (\d+)")
WORKER = "muntin.runner.GunicornWebWorker"


@pytest.fixture
def gunicorn(start, free_port, tmp_path):
    """Start gunicorn with a target of the application above."""
    # What the command `gunicorn` does. By `-m gunicorn` it finds its own package http in place of Python's, once it has
    # replaced itself.
    script = tmp_path / "serve.py"
    script.write_text("from gunicorn.app.wsgiapp import run; run()")

    def run(target, *options, worker=WORKER):
        program = start(
            APPLICATION, str(script), target if ":" in target else f"program:{target}",
            "--bind", f"127.0.0.1:{free_port}", "--worker-class", worker, "--no-control-socket", *options,
        )  # fmt: skip
        program.port = free_port
        return program

    return run


def read_ups(program, count=1):
    """Return the ids of the next workers that start."""
    return [int(program.read_until("up ").split()[1]) for _ in range(count)]


@pytest.mark.row("RN-16", "RN-17", "XP-11")
@pytest.mark.parametrize(
    ("target", "worker", "loop"),
    [
        ("app", WORKER, "asyncio"),
        ("factory", WORKER, "asyncio"),
        ("runner_factory", "muntin.runner.gunicorn.GunicornWebWorker", "asyncio"),
        ("factory", "muntin.runner.GunicornUVLoopWebWorker", "uvloop"),
    ],
)
def test_what_gunicorn_serves(gunicorn, target, worker, loop):
    program = gunicorn(target, worker=worker)
    (pid,) = read_ups(program)
    assert int(program.fetch(program.port)) == pid
    assert loop in program.read_until("loop")
    code, output = program.stop()
    assert (code, f"down {pid}" in output) == (0, True)


@pytest.mark.row("XP-11")
def test_a_reload_replaces_the_workers(gunicorn):
    program = gunicorn("app", "--workers", "2")
    read_ups(program, 2)
    program.send(signal.SIGHUP)
    lines = program.read_until_all("up ", "up ", "down ", "down ")
    second = [int(line.split()[1]) for line in lines if line.startswith("up ")]
    assert int(program.fetch(program.port)) in second
    code, output = program.stop()
    assert (code, output.count("down ")) == (0, 2)


@pytest.mark.row("XP-11")
def test_workers_end_after_so_many_requests(gunicorn):
    program = gunicorn("app", "--max-requests", "3")
    (first,) = read_ups(program)
    assert {int(program.fetch(program.port)) for _ in range(3)} == {first}
    program.read_until("after 3 requests")
    program.read_until(f"down {first}")
    (second,) = read_ups(program)
    assert int(program.fetch(program.port)) == second
    assert program.stop()[0] == 0


@pytest.mark.row("XP-11")
def test_a_start_that_fails_is_not_tried_again(gunicorn):
    code, output = gunicorn("broken", "--workers", "1", "--timeout", "100").end()
    assert code == 3
    assert output.count("LookupError: no database") == 1
    assert output.count("Booting worker") == 1
    assert "Worker failed to boot" in output


@pytest.mark.row("XP-11")
def test_a_quick_end_waits_for_nobody(gunicorn):
    program = gunicorn("app", "--graceful-timeout", "25")
    (pid,) = read_ups(program)
    with subprocess.Popen(
        [sys.executable, "-c", f"import socket; s = socket.create_connection(('127.0.0.1', {program.port}));"
         r"s.sendall(b'GET /endless HTTP/1.1\r\nHost: a\r\n\r\n'); print(s.recv(100))"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as client:  # fmt: skip
        program.read_until("begun")
        code, output = program.stop(signal.SIGQUIT)
        assert (code, f"down {pid}" in output) == (0, True)
        assert client.stdout.read() in ("", "b''\n")


@pytest.mark.row("XP-11")
def test_a_worker_that_hangs_is_replaced(gunicorn):
    # Loaded before the fork: what a start takes on a busy machine is no part of the time-out.
    program = gunicorn("app", "--timeout", "4", "--preload")
    (first,) = read_ups(program)
    with pytest.raises(OSError):
        program.fetch(program.port, "/stuck")
    program.read_until("it is stuck here")
    program.read_until("in stuck")
    (second,) = read_ups(program)
    assert int(program.fetch(program.port)) == second != first
    assert program.stop()[0] == 0


@pytest.mark.row("XP-11")
def test_workers_end_when_the_arbiter_is_gone(gunicorn):
    program = gunicorn("app", "--workers", "2")
    workers = read_ups(program, 2)
    code, output = program.stop(signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert sorted(int(line.split()[1]) for line in output.splitlines() if line.startswith("down")) == sorted(
        workers
    )


@pytest.mark.row("XP-11")
def test_the_options_for_tls_and_the_access_log(gunicorn, tmp_path):
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "chain.pem")
    program = gunicorn(
        "app", "--certfile", "chain.pem", "--keyfile", "key.pem", "--access-logfile", "-",
        "--access-logformat", 'log %(h)s "%(r)s" %(s)s %(b)s "%({x-test}i)s" "%(a)s"',
    )  # fmt: skip
    read_ups(program)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    request = urllib.request.Request(
        f"https://localhost:{program.port}/", headers={"X-Test": "y", "User-Agent": "u"}
    )
    with urllib.request.urlopen(request, context=context, timeout=PATIENCE) as response:
        size = len(response.read())
    assert program.read_until("log 127") == f'log 127.0.0.1 "GET / HTTP/1.1" 200 {size} "y" "u"\n'
    assert program.stop()[0] == 0


@contextmanager
def changing(path, text):
    """Change a file, for as long as it takes until somebody looks at its times for the second time."""
    path.write_text(text)
    seen = threading.Event()

    def touch():
        times = path.stat().st_mtime
        while not seen.wait(0.2):
            times += 1
            os.utime(path, (times, times))

    thread = threading.Thread(target=touch)
    thread.start()
    try:
        yield
    finally:
        seen.set()
        thread.join()


@pytest.mark.row("XP-11")
def test_a_reload_on_change_survives_mistakes(gunicorn, tmp_path):
    program = gunicorn("factory", "--reload", "--reload-engine", "poll")
    read_ups(program)
    path = tmp_path / "program.py"
    source = path.read_text()
    with changing(path, source + "\nasync def factory(:\n"):
        program.read_until("nothing is served until a file changes")
    with changing(path, source + "\nasync def factory():\n    raise LookupError('mistake')\n"):
        program.read_until("LookupError: mistake")
    with changing(path, source):
        read_ups(program)
    assert int(program.fetch(program.port))
    assert program.stop()[0] == 0


@pytest.mark.row("XP-11")
@pytest.mark.parametrize("worker", [WORKER, "muntin.runner.GunicornUVLoopWebWorker"])
def test_logs_are_opened_anew(gunicorn, tmp_path, worker):
    """SIGUSR1, after logrotate has renamed the file: no line is lost, and the next ones go to a new file."""
    program = gunicorn("app", "--access-logfile", "access.log", worker=worker)
    read_ups(program)
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"
    program.fetch(program.port)
    log.rename(old)
    program.send(signal.SIGUSR1)
    fetched = 1
    while not (log.exists() and log.read_text()):  # until the worker has done it
        program.fetch(program.port)
        fetched += 1
    assert program.stop()[0] == 0
    lines = [*old.read_text().splitlines(), *log.read_text().splitlines()]
    assert len(lines) == fetched
    assert all('"GET / HTTP/1.1" 200' in line for line in lines)


@pytest.mark.row("XP-11")
def test_more_and_fewer_workers(gunicorn):
    program = gunicorn("app", "--workers", "1", "--log-level", "debug")
    (first,) = read_ups(program)
    program.send(signal.SIGTTIN)
    (second,) = read_ups(program)
    program.send(signal.SIGTTOU)
    program.read_until(f"down {first}")
    # Outside of a daemon gunicorn ignores this: a window changes its size.
    program.send(signal.SIGWINCH)
    program.read_until("SIGWINCH ignored")
    assert int(program.fetch(program.port)) == second
    code, output = program.stop()
    assert (code, output.count("down ")) == (0, 1)


@pytest.mark.row("XP-11")
def test_gunicorn_itself_is_replaced(gunicorn):
    """SIGUSR2: a new arbiter serves the same sockets, and the old one may go."""
    program = gunicorn("app", "--graceful-timeout", "5")
    (first,) = read_ups(program)
    program.send(signal.SIGUSR2)
    arbiter = int(re.search(r"Listening at: .* \((\d+)\)", program.read_until("Listening at"))[1])
    assert arbiter != program.process.pid
    (second,) = read_ups(program)
    program.send(signal.SIGTERM)
    program.read_until(f"down {first}")
    assert program.process.wait(PATIENCE) == 0
    assert int(program.fetch(program.port)) == second
    os.kill(arbiter, signal.SIGTERM)
    _, output = program.end()
    assert f"down {second}" in output


@pytest.mark.row("XP-11")
@pytest.mark.parametrize(
    ("target", "number", "worker"),
    [
        ("waiting", signal.SIGTERM, WORKER),
        ("waiting", signal.SIGQUIT, "muntin.runner.GunicornUVLoopWebWorker"),
        ("awaiting", signal.SIGQUIT, WORKER),
        ("sleeping", signal.SIGQUIT, WORKER),
        ("sleeping", signal.SIGTERM, "muntin.runner.GunicornUVLoopWebWorker"),
    ],
)
def test_a_start_that_is_given_up(gunicorn, number, target, worker):
    """What was opened is closed, long before gunicorn kills who does not end."""
    program = gunicorn(target, "--workers", "2", "--graceful-timeout", "600", worker=worker)
    lines = program.read_until_all("waits", "waits")
    code, output = program.stop(number)
    ups = [line.split()[1] for line in lines if line.startswith("up ")]
    assert len(ups) == (2 if target == "waiting" else 0)
    assert sorted(re.findall(r"^down (\d+)", output, re.MULTILINE)) == sorted(ups)
    assert code == 0
    assert "Traceback" not in output


def test_an_import_that_is_given_up(gunicorn, tmp_path):
    (tmp_path / "slow.py").write_text("import time\nprint('waits', flush=True)\ntime.sleep(3600)\n")
    program = gunicorn("slow:app", "--graceful-timeout", "600")
    program.read_until("waits")
    code, output = program.stop()
    assert (code, "Traceback" in output) == (0, False)


def test_a_reload_gives_up_a_start(gunicorn):
    """SIGHUP starts other workers, and stops those that have not started yet."""
    program = gunicorn("waiting", "--graceful-timeout", "600")
    program.read_until("waits")
    program.send(signal.SIGHUP)
    program.read_until_all("waits", "down ")
    code, output = program.stop()
    assert (code, output.count("down ")) == (0, 1)


def test_somebody_insists_on_the_end_of_a_clean_up(gunicorn):
    program = gunicorn("clinging", "--graceful-timeout", "600")
    (pid,) = read_ups(program)
    program.send(signal.SIGTERM)
    program.read_until("waits")
    os.kill(pid, signal.SIGTERM)  # nobody insists by that: a whole group may be told
    os.kill(pid, signal.SIGQUIT)
    code, output = program.end()
    assert (code, "Traceback" in output) == (0, False)


def ask_raw(port, target="/", *fields):
    """Send a request; return the first line of its response."""
    lines = [f"GET {target} HTTP/1.1", "Host: a", "Connection: close", *fields, "", ""]
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall("\r\n".join(lines).encode())
        with client.makefile("rb") as response:
            return response.readline()


@pytest.mark.parametrize(
    ("option", "target", "fields", "status"),
    [
        ("--limit-request-line=100", "/" * 100, [], b"414"),
        ("--limit-request-line=8000", "/?" + "a" * 5000, [], b"200"),
        ("--limit-request-fields=4", "/", ["A: b"] * 3, b"431"),
        ("--limit-request-fields=4", "/", ["A: b"] * 2, b"200"),
        ("--limit-request-field_size=50", "/", ["A: " + "b" * 50], b"431"),
        # What gunicorn has by default is not what anybody wants, and 0 does not take a limit away.
        ("--workers=1", "/?" + "a" * 5000, ["A: b"] * 110, b"200"),
        ("--limit-request-line=0", "/?" + "a" * 9000, [], b"414"),
    ],
)
def test_the_limits_of_gunicorn_hold(gunicorn, option, target, fields, status):
    program = gunicorn("app", option)
    read_ups(program)
    assert ask_raw(program.port, target, *fields).split()[1] == status
    assert program.stop()[0] == 0


@pytest.mark.parametrize(
    ("target", "option", "warning"),
    [
        ("app", "--limit-request-line=0", "limit_request_line = 0 has no effect: no request is without"),
        ("runner_factory", "--limit-request-fields=4", "limit_request_fields has no effect: the runner"),
        (
            "app",
            "--proxy-protocol",
            "proxy_protocol has no effect: a connection that begins with a PROXY line",
        ),
        (
            "app",
            "--forwarded-allow-ips=*",
            "forwarded_allow_ips has no effect: forwarding fields are trusted",
        ),
        ("app", "--threads=4", "threads has no effect: handlers run in the event loop"),
    ],
)
def test_settings_without_effect_are_told(gunicorn, target, option, warning):
    program = gunicorn(target, option)
    program.read_until(warning)
    read_ups(program)
    code, output = program.stop()
    assert (code, "has no effect" in output) == (0, False)


def test_nothing_is_told_of_settings_that_nobody_made(gunicorn):
    program = gunicorn("app", "--limit-request-line=4000")
    lines = program.read_until_all("up ")
    assert "has no effect" not in "".join(lines) + program.stop()[1]


@pytest.mark.parametrize("worker", [WORKER, "muntin.runner.GunicornUVLoopWebWorker"])
def test_the_end_of_a_child_is_its_own(gunicorn, worker):
    program = gunicorn("app", worker=worker)
    (pid,) = read_ups(program)
    for _ in range(3):
        assert program.fetch(program.port, "/child") == str(-signal.SIGTERM)
        assert int(program.fetch(program.port)) == pid
    assert program.stop()[0] == 0


@pytest.mark.parametrize("state", ["live", "dead", "missing"])
def test_a_unix_socket_in_use(gunicorn, tmp_path, state):
    """The hook of its configuration refuses one at which somebody listens, and only that."""
    (tmp_path / "hooks.py").write_text("from muntin.runner.gunicorn import on_starting\n")
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as other:
        if state != "missing":
            other.bind(str(path))
            other.listen()
        if state == "dead":
            other.close()
        program = gunicorn("app", "--config", "hooks.py", "--bind", f"unix:{path}")
        if state == "live":
            code, output = program.end()
            assert code == 1
            assert output.splitlines()[-1] == (
                f"error: cannot listen at {str(path)!r}: somebody listens there already"
            )
            assert "Traceback" not in output
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
            return
        program.read_until("up")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert program.stop()[0] == 0
