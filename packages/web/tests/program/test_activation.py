"""Programs that systemd starts: with a socket that it has opened, and one where it listens for news."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is systemd on Linux only")

PATIENCE = 120.0

# Does what systemd does between fork and exec: the socket at descriptor 3, and for whom it is.
START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""

PROGRAM = textwrap.dedent("""
    from muntin import web
    from muntin.runner.systemd import take_sockets

    async def hello(request):
        return web.Response(text="hello")

    def make(arguments):
        app = web.Application()
        app.add_routes([web.get("/", hello)])
        return app

    if __name__ == "__main__":
        web.run_app(make([]), sock=take_sockets()["http"], workers=2)
""")


@pytest.fixture
def run(tmp_path):
    """Start a command beside the program; return its process, and the socket of its manager."""
    (tmp_path / "program.py").write_text(PROGRAM)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.settimeout(PATIENCE)
    manager.bind(str(tmp_path / "notify"))
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "PYTHONUNBUFFERED": "1"}
    running = []

    def run(*command, passed=(), **variables):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**environment, **variables},
            pass_fds=passed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process, manager

    yield run
    manager.close()
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def fetch(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as response:
        return response.read()


@pytest.mark.parametrize("arguments", [["-m", "muntin.web", "program:make"], ["program.py"]])
def test_a_socket_that_was_passed(run, arguments):
    """Whoever connects before the program listens is served as well: the socket was there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        early = socket.create_connection(("127.0.0.1", port), PATIENCE)
        early.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        command = [sys.executable, "-c", START, str(listening.fileno()), *arguments]
        process, manager = run(*command, passed=[listening.fileno()])
        assert manager.recv(1024) == b"READY=1"
    with early, early.makefile("rb") as response:
        assert response.read().endswith(b"hello")
    assert fetch(port) == b"hello"
    process.send_signal(signal.SIGTERM)
    assert manager.recv(1024) == b"STOPPING=1"
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}" in output
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), PATIENCE)


def test_a_command_that_names_a_place_listens_there_as_well(run):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        arguments = ["-m", "muntin.web", "-H", "127.0.0.1", "-P", "0", "program:make"]
        command = [sys.executable, "-c", START, str(listening.fileno()), *arguments]
        process, manager = run(*command, passed=[listening.fileno()])
        assert manager.recv(1024) == b"READY=1"
    line = process.stdout.readline()
    assert line.count("http://127.0.0.1:") == 2
    assert f":{port}" in line
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_the_supervisor_of_workers_feeds_the_watchdog(run):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-c", START, str(listening.fileno()), "program.py"]
        process, manager = run(*command, passed=[listening.fileno()], WATCHDOG_USEC="20000")
        assert manager.recv(1024) == b"READY=1"
    for _ in range(3):
        assert manager.recv(1024) == b"WATCHDOG=1"
    process.send_signal(signal.SIGTERM)
    while (said := manager.recv(1024)) == b"WATCHDOG=1":
        pass
    assert said == b"STOPPING=1"
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(1024)


def test_systemd_itself(run):
    """The first connection starts the program: systemd's own tool, which needs no running systemd."""
    tool = shutil.which("systemd-socket-activate")
    if tool is None:
        pytest.skip("there is no systemd-socket-activate on this machine")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    # It clears the environment but for what is named here.
    names = [name for name in ("PYTHONPATH", "PYTHONUNBUFFERED") if name in os.environ]
    variables = [f"--setenv={name}" for name in [*names, "NOTIFY_SOCKET"]]
    command = [
        tool,
        f"--listen=127.0.0.1:{port}",
        *variables,
        sys.executable,
        "-m",
        "muntin.web",
        "program:make",
    ]
    process, manager = run(*command)
    assert "Listening on" in process.stdout.readline()
    assert fetch(port) == b"hello"
    assert manager.recv(1024) == b"READY=1"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_reloads_are_told(run, tmp_path):
    """As `Type=notify-reload` wants it; a reload that does not succeed is not said to be over."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-c", START, str(listening.fileno())]
        process, manager = run(
            *command, "-m", "muntin.web", "--workers", "2", "program:make", passed=[listening.fileno()]
        )
        assert manager.recv(1024) == b"READY=1"

        def reload():
            before = time.monotonic_ns() // 1000
            process.send_signal(signal.SIGHUP)
            state, moment = manager.recv(1024).decode().split("\n")
            assert state == "RELOADING=1"
            name, _, number = moment.partition("=")
            assert name == "MONOTONIC_USEC"
            assert before <= int(number) <= time.monotonic_ns() // 1000

        for _ in range(2):
            reload()
            assert manager.recv(1024) == b"READY=1"
        (tmp_path / "program.py").write_text("raise LookupError")
        reload()
        while "before it could serve" not in process.stdout.readline():
            pass
        (tmp_path / "program.py").write_text(PROGRAM)
        reload()
        assert manager.recv(1024) == b"READY=1"
        process.send_signal(signal.SIGTERM)
        assert manager.recv(1024) == b"STOPPING=1"
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
