"""One file that the application itself names, planned like any other.

Such a path is trusted, wherever it leads. The application decides which clients get the file.
"""

import os
import time
from typing import Any, Final

from muntin.http_core.headers.etags import ETag
from muntin.static._cache import CacheLimits, FileCache
from muntin.static._conditional import Field
from muntin.static._plan import CONDITIONAL, FilePlan, plan_content, plan_opened, plan_status
from muntin.static._representation import Representation, describe
from muntin.static._root import RequestFields, field_of
from muntin.static._sandbox import Opened, Sandbox, open_trusted
from muntin.static._variants import choose_form, find_variants, open_file, open_form, status_of

__all__ = ["plan_file"]


class _AnyFile:
    """Opens what the application names as it is, and compressed siblings only in the same directory."""

    def path_of(self, parts: tuple[str, ...]) -> str:
        return os.path.join(*parts)

    def open(self, parts: tuple[str, ...]) -> Opened | None:
        return open_trusted(self.path_of(parts))

    def open_sibling(self, parts: tuple[str, ...]) -> Opened | None:
        # The application named the file, not its siblings: a sibling that is a link stays inside the directory.
        return Sandbox(parts[0]).open(parts[1:])


_OPENER: Final = _AnyFile()
_CACHE: Final = FileCache(CacheLimits())


def plan_file(
    path: str | os.PathLike[str],
    method: str,
    fields: RequestFields,
    *,
    status: int = 200,
    media_type: str | None = None,
    etag: ETag | None = None,
    last_modified: int | None = None,
) -> FilePlan:
    """Plan the response with one file that the application chose.

    Args:
        path: where it is; links are followed.
        method: the request method. HEAD gets no content; conditions and ranges count for GET and HEAD only.
        fields: the request's fields, as for `StaticRoot.plan`.
        status: the status if the file is sent; another one than 200 switches conditions and ranges off.
        media_type: the Content-Type, if not the one that the name suggests.
        etag: the entity tag, if not the one that the file suggests. That of a compressed form has its coding appended.
        last_modified: the time of the last change, in seconds since the epoch, if not that of the file.

    Raises:
        OSError: the storage fails. The plan of a missing file is 404, of a forbidden one 403.
    """
    name = os.path.abspath(path)
    field = field_of(fields)
    named = (("media_type", media_type), ("etag", etag), ("last_modified", last_modified))
    about = {key: value for key, value in named if value is not None}
    try:
        return _plan(name, method, field, status, about)
    except FileNotFoundError:
        _CACHE.forget(name)
    except OSError as error:
        return plan_status(status_of(error), method=method)
    try:  # once more: a compressed form may be removed, and the file itself be there
        return _plan(name, method, field, status, about)
    except OSError as error:
        return plan_status(status_of(error), method=method)


def _plan(name: str, method: str, field: Field, status: int, about: dict[str, Any]) -> FilePlan:
    now = time.monotonic()
    known = _CACHE.recall(name, now)
    if known is None:
        parts = os.path.split(name)
        with open_file(_OPENER.open, parts) as own:
            known = find_variants(_OPENER, parts, own.status, now)
        _CACHE.store(name, known)
    form = choose_form(known, field)
    content = form.content
    if content is not None and content.is_current(now, _CACHE.limits.stat_after):
        if status == 200 and method in CONDITIONAL and not about:
            return content.ready.plan(method, field)
        amended = _amend(content.ready.representation, about)
        return plan_content(content.data, amended, method, field, status=status)
    opened = open_form(_OPENER, form)
    found = form.renew(opened.status)
    plan = plan_opened(opened, _amend(found, about), method, field, path_of=_OPENER.path_of, status=status)
    if plan.status == status and plan.body:
        _CACHE.keep(name, form, found, _OPENER.path_of(found.parts), opened.status, plan.body, now)
    return plan


def _amend(chosen: Representation, about: dict[str, Any]) -> Representation:
    if not about:
        return chosen
    return describe(chosen.parts, chosen.about._replace(**about), chosen.mtime_ns, chosen.size)
