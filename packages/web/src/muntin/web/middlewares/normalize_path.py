"""Normalizing paths: a path without a route is redirected to the spelling that has one.

It asks the router of the outermost application; what a path may have meant is for `muntin.middleware.paths`.
"""

from muntin.middleware import middleware
from muntin.middleware.paths import normalize_candidates
from muntin.web.middlewares._signatures import Handler, Middleware
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPMove, HTTPNotFound, HTTPPermanentRedirect
from muntin.web.response.stream import StreamResponse

__all__ = ["normalize_path_middleware"]


def normalize_path_middleware(
    *,
    append_slash: bool = True,
    remove_slash: bool = False,
    merge_slashes: bool = True,
    redirect_class: type[HTTPMove] = HTTPPermanentRedirect,
) -> Middleware:
    """Make a middleware that redirects a path without a route to the spelling that has one.

    Args:
        append_slash: whether a slash may be added at the end.
        remove_slash: whether a slash at the end may be left out; not together with `append_slash`.
        merge_slashes: whether several slashes may become one.
        redirect_class: the class of the redirect.

    Raises:
        ValueError: a slash is to be added as well as left out.
    """
    if append_slash and remove_slash:
        raise ValueError("append_slash and remove_slash exclude each other")

    @middleware
    async def normalize(request: Request, handler: Handler) -> StreamResponse:
        if not isinstance(request.match_info.http_exception, HTTPNotFound):
            return await handler(request)
        # The router of the outermost application: middlewares of inner ones see whole paths as well.
        router = request.match_info.apps[0].router
        path, query = request.target
        for candidate in normalize_candidates(
            path, append_slash=append_slash, remove_slash=remove_slash, merge_slashes=merge_slashes
        ):
            other = request.clone(rel_url=candidate)
            if (await router.resolve(other)).http_exception is None:
                raise redirect_class(request.prefix + candidate + (f"?{query}" if query else ""))
        return await handler(request)

    return normalize
