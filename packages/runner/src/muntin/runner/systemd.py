"""systemd: the sockets that it passes, and the states that it is notified of.

Both protocols use environment variables, one inherited descriptors, the other a datagram socket (sd_listen_fds(3),
sd_notify(3)). Without systemd, nothing happens.
"""

import asyncio
import math
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

__all__ = ["Watchdog", "notify", "notify_reloading", "take_sockets", "watchdog_interval"]

_FIRST: Final = 3
"""The first descriptor that is passed; SD_LISTEN_FDS_START."""
_UNNAMED: Final = "unknown"

_Environment = MutableMapping[str, str]


def take_sockets(environment: _Environment = os.environ) -> dict[str, list[socket.socket]]:
    """Return the listening sockets that were passed to this process, by the names of their units.

    A unit names its sockets by ``FileDescriptorName=``; without it they have the name of the unit. The variables are
    removed from the environment, because child processes do not have the descriptors. Without socket activation the
    result is empty.

    Raises:
        ValueError: the variables are malformed.
        OSError: a descriptor is not a socket.
    """
    variables = {name: environment.get(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
    if variables["PID"] != str(os.getpid()):
        return {}
    for name in variables:
        environment.pop(f"LISTEN_{name}", None)
    if not (variables["FDS"].isascii() and variables["FDS"].isdigit()):
        raise ValueError(f"LISTEN_FDS is not a number of descriptors: {variables['FDS']!r}")
    count = int(variables["FDS"])
    names = variables["FDNAMES"].split(":") if variables["FDNAMES"] else [_UNNAMED] * count
    if len(names) != count:
        raise ValueError(f"LISTEN_FDNAMES has {len(names)} names for {count} descriptors")
    found: dict[str, list[socket.socket]] = {}
    for descriptor, name in enumerate(names, _FIRST):
        os.set_inheritable(descriptor, False)
        sock = socket.socket(fileno=descriptor)
        sock.setblocking(False)
        found.setdefault(name, []).append(sock)
    return found


def notify(*states: str, environment: _Environment = os.environ) -> bool:
    """Notify the service manager of states: ``READY=1``, ``STOPPING=1``, ``STATUS=…`` (sd_notify(3)).

    It never waits and never raises.

    Returns:
        True if the manager was notified.
    """
    path = environment.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto("\n".join(states).encode(), address)
    except OSError:
        return False
    return True


def notify_reloading(*, environment: _Environment = os.environ) -> bool:
    """Notify the service manager that this process reloads, until it sends ``READY=1`` (`Type=notify-reload`).

    Returns:
        True if the manager was notified.
    """
    moment = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notify("RELOADING=1", f"MONOTONIC_USEC={moment}", environment=environment)


def watchdog_interval(environment: _Environment = os.environ) -> float:
    """Return the time between two ``WATCHDOG=1`` of this process (seconds): half of ``WatchdogSec=`` of its service.

    Half is what sd_watchdog_enabled(3) advises. The result is `math.inf` without a watchdog.
    """
    text = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return math.inf
    microseconds = int(text) if text.isascii() and text.isdigit() else 0
    return microseconds / 2 / 1_000_000 or math.inf


class Watchdog:
    """Notifies the manager regularly that the event loop still turns.

    Args:
        loop: the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, environment: _Environment = os.environ) -> None:
        self._loop = loop
        self._environment = environment
        self._timer: asyncio.TimerHandle | None = None
        self._interval = watchdog_interval(environment)

    def start(self) -> None:
        """Start notifying; without a watchdog, do nothing."""
        if self._interval < math.inf:
            notify("WATCHDOG=1", environment=self._environment)
            self._timer = self._loop.call_later(self._interval, self.start)

    def stop(self) -> None:
        """Stop notifying."""
        if self._timer is not None:
            self._timer.cancel()
