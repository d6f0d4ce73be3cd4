"""What goes wrong, told in the language of who asked: problem details to programs, a page to people."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from muntin import web

from .drafts import DraftError
from .pages import render

# Where programs come in; everything else is for people.
PROGRAM_PATHS = ("/api/", "/feed")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def explain_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what handlers and router raise into an answer that explains itself."""
    try:
        return await handler(request)
    except DraftError as error:
        return explain(request, error.status, "Some fields need your attention.", fields=error.problems)
    except web.HTTPError as error:
        answer = explain(request, error.status, error.text or "")
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer


def explain(request: web.Request, status: int, detail: str, **more: object) -> web.Response:
    """Answer with problem details (RFC 9457) or with a page."""
    title = HTTPStatus(status).phrase
    if detail == f"{status}: {title}":  # what the framework says when nobody said more
        detail = HTTPStatus(status).description
    if not request.path.startswith(PROGRAM_PATHS):
        return render(request.app, "problem.html", status=status, title=title, detail=detail)
    problem = {"title": title, "status": status, "detail": detail, **more}
    return web.json_response(problem, status=status, content_type="application/problem+json")
