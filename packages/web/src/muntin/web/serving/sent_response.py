"""The part of a response that was sent before its handler failed, for the access log."""

from typing import Final

from muntin.runner import Exchange
from muntin.web.response.whole import Response

__all__ = ["CLIENT_CLOSED_REQUEST", "SentResponse"]

CLIENT_CLOSED_REQUEST: Final = 499
"""The status where the client was gone before a head was sent; nginx gave it this number."""


class SentResponse(Response):
    """The response of an exchange that is over, as the peer has seen it.

    Where no head was sent, the status is 499 if the client had gone, and else 500.

    Args:
        exchange: the exchange; its handler has ended.
    """

    def __init__(self, exchange: Exchange) -> None:
        head = exchange.response_head
        if head is None:
            super().__init__(status=CLIENT_CLOSED_REQUEST if exchange.is_disconnected else 500)
        else:
            fields = [(_as_text(name), _as_text(value)) for name, value in head.fields]
            reason = None if head.reason is None else _as_text(head.reason)
            super().__init__(status=head.status, reason=reason, headers=fields)
            self._whole_length = exchange.body_sent
        self.is_aborted = not exchange.is_finished
        """True if the response was not sent to its end."""


def _as_text(given: str | bytes) -> str:
    return given if isinstance(given, str) else given.decode("utf-8", "surrogateescape")
