"""The JSON API: the entries page by page, one of them, and a new one."""

from muntin import web

from .drafts import read_draft
from .entries import ENTRIES, Entry
from .news import NEWS
from .representations import parse_number, represent

DEFAULT_LIMIT = 20
HIGHEST_LIMIT = 100

routes = web.RouteTableDef()


async def sign(request: web.Request) -> Entry:
    """Keep what the visitor handed in, and tell everybody who is reading."""
    entry = await request.app[ENTRIES].add(await read_draft(request))
    await request.app[NEWS].announce(entry)
    return entry


@routes.get("/api/entries", name="entries")
async def list_entries(request: web.Request) -> web.Response:
    """Respond with a page of entries, the newest first, and the URL of the next page."""
    limit = parse_number(request.query.get("limit", str(DEFAULT_LIMIT)), highest=HIGHEST_LIMIT)
    before = parse_number(request.query["before"]) if "before" in request.query else None
    page = await request.app[ENTRIES].turn_to(before=before, limit=limit)
    following = None
    if page.before is not None:
        query = {"limit": str(limit), "before": str(page.before)}
        following = str(request.app.router["entries"].url_for().with_query(query))
    entries = [represent(request.app, entry) for entry in page.entries]
    return web.json_response({"entries": entries, "next": following})


@routes.post("/api/entries")
async def add_entry(request: web.Request) -> web.Response:
    """Take a new entry and respond with it and its URL."""
    entry = await sign(request)
    representation = represent(request.app, entry)
    return web.json_response(representation, status=201, headers={"Location": str(representation["url"])})


@routes.get("/api/entries/{number:[0-9]+}", name="entry")
async def show_entry(request: web.Request) -> web.Response:
    """Respond with one entry."""
    entry = await request.app[ENTRIES].find(parse_number(request.match_info["number"]))
    if entry is None:
        raise web.HTTPNotFound(text="There is no such entry.")
    return web.json_response(represent(request.app, entry))
