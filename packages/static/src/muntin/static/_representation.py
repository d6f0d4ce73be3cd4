"""A representation: one file as HTTP sees it, described once from its name and status.

It has the validators and the fields that all responses with this file share. Nothing is opened, read or stat'ed here.
"""

import os
import time
from dataclasses import dataclass
from typing import NamedTuple

from muntin.http_core.headers.dates import format_date
from muntin.http_core.headers.etags import ETag, format_etag

__all__ = ["About", "Fields", "Representation", "describe"]

Fields = tuple[tuple[str, str], ...]


class About(NamedTuple):
    """The metadata of a file that do not depend on its bytes."""

    media_type: str
    coding: str = ""
    """The content coding of the bytes; empty when they are the content itself."""
    cache_control: str | None = None
    vary: str = ""
    etag: ETag | None = None
    """The entity tag of the content, if not the one that the file suggests."""
    last_modified: int | None = None
    """Whole seconds since the epoch, if not the time of the file's last change."""


@dataclass(frozen=True, slots=True)
class Representation:
    """The description of a file, valid while its time of change and its size stay the same."""

    parts: tuple[str, ...]
    """The names below the root that lead to the file."""
    about: About
    mtime_ns: int
    size: int
    etag: ETag
    last_modified: int | None
    """Whole seconds since the epoch; None where no HTTP date can show them."""
    fields: Fields
    """The fields of a 200 response."""
    lasting: Fields
    """The fields that a 304 response must repeat (RFC 9110 §15.4.5)."""

    def describes(self, status: os.stat_result) -> bool:
        """Return whether a file with this status is still the one described."""
        return self.mtime_ns == status.st_mtime_ns and self.size == status.st_size

    def resized(self, size: int) -> "Representation":
        """Describe the same file with another size in bytes."""
        return describe(self.parts, self.about, self.mtime_ns, size)


def describe(parts: tuple[str, ...], about: About, mtime_ns: int, size: int) -> Representation:
    """Describe a file with this time of change (nanoseconds) and size (bytes).

    The entity tag is made of both and of the coding: a coded form is another representation, with a tag of its own
    (RFC 9110 §8.8.3.3). It is strong because every write changes the time.
    """
    coding = about.coding
    etag = about.etag or ETag(f"{mtime_ns:x}-{size:x}")
    if coding:
        etag = etag._replace(value=f"{etag.value}-{coding}")
    date: Fields
    changed = mtime_ns // 1_000_000_000 if about.last_modified is None else about.last_modified
    # Never later than now: a date in the future MUST be replaced by the current one (RFC 9110 §8.8.2.1).
    last_modified: int | None = min(changed, int(time.time()))
    try:
        date = (("Last-Modified", format_date(last_modified or 0)),)
    except ValueError:
        last_modified, date = None, ()
    lasting: Fields = (("ETag", format_etag(etag)),)
    if about.cache_control is not None:
        lasting += (("Cache-Control", about.cache_control),)
    if about.vary:
        lasting += (("Vary", about.vary),)
    fields: Fields = (("Content-Type", about.media_type), ("Content-Length", str(size)))
    if coding:
        fields += (("Content-Encoding", coding),)
    fields += (*date, ("Accept-Ranges", "bytes"), *lasting)
    return Representation(parts, about, mtime_ns, size, etag, last_modified, fields, lasting)
