"""The peers that are being waited for, and whether they are fast enough.

At each tick of the clock it looks at every connection, and remembers something only of those whose peer should move
bytes just now: a body that a handler is ready for, or an answer that has to be taken. Others pay nothing. It also looks
for peers that have hung up while nothing was read from them.
"""

import logging
from collections.abc import Iterable

from muntin.http_core import RemoteProtocolError
from muntin.runner._connection import Connection
from muntin.runner._hangups import Hangup, find_hangups, is_deaf
from muntin.runner._lifecycle import Phase
from muntin.runner._pace import Pace
from muntin.runner._peer import count_taken, forget_unsent
from muntin.runner._timeouts import Timeouts

__all__ = ["Watch"]


def awaits_body(connection: Connection) -> bool:
    """Whether the peer should be sending a body: its handler is not through, and does not hold it back."""
    exchange = connection.exchange
    if exchange is None or exchange.body.is_over or exchange.owes_continue:
        return False
    return connection.is_reading


def awaits_room(connection: Connection) -> bool:
    """Whether the peer should be taking what was sent."""
    # What an upgraded connection says, and when, is not ours to judge until it is closed.
    is_stuck = connection.write_flow.is_paused and connection.phase is not Phase.UPGRADED
    return is_stuck or connection.transport.is_closing() or connection.owes_taking


class Watch:
    """Measures the pace of peers, and parts with those that do not keep it.

    Args:
        timeouts: what pace they have to keep, and over which stretches of time.
        logger: is told of those that do not.
    """

    def __init__(self, timeouts: Timeouts, logger: logging.Logger) -> None:
        self._timeouts = timeouts
        self._logger = logger
        self._bodies: dict[Connection, Pace] = {}
        self._answers: dict[Connection, Pace] = {}

    def look_for_hangups(self, connections: Iterable[Connection]) -> None:
        """Part with the peers that hung up while nothing was read from them, and tell who waits for their end."""
        for connection, hangup in find_hangups(filter(is_deaf, connections)):
            if hangup is Hangup.RESET:
                connection.abort()
            else:
                connection.note_hangup()

    def look(self, connection: Connection) -> None:
        """Look at a connection, at a tick."""
        self._look_at_body(connection)
        self._look_at_answer(connection)

    def _look_at_body(self, connection: Connection) -> None:
        exchange = connection.exchange
        if exchange is None or not awaits_body(connection):
            self._bodies.pop(connection, None)
            return
        now, moved = connection.clock.now, exchange.body.received
        pace = self._bodies.get(connection)
        if pace is None:
            self._bodies[connection] = Pace(self._timeouts.body, self._timeouts.body_rate, now, moved)
        elif not pace.is_kept(now, moved):
            exchange.body.fail(RemoteProtocolError, 408, "Request Timeout")
            connection.engine.close_after()

    def _look_at_answer(self, connection: Connection) -> None:
        if not awaits_room(connection):
            self._answers.pop(connection, None)
            return
        now, moved = connection.clock.now, count_taken(connection.transport, connection.write_flow.resumed)
        pace = self._answers.get(connection)
        if pace is None:
            self._answers[connection] = Pace(self._timeouts.write, self._timeouts.write_rate, now, moved)
        elif not pace.is_kept(now, moved):
            peer = connection.transport.get_extra_info("peername")
            self._logger.info("cut %s, which takes too little of what is sent", peer)
            forget_unsent(connection.transport)
            connection.abort()

    def forget(self, connection: Connection) -> None:
        """Note that a connection is gone."""
        self._bodies.pop(connection, None)
        self._answers.pop(connection, None)
