"""Checking that peers send bodies and receive responses fast enough.

At each tick of the clock every connection is checked, and state is kept only for those whose peer should move bytes at
that time: a body that a handler is ready for, or a response that the peer should receive. Peers that hang up while
nothing is read from them are found as well.
"""

import logging
from collections.abc import Iterable

from muntin.http_core import RemoteProtocolError
from muntin.runner._connection import Http1Connection
from muntin.runner._hangups import Hangup, find_hangups, needs_poll
from muntin.runner._lifecycle import Phase
from muntin.runner._pace import Pace
from muntin.runner._peer import count_delivered, forget_unsent
from muntin.runner._timeouts import Timeouts

__all__ = ["Watch"]


def should_be_sending(connection: Http1Connection) -> bool:
    """Return True if the peer should be sending a body: the handler still runs, and the body is not held back."""
    exchange = connection.exchange
    if exchange is None or exchange.body.is_over or exchange.needs_continue:
        return False
    return connection.is_reading


def should_be_receiving(connection: Http1Connection) -> bool:
    """Return True if the peer should be receiving bytes that were sent."""
    # The pace of an upgraded connection is up to its protocol, until it is closed.
    is_stuck = connection.write_flow.is_paused and connection.phase is not Phase.UPGRADED
    return is_stuck or connection.transport.is_closing() or connection.awaits_delivery


class Watch:
    """Measures the pace of peers, and ends the connections of those that are too slow.

    Args:
        timeouts: the required paces, and the windows over which they are measured.
        logger: logs which connections are cut.
    """

    def __init__(self, timeouts: Timeouts, logger: logging.Logger) -> None:
        self._timeouts = timeouts
        self._logger = logger
        self._bodies: dict[Http1Connection, Pace] = {}
        self._responses: dict[Http1Connection, Pace] = {}

    def check_hangups(self, connections: Iterable[Http1Connection]) -> None:
        """Find peers that hung up while nothing was read from them: cut broken connections, and notify the others."""
        for connection, hangup in find_hangups(filter(needs_poll, connections)):
            if hangup is Hangup.RESET:
                connection.abort()
            else:
                connection.record_hangup()

    def check(self, connection: Http1Connection) -> None:
        """Check the pace on a connection, at a tick of the clock."""
        self._check_body(connection)
        self._check_response(connection)

    def _check_body(self, connection: Http1Connection) -> None:
        exchange = connection.exchange
        if exchange is None or not should_be_sending(connection):
            self._bodies.pop(connection, None)
            return
        now, moved = connection.clock.now, exchange.body.received
        pace = self._bodies.get(connection)
        if pace is None:
            self._bodies[connection] = Pace(self._timeouts.body, self._timeouts.body_rate, now, moved)
        elif not pace.is_kept(now, moved):
            exchange.body.fail(RemoteProtocolError, 408, "Request Timeout")
            connection.engine.close_after()

    def _check_response(self, connection: Http1Connection) -> None:
        if not should_be_receiving(connection):
            self._responses.pop(connection, None)
            return
        now, moved = (
            connection.clock.now,
            count_delivered(connection.transport, connection.write_flow.resume_count),
        )
        pace = self._responses.get(connection)
        if pace is None:
            self._responses[connection] = Pace(self._timeouts.write, self._timeouts.write_rate, now, moved)
        elif not pace.is_kept(now, moved):
            peer = connection.transport.get_extra_info("peername")
            self._logger.info("cut %s, which receives too slowly", peer)
            forget_unsent(connection.transport)
            connection.abort()

    def forget(self, connection: Http1Connection) -> None:
        """Forget a lost connection."""
        self._bodies.pop(connection, None)
        self._responses.pop(connection, None)
