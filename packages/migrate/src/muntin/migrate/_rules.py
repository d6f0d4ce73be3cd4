"""The rules: a pattern, the message for a match, and the heading that explains it.

The page is `docs/how-to/migrate-from-aiohttp.md`; an anchor is one of its headings.
"""

from enum import Enum
from typing import Final, NamedTuple

from muntin.migrate._patterns import (
    Pattern,
    attribute,
    call,
    call_without,
    closing_code_below,
    constant,
    decorated_plain_handler,
    imports,
    imports_other,
    imports_prefixed,
    imports_whole,
    keyword,
    looked_up,
    middleware_factory,
    plain_handler,
    plain_receiver,
    raw_expression,
    returned,
    uses,
)

__all__ = ["OF_SERVERS", "RULES", "Finding", "Kind", "Rule"]


class Kind(Enum):
    """The meaning of a finding for the project."""

    IMPORT = "import"
    """Only the import changes."""
    OLDER = "older"
    """Works, and warns of its age."""
    DIFFERS = "differs"
    """Behaves differently."""
    MISSING = "missing"
    """Is not offered."""
    UNREAD = "unread"
    """The file could not be read."""

    @property
    def is_harmless(self) -> bool:
        """True if nothing has to be changed except an import."""
        return self in (Kind.IMPORT, Kind.OLDER)


class Finding(NamedTuple):
    """One finding: its place, its kind, what to do, and the heading of the page that explains it."""

    path: str
    line: int
    kind: Kind
    message: str
    anchor: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind.value}: {self.message} (#{self.anchor})"


class Rule(NamedTuple):
    """A pattern, and the message for its matches."""

    pattern: Pattern
    kind: Kind
    message: str
    anchor: str


_CLIENT: Final = tuple(
    f"aiohttp.{name}"
    for name in [
        "BasicAuth",
        "ClientConnectionError",
        "ClientConnectorError",
        "ClientError",
        "ClientPayloadError",
        "ClientRequest",
        "ClientResponse",
        "ClientResponseError",
        "ClientSession",
        "ClientTimeout",
        "ClientWebSocketResponse",
        "CookieJar",
        "DummyCookieJar",
        "Fingerprint",
        "FormData",
        "ServerDisconnectedError",
        "ServerTimeoutError",
        "TCPConnector",
        "TraceConfig",
        "UnixConnector",
        "WSServerHandshakeError",
        "request",
    ]
)
_MODULES: Final = tuple(
    f"aiohttp.web_{name}"
    for name in [
        "app",
        "exceptions",
        "fileresponse",
        "log",
        "middlewares",
        "protocol",
        "request",
        "response",
        "routedef",
        "runner",
        "server",
        "urldispatcher",
        "ws",
    ]
)
_HERE: Final = tuple(
    f"aiohttp.{name}"
    for name in [
        "BodyPartReader",
        "HttpVersion",
        "HttpVersion10",
        "HttpVersion11",
        "MultipartReader",
        "MultipartWriter",
        "Payload",
        "StreamReader",
        "WSCloseCode",
        "WSMessage",
        "WSMsgType",
        "get_payload",
        "helpers.ETag",
        "http.HttpVersion",
        "http.HttpVersion10",
        "http.HttpVersion11",
        "http.WSCloseCode",
        "http.WSMessage",
        "http.WSMsgType",
        "multipart",
        "payload.Payload",
        "payload.get_payload",
        "streams.StreamReader",
        "typedefs.Handler",
        "typedefs.Middleware",
    ]
)
_ELSEWHERE: Final = {
    ("aiohttp.abc",): "import this from muntin.web.abc",
    ("aiohttp.hdrs",): "write the names of fields and methods as text",
    ("aiohttp.log",): 'use logging.getLogger("muntin.web"), or "muntin.access"',
    ("aiohttp.streamer",): "give an async generator as the body",
    ("aiohttp.GunicornWebWorker", "aiohttp.worker"): "import this from muntin.runner",
    (
        "aiohttp.CIMultiDict",
        "aiohttp.CIMultiDictProxy",
        "aiohttp.MultiDict",
        "aiohttp.MultiDictProxy",
        "aiohttp.multidict",
    ): "import this from multidict",
}
_TESTING: Final = ("aiohttp.test_utils", "aiohttp.pytest_plugin")
_OLDER_ROOT: Final = ("aiohttp.MsgType", "muntin.web.MsgType")
_PLUGINS: Final = {
    "aiohttp_session": "keep the session in a cookie by a middleware",
    "aiohttp_jinja2": "render jinja2's templates by a decorator",
    "aiohttp_mako": "render mako's templates by a decorator",
    "aiohttp_cors": "use muntin.web.middlewares.cors",
    "aiohttp_debugtoolbar": "use web.Application(debug=True)",
    "aiohttp_remotes": "use muntin.web.middlewares.proxies",
    "aiohttp_sse": "use web.EventStream",
    "aiohttp_swagger": "there is no replacement here",
    "aiojobs.aiohttp": "use app.spawn() and asyncio.shield()",
    "sockjs": "there is no replacement here",
}
_EXCEPTIONS: Final = ("aiohttp.web", "aiohttp.web_exceptions", "muntin.web")
_REQUEST: Final = ("request", "req")
_RESPONSE: Final = ("r", "resp", "response", "rsp", "stream", "websocket", "ws")
_OLDER_DEFINITIONS: Final = ["delete", "get", "head", "options", "patch", "post", "put", "view"]

OF_SERVERS: Final = frozenset(("the-older-page", "what-is-not-offered", "what-is-stricter"))
"""The headings whose rules apply only to modules that serve HTTP."""

RULES: Final = (
    Rule(uses(*_CLIENT), Kind.MISSING, "keep aiohttp for the client", "the-client"),
    Rule(imports_whole("aiohttp"), Kind.IMPORT, "what it has for servers is in muntin.web", "what-to-change"),
    Rule(imports("aiohttp.web"), Kind.IMPORT, "from muntin import web", "what-to-change"),
    Rule(imports(*_MODULES), Kind.DIFFERS, "import this from muntin.web", "what-to-change"),
    Rule(uses(*_HERE), Kind.DIFFERS, "import this from muntin.web", "what-to-change"),
    *(Rule(uses(*names), Kind.DIFFERS, remedy, "what-to-change") for names, remedy in _ELSEWHERE.items()),
    Rule(
        imports_other(
            "aiohttp",
            but=(
                "aiohttp.web",
                *_CLIENT,
                *_MODULES,
                *_HERE,
                *(name for names in _ELSEWHERE for name in names),
                *_TESTING,
                *_OLDER_ROOT,
            ),
        ),
        Kind.MISSING,
        "there is no such name here; keep aiohttp if it is for the client",
        "the-client",
    ),
    Rule(imports(*_TESTING), Kind.DIFFERS, "use muntin.web.testing", "tests"),
    Rule(
        constant("aiohttp.GunicornWebWorker", "aiohttp.worker.GunicornWebWorker"),
        Kind.DIFFERS,
        "name muntin.runner.GunicornWebWorker",
        "what-to-change",
    ),
    *(
        Rule(imports(module), Kind.MISSING, f"{module} imports aiohttp by its name: {remedy}", "plugins")
        for module, remedy in _PLUGINS.items()
    ),
    Rule(
        imports_prefixed("aiohttp_", but=_PLUGINS),
        Kind.MISSING,
        "it imports aiohttp by its name, and knows nothing of muntin",
        "plugins",
    ),
    # What only the older page has.
    Rule(
        keyword("url", "parts", "query", "filename"), Kind.OLDER, "use resource.url_for()", "the-older-page"
    ),
    Rule(
        looked_up("url", of=("router", "named_resource")),
        Kind.OLDER,
        "use resource.url_for()",
        "the-older-page",
    ),
    Rule(attribute("named_resource"), Kind.OLDER, "use router.named_resources()", "the-older-page"),
    Rule(call_without("add_route", 1), Kind.OLDER, "use router.add_resource()", "the-older-page"),
    Rule(uses(*_OLDER_ROOT), Kind.OLDER, "use web.WSMsgType", "the-older-page"),
    Rule(attribute("tp", of=("msg", "message")), Kind.OLDER, "use message.type", "the-older-page"),
    Rule(
        attribute("message", of=("resp", "response")),
        Kind.OLDER,
        "use response.reason",
        "the-older-page",
    ),
    Rule(call("make_handler"), Kind.OLDER, "use web.AppRunner(app)", "the-older-page"),
    Rule(call("finish_connections"), Kind.OLDER, "use web.AppRunner.cleanup()", "the-older-page"),
    Rule(keyword("Application", "loop"), Kind.OLDER, "leave loop= out", "the-older-page"),
    Rule(middleware_factory, Kind.OLDER, "write @web.middleware (request, handler)", "the-older-page"),
    Rule(plain_handler, Kind.OLDER, "write the handler with async def", "the-older-page"),
    Rule(decorated_plain_handler, Kind.OLDER, "write the handler with async def", "the-older-page"),
    Rule(
        returned("HTTP", *_EXCEPTIONS),
        Kind.OLDER,
        "raise it: development mode warns otherwise",
        "the-older-page",
    ),
    *(
        Rule(
            uses(f"aiohttp.web.add_{name}", f"muntin.web.add_{name}"),
            Kind.OLDER,
            f"use web.{name}()",
            "the-older-page",
        )
        for name in _OLDER_DEFINITIONS
    ),
    # What is different.
    Rule(closing_code_below(1000), Kind.DIFFERS, "this code cannot be sent, and 1001 is", "what-is-stricter"),
    Rule(
        call("wait_closed", of=("srv", "server")),
        Kind.DIFFERS,
        "since Python 3.12 this waits for open connections: finish those first",
        "what-is-stricter",
    ),
    Rule(
        call("get_event_loop", of=("asyncio",)),
        Kind.DIFFERS,
        "outside of a running loop there is none: make one, or use web.run_app()",
        "what-is-stricter",
    ),
    Rule(
        uses("asyncio.coroutine"),
        Kind.DIFFERS,
        "Python has this no longer: use async def",
        "what-is-stricter",
    ),
    Rule(plain_receiver, Kind.DIFFERS, "a signal awaits its receivers: use async def", "what-is-stricter"),
    Rule(
        raw_expression,
        Kind.DIFFERS,
        "a regular expression is for the percent-encoded path",
        "what-is-stricter",
    ),
    # What is gone since 0.2x.
    Rule(attribute("GET", of=_REQUEST), Kind.MISSING, "use request.query", "what-is-not-offered"),
    Rule(
        attribute("POST", of=_REQUEST),
        Kind.MISSING,
        "use await request.post()",
        "what-is-not-offered",
    ),
    Rule(
        call("start", first=_REQUEST),
        Kind.MISSING,
        "use await prepare(request)",
        "what-is-not-offered",
    ),
    Rule(attribute("started", of=_RESPONSE), Kind.MISSING, "use response.prepared", "what-is-not-offered"),
    Rule(call("can_start"), Kind.MISSING, "use can_prepare()", "what-is-not-offered"),
    Rule(call("register_on_finish"), Kind.MISSING, "use app.on_cleanup", "what-is-not-offered"),
    Rule(
        attribute("finish", of=("app", "application")),
        Kind.MISSING,
        "use app.cleanup()",
        "what-is-not-offered",
    ),
    *(
        Rule(
            keyword(name, "keep_alive", "keep_alive_on", "slow_request_timeout", "timeout"),
            Kind.MISSING,
            "use keepalive_timeout=, or web.run_app(timeouts=)",
            "what-is-not-offered",
        )
        for name in ("make_handler", "run_app", "AppRunner")
    ),
    Rule(
        keyword("Application", "secure_proxy_ssl_header"),
        Kind.MISSING,
        "use muntin.web.middlewares.proxies",
        "what-is-not-offered",
    ),
    Rule(
        keyword("make_handler", "secure_proxy_ssl_header"),
        Kind.MISSING,
        "use muntin.web.middlewares.proxies",
        "what-is-not-offered",
    ),
    Rule(attribute("payload", of=_REQUEST), Kind.MISSING, "use request.content", "what-is-not-offered"),
    # What is gone with what is behind it.
    *(
        Rule(attribute(name, of=_REQUEST), Kind.MISSING, "use request.exchange", "what-is-not-offered")
        for name in ("message", "protocol", "writer")
    ),
    Rule(attribute("task", of=_RESPONSE), Kind.MISSING, "use request.task", "what-is-not-offered"),
    *(
        Rule(call(name), Kind.MISSING, "leave it out: a router needs no such call", "what-is-not-offered")
        for name in ("index_resource", "post_init", "unindex_resource")
    ),
    Rule(
        call("add_app", of=("match_info",)),
        Kind.MISSING,
        "leave it out: the applications are known before",
        "what-is-not-offered",
    ),
)
