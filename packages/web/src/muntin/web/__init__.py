"""Web applications for asyncio, by the documented `aiohttp.web` interface.

from muntin import web

async def hello(request):
    return web.Response(text="hello")

app = web.Application()
app.add_routes([web.get("/", hello)])

if __name__ == "__main__":
    web.run_app(app)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from muntin.http_core import HTTP_10 as HttpVersion10  # noqa: N811 - its documented name
from muntin.http_core import HTTP_11 as HttpVersion11  # noqa: N811
from muntin.http_core import (
    HttpVersion,
)
from muntin.middleware import (
    CleanupError,
)
from muntin.router import (
    AbstractRouteDef,
    RouteDef,
    RouteTableDef,
    StaticDef,
    delete,
    get,
    head,
    options,
    patch,
    post,
    put,
    route,
    static,
    view,
)
from muntin.runner import (
    BaseRunner,
    BaseSite,
    GracefulExit,
    NamedPipeSite,
    ServerRunner,
    SockSite,
    TCPSite,
    UnixSite,
)
from muntin.runner import (
    Http1Connection as RequestHandler,
)
from muntin.web import legacy
from muntin.web.access_log import (
    AbstractAccessLogger,
    AccessLogger,
    JSONAccessLogger,
)
from muntin.web.app.application import (
    Application,
)
from muntin.web.content import (
    StreamReader,
)
from muntin.web.handlers.views import (
    View,
)
from muntin.web.keys import (
    AppKey,
    NotAppKeyWarning,
    RequestKey,
    ResponseKey,
)
from muntin.web.legacy import (
    add_delete,
    add_get,
    add_head,
    add_options,
    add_patch,
    add_post,
    add_put,
    add_view,
)
from muntin.web.middlewares import (
    Handler,
    Middleware,
    middleware,
    normalize_path_middleware,
)
from muntin.web.request.request import (
    BaseRequest,
    Request,
)
from muntin.web.response.compression import (
    ContentCoding,
)
from muntin.web.response.exceptions import (
    HTTPAccepted,
    HTTPBadGateway,
    HTTPBadRequest,
    HTTPClientError,
    HTTPConflict,
    HTTPCreated,
    HTTPError,
    HTTPException,
    HTTPExpectationFailed,
    HTTPFailedDependency,
    HTTPForbidden,
    HTTPFound,
    HTTPGatewayTimeout,
    HTTPGone,
    HTTPInsufficientStorage,
    HTTPInternalServerError,
    HTTPLengthRequired,
    HTTPMethodNotAllowed,
    HTTPMisdirectedRequest,
    HTTPMove,
    HTTPMovedPermanently,
    HTTPMultipleChoices,
    HTTPNetworkAuthenticationRequired,
    HTTPNoContent,
    HTTPNonAuthoritativeInformation,
    HTTPNotAcceptable,
    HTTPNotExtended,
    HTTPNotFound,
    HTTPNotImplemented,
    HTTPNotModified,
    HTTPOk,
    HTTPPartialContent,
    HTTPPaymentRequired,
    HTTPPermanentRedirect,
    HTTPPreconditionFailed,
    HTTPPreconditionRequired,
    HTTPProxyAuthenticationRequired,
    HTTPRedirection,
    HTTPRequestEntityTooLarge,
    HTTPRequestHeaderFieldsTooLarge,
    HTTPRequestRangeNotSatisfiable,
    HTTPRequestTimeout,
    HTTPRequestURITooLong,
    HTTPResetContent,
    HTTPSeeOther,
    HTTPServerError,
    HTTPServiceUnavailable,
    HTTPSuccessful,
    HTTPTemporaryRedirect,
    HTTPTooManyRequests,
    HTTPUnauthorized,
    HTTPUnavailableForLegalReasons,
    HTTPUnprocessableEntity,
    HTTPUnsupportedMediaType,
    HTTPUpgradeRequired,
    HTTPUseProxy,
    HTTPVariantAlsoNegotiates,
    HTTPVersionNotSupported,
    IncompletePayload,
    JSONPayloadError,
    PayloadAccessError,
    RequestPayloadError,
    TextPayloadError,
    UnknownCharset,
)
from muntin.web.response.json import (
    JSON,
    JSONCodec,
    json_bytes_response,
    json_response,
)
from muntin.web.response.payloads import (
    Payload,
    get_payload,
    register_payload,
)
from muntin.web.response.stream import (
    StreamResponse,
)
from muntin.web.response.whole import (
    Response,
)
from muntin.web.routing import (
    AbstractResource,
    AbstractRoute,
    AbstractView,
    DynamicResource,
    MatchedSubAppResource,
    PlainResource,
    PrefixedSubAppResource,
    Resource,
    ResourceRoute,
    SystemRoute,
    UrlDispatcher,
    UrlMappingMatchInfo,
)
from muntin.web.serving.runners import (
    AppRunner,
)
from muntin.web.serving.server import (
    Server,
)

if TYPE_CHECKING:
    from muntin.http_core.headers.etags import ETag
    from muntin.web.multipart import BodyPartReader, FileField, MultipartReader, MultipartWriter
    from muntin.web.program.run import run_app
    from muntin.web.response.events import EventStream, close_event_streams
    from muntin.web.response.file import FileResponse
    from muntin.web.routing.static_resource import StaticResource
    from muntin.web.websocket import WebSocketReady, WebSocketResponse
    from muntin.websocket import PreparedMessage, WSCloseCode, WSMessage, WSMsgType

    MsgType = WSMsgType

# What many applications do without is fetched when it is asked for: each name by the module that has it.
_HOMES: Final = {
    "muntin.http_core.headers.etags": "ETag",
    "muntin.web.response.events": "EventStream close_event_streams",
    "muntin.web.response.file": "FileResponse",
    "muntin.web.multipart": "BodyPartReader FileField MultipartReader MultipartWriter",
    "muntin.web.routing.static_resource": "StaticResource",
    "muntin.web.program.run": "run_app",
    "muntin.web.websocket": "WebSocketReady WebSocketResponse",
    "muntin.websocket": "PreparedMessage WSCloseCode WSMessage WSMsgType",
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        modern = legacy.OLDER_NAMES.get(name, name)
        if modern not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if modern != name:
            legacy.warn_older(f"web.{name}", f"web.{modern}")
        thing = globals()[modern] = getattr(import_module(_HOME_OF[modern]), modern)
        return thing

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOME_OF})


__all__ = [
    "JSON",
    "AbstractAccessLogger",
    "AbstractResource",
    "AbstractRoute",
    "AbstractRouteDef",
    "AbstractView",
    "AccessLogger",
    "AppKey",
    "AppRunner",
    "Application",
    "BaseRequest",
    "BaseRunner",
    "BaseSite",
    "BodyPartReader",
    "CleanupError",
    "ContentCoding",
    "DynamicResource",
    "ETag",
    "EventStream",
    "FileField",
    "FileResponse",
    "GracefulExit",
    "HTTPAccepted",
    "HTTPBadGateway",
    "HTTPBadRequest",
    "HTTPClientError",
    "HTTPConflict",
    "HTTPCreated",
    "HTTPError",
    "HTTPException",
    "HTTPExpectationFailed",
    "HTTPFailedDependency",
    "HTTPForbidden",
    "HTTPFound",
    "HTTPGatewayTimeout",
    "HTTPGone",
    "HTTPInsufficientStorage",
    "HTTPInternalServerError",
    "HTTPLengthRequired",
    "HTTPMethodNotAllowed",
    "HTTPMisdirectedRequest",
    "HTTPMove",
    "HTTPMovedPermanently",
    "HTTPMultipleChoices",
    "HTTPNetworkAuthenticationRequired",
    "HTTPNoContent",
    "HTTPNonAuthoritativeInformation",
    "HTTPNotAcceptable",
    "HTTPNotExtended",
    "HTTPNotFound",
    "HTTPNotImplemented",
    "HTTPNotModified",
    "HTTPOk",
    "HTTPPartialContent",
    "HTTPPaymentRequired",
    "HTTPPermanentRedirect",
    "HTTPPreconditionFailed",
    "HTTPPreconditionRequired",
    "HTTPProxyAuthenticationRequired",
    "HTTPRedirection",
    "HTTPRequestEntityTooLarge",
    "HTTPRequestHeaderFieldsTooLarge",
    "HTTPRequestRangeNotSatisfiable",
    "HTTPRequestTimeout",
    "HTTPRequestURITooLong",
    "HTTPResetContent",
    "HTTPSeeOther",
    "HTTPServerError",
    "HTTPServiceUnavailable",
    "HTTPSuccessful",
    "HTTPTemporaryRedirect",
    "HTTPTooManyRequests",
    "HTTPUnauthorized",
    "HTTPUnavailableForLegalReasons",
    "HTTPUnprocessableEntity",
    "HTTPUnsupportedMediaType",
    "HTTPUpgradeRequired",
    "HTTPUseProxy",
    "HTTPVariantAlsoNegotiates",
    "HTTPVersionNotSupported",
    "Handler",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "IncompletePayload",
    "JSONAccessLogger",
    "JSONCodec",
    "JSONPayloadError",
    "MatchedSubAppResource",
    "Middleware",
    "MultipartReader",
    "MultipartWriter",
    "NamedPipeSite",
    "NotAppKeyWarning",
    "Payload",
    "PayloadAccessError",
    "PlainResource",
    "PrefixedSubAppResource",
    "PreparedMessage",
    "Request",
    "RequestHandler",
    "RequestKey",
    "RequestPayloadError",
    "Resource",
    "ResourceRoute",
    "Response",
    "ResponseKey",
    "RouteDef",
    "RouteTableDef",
    "Server",
    "ServerRunner",
    "SockSite",
    "StaticDef",
    "StaticResource",
    "StreamReader",
    "StreamResponse",
    "SystemRoute",
    "TCPSite",
    "TextPayloadError",
    "UnixSite",
    "UnknownCharset",
    "UrlDispatcher",
    "UrlMappingMatchInfo",
    "View",
    "WSCloseCode",
    "WSMessage",
    "WSMsgType",
    "WebSocketReady",
    "WebSocketResponse",
    "add_delete",
    "add_get",
    "add_head",
    "add_options",
    "add_patch",
    "add_post",
    "add_put",
    "add_view",
    "close_event_streams",
    "delete",
    "get",
    "get_payload",
    "head",
    "json_bytes_response",
    "json_response",
    "middleware",
    "normalize_path_middleware",
    "options",
    "patch",
    "post",
    "put",
    "register_payload",
    "route",
    "run_app",
    "static",
    "view",
]
