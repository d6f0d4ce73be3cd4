"""The listing: a directory as a page for people.

Every name is hostile: it is escaped as text and percent-encoded as a reference, and the page may load and run nothing.
"""

import os
import time
from base64 import b64encode
from hashlib import sha256
from html import escape
from stat import S_ISDIR, S_ISREG
from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes

from muntin.static._locate import is_name
from muntin.static._plan import FilePlan
from muntin.static._sandbox import NO_DESCRIPTOR, Opened, Sandbox

__all__ = ["LISTED", "Entry", "Listing", "format_listing", "format_size", "list_folder", "plan_listing"]

LISTED: Final = 2000
"""The most entries shown. Of a larger directory, these are the first that the file system returns: reading and sorting
a million names would delay all other clients.
"""


class Entry(NamedTuple):
    """A line of the listing."""

    name: str
    is_folder: bool
    size: int
    mtime: float


class Listing(NamedTuple):
    """The entries of a directory, folders first, and whether there were more."""

    entries: tuple[Entry, ...]
    is_cut: bool


def list_folder(sandbox: Sandbox, parts: tuple[str, ...], opened: Opened, *, limit: int = LISTED) -> Listing:
    """Read the entries of a directory that can be requested, without names that begin with a dot."""
    entries: list[Entry] = []
    place = sandbox.path_of(parts) if opened.descriptor == NO_DESCRIPTOR else opened.descriptor
    with os.scandir(place) as found:
        for item in found:
            if item.name.startswith(".") or not is_name(item.name):
                continue
            if item.is_symlink() and not (
                sandbox.follow_symlinks or sandbox.resolve((*parts, item.name)) is not None
            ):
                continue
            if len(entries) == limit:
                return _sort(entries, is_cut=True)
            try:
                status = item.stat()
            except OSError:  # it was removed, or is a link to nothing
                continue
            if S_ISDIR(status.st_mode) or S_ISREG(status.st_mode):
                entries.append(Entry(item.name, S_ISDIR(status.st_mode), status.st_size, status.st_mtime))
    return _sort(entries, is_cut=False)


def _sort(entries: list[Entry], *, is_cut: bool) -> Listing:
    entries.sort(key=lambda entry: (not entry.is_folder, entry.name.casefold(), entry.name))
    return Listing(tuple(entries), is_cut)


def plan_listing(sandbox: Sandbox, parts: tuple[str, ...], opened: Opened, *, method: str) -> FilePlan:
    """Plan the page that lists an open directory; the descriptor stays the caller's."""
    page = format_listing(parts, list_folder(sandbox, parts, opened)).encode()
    fields = (*_FIELDS, ("Content-Length", str(len(page))))
    return FilePlan(200, fields, b"" if method == "HEAD" else page)


def format_listing(parts: tuple[str, ...], listing: Listing) -> str:
    """Format the page; its references are relative to the directory's URL, which ends with a slash."""
    title = escape(_show("/" + "".join(f"{part}/" for part in parts)))
    rows = [_PARENT] if parts else []
    rows += map(_format_entry, listing.entries)
    note = f"<p>Only the first {len(listing.entries)} entries are shown.</p>\n" if listing.is_cut else ""
    return _PAGE.format(title=title, style=_STYLE, rows="".join(rows), note=note)


def _format_entry(entry: Entry) -> str:
    slash = "/" if entry.is_folder else ""
    # "./" keeps a colon in the name from making a scheme of it (RFC 3986 §4.2).
    reference = "./" + quote_from_bytes(os.fsencode(entry.name), safe="") + slash
    size = "" if entry.is_folder else format_size(entry.size)
    date = _format_time(entry.mtime)
    return _ROW.format(href=escape(reference), name=escape(_show(entry.name)) + slash, size=size, date=date)


def format_size(size: int) -> str:
    """Format a number of bytes for people, in binary units, with one decimal below ten."""
    if size < 1024:
        return f"{size} B"
    amount, unit = size / 1024, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if amount < 1023.5:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def _format_time(mtime: float) -> str:
    try:
        moment = time.gmtime(mtime)
    except (ValueError, OverflowError, OSError):
        return ""
    return time.strftime("%Y-%m-%d %H:%M", moment)


def _show(name: str) -> str:
    """Make a file name printable: octets that are no UTF-8 become replacement characters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_STYLE: Final = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "body{max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.25rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884}"
    "th{font-weight:500;opacity:.7}"
    "td:first-child{overflow-wrap:anywhere}"
    "td+td,th+th{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
    "tr:hover td{background:#8881}"
    "a{color:light-dark(#0b57d0,#a8c7fa);text-decoration:none}a:hover{text-decoration:underline}"
)

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Index of {title}</title>
<style>{style}</style>
</head>
<body>
<h1>Index of {title}</h1>
<table>
<thead><tr><th>Name</th><th>Size</th><th>Changed (UTC)</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
{note}</body>
</html>
"""

_ROW: Final = '<tr><td><a href="{href}">{name}</a></td><td>{size}</td><td>{date}</td></tr>\n'
_PARENT: Final = _ROW.format(href="../", name="../", size="", date="")

# The style is allowed by its hash: even a name that escaped its cell could bring neither style nor script.
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

_FIELDS: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-cache"),
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
)
