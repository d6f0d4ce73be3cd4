"""A schedule: requests that are due at a fixed rate, whatever the server does, and how long each took from then on.

A load that waits for one response before it sends the next request goes easy on a server just when it is slow, and
its latencies leave out all the requests that would have come meanwhile. Here a request that finds no connection free
waits, and its waiting counts. This knows neither clock nor sockets: it is told the time.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Protocol


class Sender(Protocol):
    """A connection that sends one request at a time."""

    def send(self) -> None:
        """Send the next request."""


class Schedule:
    """Hands due requests to free connections in order, and holds the latencies of their responses."""

    __slots__ = ("count", "due", "free", "lags", "latencies", "rate", "sent", "start")

    def __init__(self, rate: float, count: int, start: float = 0) -> None:
        """
        Args:
            rate: requests per second.
            count: how many are due in all.
            start: when the first is due; seconds. It can be set until then.
        """
        self.rate, self.count, self.start = rate, count, start
        self.free: deque[Sender] = deque()
        self.due: dict[Sender, float] = {}
        """When the request that a busy connection waits for should have been sent."""
        self.sent = 0
        self.latencies: list[float] = []
        """Seconds from when a request was due to the end of its response, in the order of their ends."""
        self.lags: list[float] = []
        """Seconds from when a request was due until it was sent, in the order of sending."""

    @property
    def finished(self) -> bool:
        """Whether every request has had its response."""
        return len(self.latencies) == self.count

    @property
    def reached_rate(self) -> float:
        """How many requests per second were sent, if the last one was late; at most the rate that was asked for."""
        return self.sent / (self.sent / self.rate + self.lags[-1])

    def advance(self, now: float) -> None:
        """Send what is due, as far as connections are free."""
        while self.free and self.sent < self.count:
            due = self.start + self.sent / self.rate
            if due > now:
                return
            sender = self.free.popleft()
            self.due[sender] = due
            self.sent += 1
            self.lags.append(now - due)
            sender.send()

    def complete(self, sender: Sender, now: float) -> None:
        """Take the end of a response: its connection is free again."""
        self.latencies.append(now - self.due.pop(sender))
        self.free.append(sender)


def find_percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of some values that no less than a share of them do not exceed (the nearest rank).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]
