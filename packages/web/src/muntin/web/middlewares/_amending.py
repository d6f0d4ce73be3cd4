"""Amending the head of any response.

The handler returns, raises or sends it itself, or the server makes it after a failure.
"""

from collections.abc import Callable
from typing import Any

from muntin.web.middlewares import Handler
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPException
from muntin.web.response.stream import StreamResponse

__all__ = ["Amend", "amend_response"]

Amend = Callable[[StreamResponse], None]
"""Changes the head of a response that is about to be sent. It may meet the same one twice."""


async def amend_response(request: Request, handler: Handler, amend: Amend) -> StreamResponse:
    """Run a handler, and amend the response before its head is sent.

    A response that the handler returns is amended at once; the signal, which makes sending slower, is for those that
    the handler sends itself, and for the response to a failure. Either way those inside amend before those
    outside, and all of them before the signals of the applications.
    """

    async def on_prepare(_: Any, response: StreamResponse) -> None:
        amend(response)

    request.prepare_signals = (on_prepare, *request.prepare_signals)
    try:
        response = await handler(request)
    except HTTPException as error:
        _withdraw(request, on_prepare)
        _amend_unsent(error, amend)
        raise
    _withdraw(request, on_prepare)
    _amend_unsent(response, amend)
    return response


def _withdraw(request: Request, signal: Callable[..., Any]) -> None:
    # Other middlewares may have added signals of their own.
    request.prepare_signals = tuple(each for each in request.prepare_signals if each is not signal)


def _amend_unsent(response: StreamResponse, amend: Amend) -> None:
    # The server reports what is no response.
    if not getattr(response, "prepared", True):
        amend(response)
