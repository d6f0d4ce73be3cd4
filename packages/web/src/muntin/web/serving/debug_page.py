"""The page that shows the traceback of a failed handler; for debug mode only."""

from html import escape
from traceback import format_exception
from typing import Any, Final

from muntin.http_core.headers.accept import negotiate_media_type
from muntin.web.response.whole import Response

__all__ = ["describe_exception"]

# Whatever the text of the exception is, nothing in the page is run, fetched or stored.
_FIELDS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "Vary": "Accept",
}
_HTML: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{kind}</title>
<style>
body {{ margin: 2rem; font-family: sans-serif; }}
pre {{ padding: 1rem; overflow-x: auto; background: #f4f4f4; }}
</style>
</head>
<body>
<h1>{kind}: {message}</h1>
<p>{request}</p>
<pre>{traceback}</pre>
</body>
</html>
"""


def describe_exception(request: Any, error: Exception) -> Response:
    """Build a 500 with the traceback: HTML for clients that prefer it to plain text."""
    lines = "".join(format_exception(error))
    accepted = request.get_field("Accept")
    content_type = negotiate_media_type(accepted, ("text/plain", "text/html")) or "text/plain"
    if content_type == "text/html":
        text = _HTML.format(
            kind=escape(type(error).__name__),
            message=escape(str(error)),
            request=escape(repr(request)),
            traceback=escape(lines),
        )
    else:
        text = f"500: Internal Server Error\n\n{request!r}\n\n{lines}"
    return Response(
        status=500,
        body=text.encode("utf-8", "backslashreplace"),
        headers={"Content-Type": f"{content_type}; charset=utf-8", **_FIELDS},
    )
