"""systemd: the sockets that it passes, and what it wants to be told.

It knows the two protocols, which are environment variables, inherited descriptors and one datagram socket
(sd_listen_fds(3), sd_notify(3)). Where there is no systemd, nothing happens.
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
    """Give the listening sockets that were passed to this process, by the names of their units.

    A unit names its sockets by ``FileDescriptorName=``, and else is the name itself. The variables are taken out of the
    environment: what is started from here would not have the descriptors.

    Returns:
        Nothing where the process was not started that way.

    Raises:
        ValueError: the variables make no sense.
        OSError: a descriptor is no socket.
    """
    said = {name: environment.get(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
    if said["PID"] != str(os.getpid()):
        return {}
    for name in said:
        environment.pop(f"LISTEN_{name}", None)
    if not (said["FDS"].isascii() and said["FDS"].isdigit()):
        raise ValueError(f"LISTEN_FDS is no number of descriptors: {said['FDS']!r}")
    count = int(said["FDS"])
    names = said["FDNAMES"].split(":") if said["FDNAMES"] else [_UNNAMED] * count
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
    """Tell the service manager about this process: ``READY=1``, ``STOPPING=1``, ``STATUS=…`` (sd_notify(3)).

    It never waits, and that nobody listens is no failure: this is a favour to the manager.

    Returns:
        Whether it was told.
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
    """Tell the service manager that this process reloads, from now until it says ``READY=1`` (`Type=notify-reload`).

    Returns:
        Whether it was told.
    """
    moment = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notify("RELOADING=1", f"MONOTONIC_USEC={moment}", environment=environment)


def watchdog_interval(environment: _Environment = os.environ) -> float:
    """Give how often the manager is to be told ``WATCHDOG=1`` by this process (seconds): ``WatchdogSec=`` of a service.

    That is twice as often as it has to be, as sd_watchdog_enabled(3) advises; `math.inf` where no watchdog watches.
    """
    text = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return math.inf
    microseconds = int(text) if text.isascii() and text.isdigit() else 0
    return microseconds / 2 / 1_000_000 or math.inf


class Watchdog:
    """Tells the manager again and again that the event loop still turns.

    Args:
        loop: the loop that has to turn.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, environment: _Environment = os.environ) -> None:
        self._loop = loop
        self._environment = environment
        self._timer: asyncio.TimerHandle | None = None
        self._interval = watchdog_interval(environment)

    def start(self) -> None:
        """Begin, where a watchdog watches."""
        if self._interval < math.inf:
            notify("WATCHDOG=1", environment=self._environment)
            self._timer = self._loop.call_later(self._interval, self.start)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
