"""`python -m conformance.attacks`: attack a server of its own, one way after the other, and print a table."""

import argparse
import asyncio
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from conformance.attacks.attacks import ATTACKS, hold_out
from conformance.attacks.victim import choose_timeouts

_HEALTHY: Final = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
# Seconds between two requests of the healthy client, and how long it waits for a response at most.
_PAUSE: Final = 0.05
# Seconds between two slow connections.
_APART: Final = 0.002
_PATIENCE: Final = 120


@contextmanager
def victim(shortened: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Run the server in a process of its own, with some time-outs short; return its ports."""
    command = [sys.executable, "-m", "conformance.attacks.victim", *shortened]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the server cannot say its ports")
        plain, secure = map(int, process.stdout.readline().split())
        try:
            yield plain, secure
        finally:
            process.communicate()


async def ask_healthily(port: int, waits: list[float], over: asyncio.Event) -> None:
    """Ask over new connections until it is over; note what each response took.

    Raises:
        RuntimeError: a response was not the right one.
    """
    loop = asyncio.get_running_loop()
    while not over.is_set():
        began = loop.time()
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_HEALTHY)
            response = await reader.read()
            writer.close()
        if not response.endswith(b"\r\n\r\nhello"):
            raise RuntimeError(f"a healthy client got {response!r}")
        waits.append(loop.time() - began)
        await asyncio.sleep(_PAUSE)


async def attack(name: str, connections: int, *, brief: bool) -> bool:
    """Attack one server in one way, and print a row; tell whether all was as documented."""
    chosen = ATTACKS[name]
    # Only those that end this attack: a busy machine may keep a healthy client waiting longer than the others.
    shortened = chosen.ends if brief else ()
    allowed = chosen.time_allowed(choose_timeouts(shortened))
    waits: list[float] = []
    over = asyncio.Event()
    with victim(shortened) as (plain, secure):
        asking = asyncio.create_task(ask_healthily(plain, waits, over))
        slow = []
        for _ in range(connections):
            # Not all at once: a storm of connections is another attack.
            await asyncio.sleep(_APART)
            port = secure if chosen.secure else plain
            slow.append(asyncio.create_task(hold_out(chosen, port, max(2 * allowed, _PATIENCE))))
        took = await asyncio.gather(*slow)
        over.set()
        failure = (await asyncio.gather(asking, return_exceptions=True))[0]
    left = took.count(None)
    longest = max((each for each in took if each is not None), default=float("inf"))
    slowest = sorted(waits)[int(len(waits) * 0.99)] if waits else float("inf")
    print(
        f"| {name} | {connections} | {len(waits)} | {slowest * 1000:.0f} ms | {allowed:g} s | {longest:.1f} s"
        f"{f', {left} left' if left else ''} |",
        flush=True,
    )
    if failure is not None:
        print(f"the healthy client failed: {failure!r}")
    return not left and failure is None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m conformance.attacks", description=__doc__)
    parser.add_argument("attacks", nargs="*", help=f"some of: {', '.join(ATTACKS)}; all if none is named")
    parser.add_argument(
        "--connections", type=int, default=500, help="slow connections (default: %(default)s)"
    )
    parser.add_argument("--brief", action="store_true", help="let the time-outs that end the attack be short")
    chosen = parser.parse_args()
    if unknown := set(chosen.attacks) - ATTACKS.keys():
        parser.error(f"no attack is called {', '.join(sorted(unknown))}")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print("| attack | connections | healthy responses | their p99 | documented | slow ones gone after |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    results = [
        asyncio.run(attack(name, chosen.connections, brief=chosen.brief))
        for name in chosen.attacks or list(ATTACKS)
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
