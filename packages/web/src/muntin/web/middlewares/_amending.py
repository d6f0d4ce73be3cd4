"""Amending a response whoever makes it: the handler, an exception, a stream that has sent its head long before it
ends, or the server when the handler has failed.

It knows when the head of a response goes out. What is changed about it is for the middlewares that ask.
"""

from collections.abc import Callable
from typing import Any

from muntin.web.middlewares import Handler
from muntin.web.request import Request
from muntin.web.response.exceptions import HTTPException
from muntin.web.response.stream import StreamResponse

__all__ = ["Amend", "amend_response"]

Amend = Callable[[StreamResponse], None]
"""Changes the head of a response that is about to be sent. It may meet the same one twice."""


async def amend_response(request: Request, handler: Handler, amend: Amend) -> StreamResponse:
    """Run a handler, and amend what answers the request before its head is sent.

    A response that the handler returns is amended at once; the signal, which makes sending slower, is for those that
    the handler sends itself, and stays for the response to a failure. Either way those inside amend before those
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
    # Others may have put theirs beside ours, and left it there.
    request.prepare_signals = tuple(each for each in request.prepare_signals if each is not signal)


def _amend_unsent(response: StreamResponse, amend: Amend) -> None:
    # What is no response at all is for the server to complain about.
    if not getattr(response, "prepared", True):
        amend(response)
