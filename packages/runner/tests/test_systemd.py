"""What systemd passes, and what it is told: by a parent that does as systemd does."""

import asyncio
import math
import os
import socket
import subprocess
import sys
import textwrap

import pytest

from muntin.runner.systemd import Watchdog, notify, take_sockets, watchdog_interval

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is systemd on Linux only")

PATIENCE = 120.0

# Puts sockets where systemd does, at descriptor 3 and on, and becomes the service.
START = """
import os, sys
passed = [int(word) for word in sys.argv[1].split(",")]
moved = [os.dup2(os.dup(number), 100 + place) for place, number in enumerate(passed)]
for place, number in enumerate(moved):
    os.dup2(number, 3 + place)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, "-c", sys.argv[2]])
"""


def start(program, *socks, **environment):
    """Start a program the way systemd does; give what it printed."""
    passed = [sock.fileno() for sock in socks]
    command = [sys.executable, "-c", START, ",".join(map(str, passed)), textwrap.dedent(program)]
    ended = subprocess.run(
        command,
        env={**os.environ, "LISTEN_FDS": str(len(passed)), **environment},
        pass_fds=passed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.stderr == ""
    return ended.stdout.splitlines()


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        yield one, two


def test_sockets_by_name(listening):
    lines = start(
        """
        import os
        from muntin.runner.systemd import take_sockets
        found = take_sockets()
        for name, socks in found.items():
            for sock in socks:
                print(name, sock.getsockname()[1], sock.get_inheritable())
        print(sorted(name for name in os.environ if name.startswith("LISTEN_")), take_sockets())
        """,
        *listening,
        LISTEN_FDNAMES="http:admin",
    )
    http, admin = (sock.getsockname()[1] for sock in listening)
    assert lines == [f"http {http} False", f"admin {admin} False", "[] {}"]


def test_sockets_without_names(listening):
    lines = start("from muntin.runner.systemd import take_sockets\nprint(*take_sockets())", listening[0])
    assert lines == ["unknown"]


def test_sockets_are_for_the_process_that_they_were_passed_to():
    environment = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1"}
    assert take_sockets(environment) == {}
    assert take_sockets({}) == {}
    assert environment["LISTEN_FDS"] == "1"


@pytest.mark.parametrize(
    "said", [{"LISTEN_FDS": "x"}, {"LISTEN_FDS": "-1"}, {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:b"}]
)
def test_variables_that_make_no_sense(said):
    with pytest.raises(ValueError, match="LISTEN_FD"):
        take_sockets({"LISTEN_PID": str(os.getpid()), **said})


@pytest.fixture(params=["file", "abstract"])
def manager(request, tmp_path):
    """Return the socket that a manager listens at, and how it is called in the environment."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.bind("" if request.param == "abstract" else str(tmp_path / "notify"))
        name = sock.getsockname()
        yield sock, "@" + name[1:].decode() if isinstance(name, bytes) else name


def test_the_manager_is_told(manager):
    sock, name = manager
    assert notify("READY=1", "STATUS=Serving", environment={"NOTIFY_SOCKET": name})
    assert sock.recv(1024) == b"READY=1\nSTATUS=Serving"


@pytest.mark.parametrize("name", ["", "relative", "/no/such/socket"])
def test_nobody_has_to_listen(name):
    assert not notify("READY=1", environment={"NOTIFY_SOCKET": name})


@pytest.mark.parametrize("manager", ["file"], indirect=True)
def test_telling_needs_a_descriptor(manager, listening):
    lines = start(
        f"""
        import os, resource
        from muntin.runner.systemd import notify
        spare = os.dup(0)
        os.close(spare)
        resource.setrlimit(resource.RLIMIT_NOFILE, (spare, spare))
        print(notify("READY=1", environment={{"NOTIFY_SOCKET": {manager[1]!r}}}))
        """,
        listening[0],
    )
    assert lines == ["False"]


@pytest.mark.parametrize("manager", ["file"], indirect=True)
def test_the_watchdog_is_fed_until_the_end(manager):
    sock, name = manager
    environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": str(os.getpid())}

    async def main():
        watchdog = Watchdog(asyncio.get_running_loop(), environment=environment)
        watchdog.start()
        sock.setblocking(False)
        for _ in range(3):
            assert await asyncio.get_running_loop().sock_recv(sock, 1024) == b"WATCHDOG=1"
        watchdog.stop()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"WATCHDOG_USEC": "x"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "2000", "WATCHDOG_PID": str(os.getpid() + 1)},
    ],
)
def test_no_watchdog_watches(said):
    assert watchdog_interval(said) == math.inf

    async def main():
        watchdog = Watchdog(asyncio.get_running_loop(), environment=said)
        watchdog.start()
        assert watchdog._timer is None
        watchdog.stop()

    asyncio.run(main())
