"""How entries, and the numbers that name them, are written outside: in JSON, in paths, in queries."""

import re
from datetime import UTC

from muntin import web

from .entries import Entry

# As many digits as always fit into the 64 bits of a database's integer.
NUMBER = re.compile(r"[0-9]{1,18}")


def represent(app: web.Application, entry: Entry) -> dict[str, object]:
    """Return an entry as a JSON object: as the API returns it and the feed sends it."""
    image = entry.image and str(app.router["upload"].url_for(name=entry.image))
    return {
        "id": entry.id,
        "name": entry.name,
        "message": entry.message,
        "image": image,
        "written": format_time(entry),
        "url": str(app.router["entry"].url_for(number=str(entry.id))),
    }


def format_time(entry: Entry) -> str:
    """Return the time of an entry in the form of RFC 3339."""
    return entry.written.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_number(text: str, *, highest: int | None = None) -> int:
    """Return a number written in ASCII digits; raise HTTPBadRequest for anything else or above the highest."""
    if not NUMBER.fullmatch(text):
        raise web.HTTPBadRequest(text=f"{text[:20]!r} is not a number.")
    number = int(text)
    if highest is not None and not 1 <= number <= highest:
        raise web.HTTPBadRequest(text=f"{number} is not between 1 and {highest}.")
    return number
