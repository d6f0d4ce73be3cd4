"""Answers that are raised: what each says, does and sends, beside aiohttp's."""

from aiohttp import web as theirs
from yarl import URL

from conformance.messages.sides import Case, make_request

__all__ = ["DIFFERENCES", "cases"]

NAMES = [name for name in theirs.__all__ if name.startswith("HTTP")]
SPECIAL = {
    "HTTPMethodNotAllowed": ("PUT", ["GET", "POST"]),
    "HTTPRequestEntityTooLarge": (10, 20),
    "HTTPUnavailableForLegalReasons": ("/law",),
}
MOVES = [name for name in NAMES if issubclass(getattr(theirs, name), theirs.HTTPMove)]


VARIED = [
    *("HTTPOk", "HTTPNoContent", "HTTPResetContent", "HTTPFound", "HTTPNotModified", "HTTPNotFound"),
    *(
        "HTTPMethodNotAllowed",
        "HTTPRequestEntityTooLarge",
        "HTTPUnavailableForLegalReasons",
        "HTTPBadGateway",
    ),
]
"""Classes that are made with all kinds of arguments: one of each family, and those that are special."""


def make(web, name, **keywords):
    arguments = SPECIAL.get(name, ("/there",) if name in MOVES else ())
    return getattr(web, name)(*arguments, **keywords)


KEYWORDS = {
    "bare": {},
    "reason": {"reason": "Why not"},
    "reason empty": {"reason": ""},
    "reason line end": {"reason": "a\r\nb"},
    "text": {"text": "told"},
    "text empty": {"text": ""},
    "text type": {"text": "<p>", "content_type": "text/html"},
    "body": {"body": b"bytes"},
    "body empty": {"body": b""},
    "body type": {"body": b"bytes", "content_type": "image/png"},
    "body text": {"body": "text"},
    "both": {"body": b"x", "text": "x"},
    "fields": {"headers": {"X-A": "1"}},
    "fields type": {"headers": {"Content-Type": "text/html"}},
    "fields type text": {"headers": {"Content-Type": "text/html"}, "text": "<p>"},
    "type": {"content_type": "text/html"},
    "unknown": {"nope": 1},
}


ATTRIBUTES = [
    *("status", "status_code", "reason", "text", "empty_body", "args", "location", "method"),
    *("allowed_methods", "link"),
]


SPECIALS = {
    "move empty": lambda web: web.HTTPFound(""),
    "move none": lambda web: web.HTTPFound(None),
    "move without": lambda web: web.HTTPFound(),
    "move URL": lambda web: web.HTTPFound(URL("/a?b=ü")),
    "move unicode": lambda web: web.HTTPFound("/ü"),
    "move absolute": lambda web: web.HTTPFound("https://example.org/a b"),
    "move line end": lambda web: web.HTTPFound("/a\r\nX: 1"),
    "move number": lambda web: web.HTTPFound(1),
    "move keyword": lambda web: web.HTTPFound(location="/a"),
    "move all": lambda web: web.HTTPFound(
        "/a", headers={"X-A": "1"}, reason="R", text="t", content_type="text/html"
    ),
    "move encoded": lambda web: web.HTTPFound("/a%2Fb%20c?d=%26"),
    "not allowed none": lambda web: web.HTTPMethodNotAllowed("GET", []),
    "not allowed set": lambda web: web.HTTPMethodNotAllowed("PUT", {"GET"}),
    "not allowed order": lambda web: web.HTTPMethodNotAllowed("PUT", ["POST", "GET", "POST"]),
    "not allowed text": lambda web: web.HTTPMethodNotAllowed("PUT", "GET"),
    "not allowed without": lambda web: web.HTTPMethodNotAllowed("PUT"),
    "not allowed lower": lambda web: web.HTTPMethodNotAllowed("put", ["get"]),
    "too large": lambda web: web.HTTPRequestEntityTooLarge(10),
    "too large text": lambda web: web.HTTPRequestEntityTooLarge(10, 20, text="t"),
    "too large keywords": lambda web: web.HTTPRequestEntityTooLarge(max_size=1, actual_size=2),
    "too large without": lambda web: web.HTTPRequestEntityTooLarge(),
    "legal none": lambda web: web.HTTPUnavailableForLegalReasons(None),
    "legal URL": lambda web: web.HTTPUnavailableForLegalReasons(URL("https://a/b")),
    "legal quote": lambda web: web.HTTPUnavailableForLegalReasons("/a>; rel=x, </b"),
    "legal line end": lambda web: web.HTTPUnavailableForLegalReasons("/a\r\nX: 1"),
    "family": lambda web: web.HTTPClientError(),
    "base": lambda web: web.HTTPException(),
    "positional": lambda web: web.HTTPNotFound("text"),
    "text set": lambda web: _set(web.HTTPNotFound(), text="other"),
    "status set": lambda web: _set_status(web.HTTPNotFound()),
    "subclass": lambda web: type("Teapot", (web.HTTPClientError,), {"status_code": 418})(),
    "subclass reason": lambda web: type("Own", (web.HTTPClientError,), {"status_code": 499})(),
    "cookie": lambda web: _cookie(web.HTTPFound("/a")),
}


def _set(error, **values):
    for name, value in values.items():
        setattr(error, name, value)
    return error


def _set_status(error):
    error.set_status(410)
    return error


def _cookie(error):
    error.set_cookie("a", "1")
    return error


def _tell(error):
    told = [[name, getattr(error, name)] for name in ATTRIBUTES if hasattr(error, name)]
    fields = sorted((name.lower(), value) for name, value in error.headers.items())
    return [str(error), *told, fields]


def raising(make, *, is_returned=False):
    """Return a handler that raises, or returns, what was made."""

    async def handler(web, request, note):
        await note.of("made", lambda: _tell(make(web)))
        try:
            error = make(web)
        except Exception:
            return web.Response(text="refused")
        if is_returned:
            return error
        raise error

    return handler


def cases():
    raw = make_request("GET /")
    for name in NAMES:
        if getattr(theirs, name).status_code > 0:
            for told, keywords in KEYWORDS.items() if name in VARIED else [("bare", {})]:
                yield Case(f"{name}/{told}", raising(lambda web, n=name, k=keywords: make(web, n, **k)), raw)
    for name, special in SPECIALS.items():
        yield Case(f"raised/{name}", raising(special), raw)
        yield Case(f"returned/{name}", raising(special, is_returned=True), raw)


DIFFERENCES = {
    "HTTPRequestEntityTooLarge/*": "reasons of 413, 414, 416 and 422",
    "HTTPRequestURITooLong/*": "reasons of 413, 414, 416 and 422",
    "HTTPRequestRangeNotSatisfiable/*": "reasons of 413, 414, 416 and 422",
    "HTTPUnprocessableEntity/*": "reasons of 413, 414, 416 and 422",
    "*/too large*/*": "reasons of 413, 414, 416 and 422",
    "HTTPRequestEntityTooLarge/body*/*": "413 with a body of its own",
    "HTTPResetContent/*/answer": "205 with a body",
    "*/move line end/*": "what would break a head",
    "*/not allowed order/*": "`Allow`",
    "*/not allowed text/*": "one text as the allowed methods",
    "*/family/*": "exceptions without a status",
    "*/base/*": "exceptions without a status",
}
