"""Drafts: what a visitor hands in, by form or as JSON, checked before it becomes an entry."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from muntin import web

from .uploads import MAX_IMAGE_BYTES, MAX_IMAGE_MEBIBYTES, Image, UnknownImageError

LONGEST_NAME = 60
LONGEST_MESSAGE = 1000

# An image, and generous room for the words around it.
MAX_REQUEST_BYTES = MAX_IMAGE_BYTES + 64 * 1024

# Control characters that are not white space, and halves of surrogate pairs: no database takes all of them.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
LINE_END = re.compile(r"\r\n?")


class DraftError(ValueError):
    """A draft that cannot become an entry: for each field at fault, what is wrong with it."""

    def __init__(
        self, problems: Mapping[str, str], given: Mapping[str, object], *, status: int = 422
    ) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = dict(problems)
        self.given = given
        self.status = status


@dataclass(frozen=True, slots=True)
class Draft:
    """A name, a message, and perhaps an image: all of them good."""

    name: str
    message: str
    image: Image | None = None


async def read_draft(request: web.Request) -> Draft:
    """Return the draft in the body of a request.

    Raises DraftError when a field is wrong, HTTPBadRequest when the body is not what it claims to be, and
    HTTPUnsupportedMediaType when it claims to be something else altogether.
    """
    reader = READERS.get(request.content_type)
    if reader is None:
        raise web.HTTPUnsupportedMediaType(text=f"Send {', '.join(READERS)}; not {request.content_type}.")
    return parse_draft(await reader(request))


async def read_form(request: web.Request) -> Mapping[str, object]:
    """Return the fields of a form, the first of each name."""
    form = await request.post()
    return {field: form[field] for field in form}


async def read_json(request: web.Request) -> Mapping[str, object]:
    """Return the members of a JSON object."""
    members = await request.json()
    if not isinstance(members, dict):
        raise web.HTTPBadRequest(text="The body is not a JSON object.")
    return members


READERS: dict[str, Callable[[web.Request], Awaitable[Mapping[str, object]]]] = {
    "application/json": read_json,
    "application/x-www-form-urlencoded": read_form,
    "multipart/form-data": read_form,
}


def parse_draft(given: Mapping[str, object]) -> Draft:
    """Check every field and return the draft, or raise DraftError with all that is wrong."""
    checked: dict[str, Any] = {}
    problems: dict[str, str] = {}
    status = 422
    for field, parse in FIELDS.items():
        try:
            checked[field] = parse(given.get(field))
        except TooLargeError as error:
            problems[field], status = str(error), 413
        except ValueError as error:
            problems[field] = str(error)
    if problems:
        raise DraftError(problems, given, status=status)
    return Draft(**checked)


class TooLargeError(ValueError):
    """A field that is larger than its limit."""


def parse_name(value: object) -> str:
    """Return a name: one line."""
    return parse_text(value, LONGEST_NAME, lambda text: " ".join(text.split()))


def parse_message(value: object) -> str:
    """Return a message: lines."""
    return parse_text(value, LONGEST_MESSAGE, lambda text: LINE_END.sub("\n", text).strip())


def parse_text(value: object, longest: int, tidy: Callable[[str], str]) -> str:
    """Return tidy text of 1 to `longest` characters; raise ValueError for anything else."""
    if value is None:
        raise ValueError("This field is missing.")
    if not isinstance(value, str):
        raise ValueError("This must be text.")
    if UNPRINTABLE.search(value):
        raise ValueError("This must not contain control characters.")
    text = tidy(value)
    if not text:
        raise ValueError("This must not be empty.")
    if len(text) > longest:
        raise ValueError(f"This must not be longer than {longest} characters; it has {len(text)}.")
    return text


def parse_image(value: object) -> Image | None:
    """Return the image of a file field, or None when no file was chosen."""
    if not isinstance(value, web.FileField):
        if value:
            raise ValueError("This must be a file of a multipart form.")
        return None
    content = value.file.read(MAX_IMAGE_BYTES + 1)
    if not content:
        return None
    if len(content) > MAX_IMAGE_BYTES:
        raise TooLargeError(f"This must not be larger than {MAX_IMAGE_MEBIBYTES} MiB.")
    try:
        return Image.from_content(content)
    except UnknownImageError:
        raise ValueError("This must be a PNG, JPEG, GIF or WebP image.") from None


FIELDS: dict[str, Callable[[object], object]] = {
    "name": parse_name,
    "message": parse_message,
    "image": parse_image,
}
