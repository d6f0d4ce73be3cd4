"""The front door: every documented name is there."""

import importlib
import re
import subprocess
import sys

import pytest

from muntin import web

DOCUMENTED = re.findall(
    r"\w+",
    """
    AbstractResource AbstractRoute AbstractRouteDef AppKey AppRunner Application BaseRequest
    BaseRunner BaseSite CleanupError ContentCoding DynamicResource FileField FileResponse
    GracefulExit NamedPipeSite NotAppKeyWarning PayloadAccessError PlainResource
    PrefixedSubAppResource Request RequestHandler RequestKey RequestPayloadError Resource
    ResourceRoute Response ResponseKey RouteDef RouteTableDef Server ServerRunner SockSite StaticDef
    StaticResource StreamResponse TCPSite UnixSite UrlDispatcher UrlMappingMatchInfo View WSMsgType
    WebSocketReady WebSocketResponse HTTPAccepted HTTPBadGateway HTTPBadRequest HTTPClientError
    HTTPConflict HTTPCreated HTTPError HTTPException HTTPExpectationFailed HTTPFailedDependency
    HTTPForbidden HTTPFound HTTPGatewayTimeout HTTPGone HTTPInsufficientStorage
    HTTPInternalServerError HTTPLengthRequired HTTPMethodNotAllowed HTTPMisdirectedRequest HTTPMove
    HTTPMovedPermanently HTTPMultipleChoices HTTPNetworkAuthenticationRequired HTTPNoContent
    HTTPNonAuthoritativeInformation HTTPNotAcceptable HTTPNotExtended HTTPNotFound
    HTTPNotImplemented HTTPNotModified HTTPOk HTTPPartialContent HTTPPaymentRequired
    HTTPPermanentRedirect HTTPPreconditionFailed HTTPPreconditionRequired
    HTTPProxyAuthenticationRequired HTTPRedirection HTTPRequestEntityTooLarge
    HTTPRequestHeaderFieldsTooLarge HTTPRequestRangeNotSatisfiable HTTPRequestTimeout
    HTTPRequestURITooLong HTTPResetContent HTTPSeeOther HTTPServerError HTTPServiceUnavailable
    HTTPSuccessful HTTPTemporaryRedirect HTTPTooManyRequests HTTPUnauthorized
    HTTPUnavailableForLegalReasons HTTPUnprocessableEntity HTTPUnsupportedMediaType
    HTTPUpgradeRequired HTTPUseProxy HTTPVariantAlsoNegotiates HTTPVersionNotSupported delete get
    head json_bytes_response json_response middleware normalize_path_middleware options patch post
    put route run_app static view
    """,
)

FROM_THE_ROOT = [
    "HttpVersion10",
    "HttpVersion11",
    "WSMsgType",
    "WSCloseCode",
    "WSMessage",
    "MultipartReader",
]


def test_every_documented_name_is_there():
    assert len(DOCUMENTED) == 117
    missing = [
        name for name in DOCUMENTED + FROM_THE_ROOT if name not in web.__all__ or not hasattr(web, name)
    ]
    assert missing == []


@pytest.mark.parametrize(
    "name", ["delete", "get", "head", "options", "patch", "post", "put", "route", "static", "view"]
)
def test_no_module_stands_in_the_place_of_a_function(name):
    for module in (
        "routing",
        "multipart",
        "handlers.views",
        "websocket",
        "middlewares",
        "testing",
        "__main__",
    ):
        importlib.import_module(f"muntin.web.{module}")
    assert callable(getattr(web, name))


@pytest.mark.row("CF-03", "WS-05", "WS-10")
def test_message_types_have_two_names():
    assert web.WSMsgType.text is web.WSMsgType.TEXT
    assert web.WSCloseCode.GOING_AWAY == 1001


def test_importing_it_needs_no_test_tools():
    code = (
        "import sys, muntin.web; print(sorted({'anyio', 'pytest', 'muntin.web.testing'} & set(sys.modules)))"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
