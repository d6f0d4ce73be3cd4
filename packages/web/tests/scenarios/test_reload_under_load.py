"""Reloads and kills under load: every request is counted, and none may be lost but by the process that was killed.

One client keeps its connection and one makes a new one for each request, several of each. A kept connection may be
closed by the server just when the next request is sent: where no byte of a response came, a client sends that again on
a new connection (RFC 9112 section 9.3.1). That is counted as stale, and everything else that is no answer as lost.
"""

import asyncio
import os
import re
import signal
from dataclasses import dataclass, field

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0
RELOADS = int(os.environ.get("MUNTIN_RELOADS", "1"))
"""How often each is reloaded; `nox -s reloads` does it often."""

APPLICATION = """
    async def respond(request):
        if "wait" in request.query:
            await asyncio.sleep(0.01)
        return web.Response(text=f"{os.getpid()} {request.query['n']}", headers={"X": "y"})

    async def make():
        app = web.Application()
        app.router.add_get("/", respond)
        return app
"""


@dataclass
class Load:
    """Clients that ask one thing after the other."""

    port: int
    responses: int = 0
    stale: int = 0
    lost: list[str] = field(default_factory=list)
    pids: set[int] = field(default_factory=set)
    is_over: bool = False
    goal: int = 0
    is_reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def reach(self, count):
        """Wait until so many more responses came."""
        self.is_reached.clear()
        self.goal = self.responses + count
        await self.is_reached.wait()

    async def ask(self, name, *, keep):
        """Ask until it is over."""
        number, connection = 0, None
        while not self.is_over:
            number += 1
            is_fresh = connection is None
            try:
                connection = connection or await asyncio.open_connection("127.0.0.1", self.port)
                target = f"/?n={name}-{number}" + ("&wait=1" if number % 3 == 0 else "")
                field = "" if keep else "Connection: close\r\n"
                connection[1].write(f"GET {target} HTTP/1.1\r\nHost: a\r\n{field}\r\n".encode())
                head = await connection[0].readuntil(b"\r\n\r\n")
            except (OSError, asyncio.IncompleteReadError) as error:
                has_response = bool(getattr(error, "partial", b""))
                if is_fresh or has_response:
                    self.lost.append(f"{name}-{number}: {error!r}")
                else:
                    self.stale += 1
                connection = _close(connection)
                number -= 1
                continue
            try:
                length = int(re.search(rb"Content-Length: (\d+)", head)[1])
                body = await connection[0].readexactly(length)
                pid, said = body.decode().split()
                assert (head[:12], said) == (b"HTTP/1.1 200", f"{name}-{number}")
            except Exception as error:
                self.lost.append(f"{name}-{number}: {error!r}")
            else:
                self.responses += 1
                if self.responses == self.goal:
                    self.is_reached.set()
                self.pids.add(int(pid))
            if not keep or b"Connection: close" in head:
                connection = _close(connection)
        _close(connection)


def _close(connection):
    if connection is not None:
        connection[1].close()


async def load_while(port, change, *, clients=6):
    """Ask while a thread does something, which may wait for some number of responses; return what came of it."""
    load = Load(port)
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(load.ask(f"kept{number}", keep=True))
            group.create_task(load.ask(f"new{number}", keep=False))
        try:
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(
                change,
                lambda count: asyncio.run_coroutine_threadsafe(load.reach(count), loop).result(PATIENCE),
            )
        finally:
            load.is_over = True
    print(
        f"{load.responses} responses, {load.stale} stale, {len(load.lost)} lost, {len(load.pids)} processes"
    )
    return load


@pytest.mark.row("RN-20")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_workers_reload_without_losing_a_request(start, free_port, loop):
    pytest.importorskip(loop)
    program = start(f"""{APPLICATION}
    import logging, {loop}
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
    web.run_app(
        make, host="127.0.0.1", port={free_port}, workers=3, access_log=None,
        loop_factory={loop}.new_event_loop,
    )
    """)
    program.read_until("Serving on")

    def reload(wait_for):
        for _ in range(RELOADS + 1):
            wait_for(200)
            program.send(signal.SIGHUP)
            program.read_until_all(*[" serves"] * 3, *[" stopped"] * 3)

    load = asyncio.run(load_while(free_port, reload))
    assert load.lost == []
    assert load.responses >= 400 * RELOADS
    assert len(load.pids) > 3 * RELOADS
    assert program.stop()[0] == 0


@pytest.mark.row("XP-11")
@pytest.mark.parametrize("worker", ["GunicornWebWorker", "GunicornUVLoopWebWorker"])
def test_gunicorn_reloads_without_losing_a_request(start, free_port, worker):
    pytest.importorskip("gunicorn")
    program = start(
        APPLICATION, "-m", "gunicorn", "program:make", "--bind", f"127.0.0.1:{free_port}", "--workers", "3",
        "--worker-class", f"muntin.runner.{worker}", "--no-control-socket", "--keep-alive", "20",
    )  # fmt: skip
    program.read_until_all(*["Booting worker"] * 3)

    def reload(wait_for):
        for _ in range(RELOADS):
            wait_for(200)
            program.send(signal.SIGHUP)
            program.read_until_all(*["Booting worker"] * 3, *["Worker exiting"] * 3)
        wait_for(200)

    load = asyncio.run(load_while(free_port, reload))
    assert load.lost == []
    assert load.responses >= 200 * (RELOADS + 1)
    assert len(load.pids) > 3
    assert program.stop()[0] == 0


def test_a_killed_worker_loses_only_what_it_was_about(start, free_port):
    program = start(f"""{APPLICATION}
    import logging
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
    web.run_app(make, host="127.0.0.1", port={free_port}, workers=3, access_log=None)
    """)
    victim = int(program.read_until(" serves").split()[1])
    program.read_until("Serving on")
    clients = 6

    def kill(wait_for):
        wait_for(200)
        os.kill(victim, signal.SIGKILL)
        program.read_until(f"worker {victim} was killed")
        program.read_until(" serves")
        wait_for(200)

    load = asyncio.run(load_while(free_port, kill, clients=clients))
    # At most one request of each client was at that worker.
    assert len(load.lost) <= 2 * clients
    assert all("Reset" in line or "Incomplete" in line for line in load.lost)
    assert program.stop()[0] == 0
