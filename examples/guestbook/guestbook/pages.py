"""The pages for people: the book with its form, images, and what to say when something is wrong."""

from collections.abc import Mapping
from http import HTTPStatus

import jinja2

from muntin import web

from .api import sign
from .drafts import LONGEST_MESSAGE, LONGEST_NAME, DraftError
from .entries import ENTRIES, Entry
from .representations import format_time, parse_number
from .uploads import MAX_IMAGE_BYTES, MAX_IMAGE_MEBIBYTES, SIGNATURES

ENTRIES_PER_PAGE = 20

# A name is never given twice and its content never changes, so a year is as good as for ever.
FOREVER = "public, max-age=31536000, immutable"

TEMPLATES = web.AppKey("TEMPLATES", jinja2.Environment)

routes = web.RouteTableDef()


def create_templates(app: web.Application) -> jinja2.Environment:
    """Return the templates, which escape all values and have the URLs of an application."""

    def url_for(resource: str, **parts: str) -> str:
        return str(app.router[resource].url_for(**parts))

    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("guestbook"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"format_time": format_time, "say_time": say_time}
    templates.globals |= {
        "url_for": url_for,
        "image_types": ",".join(SIGNATURES),
        "longest_message": LONGEST_MESSAGE,
        "longest_name": LONGEST_NAME,
        "max_image_bytes": MAX_IMAGE_BYTES,
        "max_image_mebibytes": MAX_IMAGE_MEBIBYTES,
    }
    return templates


def say_time(entry: Entry) -> str:
    """Return the time of an entry for people."""
    return f"{entry.written.day} {entry.written:%B %Y, %H:%M} UTC"


def render(app: web.Application, template: str, *, status: int = 200, **values: object) -> web.Response:
    """Respond with a page."""
    text = app[TEMPLATES].get_template(template).render(values)
    # The page is never the same for long: a browser that goes back must ask again.
    return web.Response(
        text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-cache"}
    )


@routes.get("/", name="book")
async def show_book(request: web.Request) -> web.Response:
    """Respond with the newest entries, or with those before a number."""
    before = parse_number(request.query["before"]) if "before" in request.query else None
    return await open_book(request, before=before)


@routes.post("/")
async def sign_book(request: web.Request) -> web.Response:
    """Take an entry from the form; show the form again, with what is wrong, if there is anything."""
    try:
        await sign(request)
    except DraftError as error:
        return await open_book(request, problems=error.problems, given=error.given, status=error.status)
    raise web.HTTPSeeOther(request.app.router["book"].url_for())


async def open_book(
    request: web.Request,
    *,
    before: int | None = None,
    problems: Mapping[str, str] | None = None,
    given: Mapping[str, object] | None = None,
    status: int = 200,
) -> web.Response:
    """Respond with the page, and the form as it was filled in."""
    page = await request.app[ENTRIES].turn_to(before=before, limit=ENTRIES_PER_PAGE)
    written = {field: value for field, value in (given or {}).items() if isinstance(value, str)}
    values = {"page": page, "is_newest": before is None, "problems": problems or {}, "given": written}
    return render(request.app, "book.html", status=status, **values)


@routes.get(r"/uploads/{name:[0-9a-f]+\.[a-z]+}", name="upload")
async def show_upload(request: web.Request) -> web.Response:
    """Respond with one image, as the type that its content showed when it came."""
    image = await request.app[ENTRIES].find_image(request.match_info["name"])
    if image is None:
        raise web.HTTPNotFound(text="There is no such image.")
    etag = image.name.partition(".")[0]
    fields = {"Cache-Control": FOREVER, "ETag": f'"{etag}"'}
    if any(known.value in (etag, "*") for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=fields)
    return web.Response(body=image.content, content_type=image.media_type, headers=fields)
