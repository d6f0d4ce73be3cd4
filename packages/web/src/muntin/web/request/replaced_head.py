"""The head of a request with some of its parts replaced."""

from collections.abc import Mapping

from yarl import URL

from muntin.http_core import RequestHead
from muntin.web.response.headers import LooseHeaders, check_fields

__all__ = ["replace_head"]


def replace_head(
    head: RequestHead, method: str | None, rel_url: URL | str | None, headers: LooseHeaders | None
) -> RequestHead:
    """Return a head with other values; what it implies for the connection stays.

    Raises:
        ValueError: `rel_url` has no path that begins with a slash, or a field has a character that it may not have.
    """
    if method is None and rel_url is None and headers is None:
        return head
    fields = head.fields
    if headers is not None:
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        check_fields(pairs)
        fields = [(name.encode("ascii"), value.encode("utf-8", "surrogateescape")) for name, value in pairs]
    target = head.target
    if rel_url is not None:
        url = URL(rel_url)
        target = url.raw_path_qs or "/"
        if not target.startswith("/"):
            raise ValueError(f"not the path of a request: {rel_url!r}")
    block = b"".join(b"%b: %b\r\n" % pair for pair in fields)
    return RequestHead(
        method or head.method,
        target,
        head.version,
        block,
        head.framing,
        head.keep_alive,
        head.expect,
        head.upgrade,
    )
