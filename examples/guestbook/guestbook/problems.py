"""Errors in the form that the client accepts: problem details for programs, a page for people."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from muntin import web

from .drafts import DraftError
from .pages import render

# Where programs come in; everything else is for people.
PROGRAM_PATHS = ("/api/", "/feed")

# What an error says outside its text, and what a client needs in order to do better.
SAID_BY_FIELDS = {"Allow", "Connection", "Retry-After", "Sec-WebSocket-Version", "Upgrade"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def explain_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what handlers and router raise into a response that explains itself."""
    try:
        return await handler(request)
    except DraftError as error:
        return explain(request, error.status, "Some fields need your attention.", fields=error.problems)
    except web.HTTPError as error:
        detail = (error.text or "").removeprefix(f"{error.status}: ")
        response = explain(request, error.status, detail)
        for field in SAID_BY_FIELDS & error.headers.keys():
            response.headers[field] = error.headers[field]
        return response


def explain(request: web.Request, status: int, detail: str, **more: object) -> web.Response:
    """Respond with problem details (RFC 9457) or with a page."""
    known = HTTPStatus(status)
    if detail in ("", known.phrase):
        detail = known.description
    if not request.path.startswith(PROGRAM_PATHS):
        return render(request.app, "problem.html", status=status, title=known.phrase, detail=detail)
    problem = {"title": known.phrase, "status": status, "detail": detail, **more}
    return web.json_response(problem, status=status, content_type="application/problem+json")
