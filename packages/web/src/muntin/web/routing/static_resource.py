"""`StaticResource`: the files of a directory below a prefix.

It removes the prefix from a path and makes a response of a plan; `muntin.static` decides which file a path selects.
"""

from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from yarl import URL

from muntin import router
from muntin.runner.exchange import CHUNK_SIZE
from muntin.static import NO_FILE, FilePlan, StaticRoot, plan_apart
from muntin.web.legacy import warn_older
from muntin.web.response.exceptions import HTTPException, HTTPForbidden, HTTPNotFound, HTTPServiceUnavailable
from muntin.web.response.file import FileResponse, read_field
from muntin.web.response.stream import StreamResponse
from muntin.web.routing._asking import Asking
from muntin.web.routing._handlers import AnyExpectHandler
from muntin.web.routing.resources import Resource
from muntin.web.routing.routes import ResourceRoute

__all__ = ["StaticResource"]

_CONDITIONS: Final = (b"if-", b"range:")
"""The beginnings of the lines of conditions (RFC 9110 §13.1) and ranges; most requests have none of them."""

_REFUSALS: Final = {403: HTTPForbidden, 404: HTTPNotFound, 503: HTTPServiceUnavailable}
"""Refusals that are raised, so that middlewares see them as they see all others."""


class StaticResource(Resource, router.PrefixResource[Any]):
    """The files of a directory below a prefix; for the arguments see `UrlDispatcher.add_static`.

    Raises:
        ValueError: the directory does not exist, the prefix is malformed, or options were given besides a `StaticRoot`.
    """

    VERSION_KEY = "v"

    def __init__(
        self,
        prefix: str,
        directory: str | PathLike[str],
        *,
        name: str | None = None,
        expect_handler: AnyExpectHandler | None = None,
        chunk_size: int = CHUNK_SIZE,
        show_index: bool = False,
        follow_symlinks: bool = False,
        append_version: bool = False,
    ) -> None:
        router.PrefixResource.__init__(self, prefix, name=name, has_prefix=True)
        if not isinstance(directory, StaticRoot):
            self._root = StaticRoot(
                directory,
                show_index=show_index,
                follow_symlinks=follow_symlinks,
                append_version=append_version,
                chunk_size=chunk_size,
            )
        elif show_index or follow_symlinks or append_version or chunk_size != CHUNK_SIZE:
            raise ValueError("a StaticRoot has options of its own: pass them to it")
        else:
            self._root = directory
        for method in ("GET", "HEAD"):
            self.register_route(ResourceRoute(method, self._handle, self, expect_handler=expect_handler))

    @property
    def directory(self) -> str:
        """The directory."""
        return self._root.directory

    def url_for(self, *, filename: str | PathLike[str], append_version: bool | None = None) -> URL:  # type: ignore[override]
        # mypy: narrower than any parts at all, as its one variable has a name.
        """Build the URL of a file.

        Args:
            filename: relative to the directory.
            append_version: whether to add a version that changes with the content; None for the resource's default.
        """
        reference = self._root.url_of(filename, append_version=append_version)
        path, _, query = reference.partition("?")
        return URL.build(path=f"{self.canonical}/{path}", query_string=query, encoded=True)

    def url(  # type: ignore[override]  # as url_for
        self, *, filename: str | PathLike[str], query: Any = None, append_version: bool | None = None
    ) -> str:
        """Build the URL of a file as text; the older form of `url_for`."""
        warn_older("resource.url()", "resource.url_for()")
        url = self.url_for(filename=filename, append_version=append_version)
        if query is not None:
            url = url.update_query(query.removeprefix("?") if isinstance(query, str) else query)
        return str(url)

    def set_options_route(self, handler: Any) -> None:
        """Register a handler for OPTIONS.

        Raises:
            RuntimeError: there is one.
        """
        if "OPTIONS" in self.methods:
            raise RuntimeError(f"{self!r} has a handler for OPTIONS already")
        self.add_route("OPTIONS", handler)

    def get_info(self) -> dict[str, Any]:
        """Describe the resource: its `directory`, `prefix`, and `routes` by method."""
        return {"directory": Path(self.directory), "prefix": self.canonical, "routes": self.methods}

    def raw_match(self, path: str) -> bool:
        # A handler cannot be added to it by its prefix, as to the resource of a template.
        return False

    @cached_property
    def _served_prefix(self) -> tuple[str, str]:
        """The whole prefix, and its decoded last segment; read by requests, when no prefix changes any more."""
        return self.canonical, unquote(self.canonical.rpartition("/")[2])

    def _matched_below(self, request: Asking, path: str) -> str:
        """Return the path below the prefix for a request whose target changed after it was matched.

        What was matched counts. A decoded name does not show which slashes were encoded, so a target with an encoded
        slash names no file.
        """
        if "%2f" in path.lower():
            return NO_FILE
        rest = quote(str(request.match_info[self.variable]), errors="surrogateescape")
        return f"/{rest}" if rest or path.endswith("/") else ""

    async def _handle(self, request: Asking) -> StreamResponse:
        path, _, query = request.raw_path.partition("?")
        prefix, name = self._served_prefix
        # As it stands in the target: neither the canonical path of the match nor its decoded variable shows
        # a broken escape, and the variable does not show an encoded slash.
        below: str | None = path[len(prefix) :]
        if not path.startswith(prefix) or not below or below[0] != "/":
            below = router.strip_prefix(path, prefix)
            if below is None:
                below = self._matched_below(request, path)
        root, method, head = self._root, request.method, request.exchange.head
        fields = partial(read_field, head)
        if root.may_wait:
            plan = await plan_apart(root, method, below, fields, query=query, mount_name=name)
        else:
            is_conditional = head.has_beginning(*_CONDITIONS)
            plan = root.plan(
                method, below, fields, query=query, mount_name=name, is_conditional=is_conditional
            )
        if plan.status in _REFUSALS:
            raise _refuse(plan)
        return FileResponse(plan, root.chunk_size)


def _refuse(plan: FilePlan) -> HTTPException:
    """Return the exception for a plan, with the fields of the plan; the text is that of the exception."""
    return _REFUSALS[plan.status](
        headers=[pair for pair in plan.fields if not pair[0].startswith("Content-")]
    )
