"""The rules: what is looked for, what is said about it, and where that is explained.

The page is `docs/how-to/migrate-from-aiohttp.md`; an anchor is one of its headings.
"""

from enum import Enum
from typing import Final, NamedTuple

from muntin.web.migrate._patterns import (
    Pattern,
    attribute,
    call,
    call_without,
    closing_code_below,
    constant,
    imports,
    imports_whole,
    keyword,
    middleware_factory,
    plain_handler,
    returned,
    uses,
)

__all__ = ["RULES", "Finding", "Kind", "Rule"]


class Kind(Enum):
    """What a finding means for the project."""

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
        """Whether nothing has to be changed but an import."""
        return self in (Kind.IMPORT, Kind.OLDER)


class Finding(NamedTuple):
    """Something that was found: where, what it means, what is to be done, and where that is explained."""

    path: str
    line: int
    kind: Kind
    message: str
    anchor: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind.value}: {self.message} (#{self.anchor})"


class Rule(NamedTuple):
    """A pattern, and what is said where it matches."""

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
_OLDER_DEFINITIONS: Final = ["delete", "get", "head", "options", "patch", "post", "put", "view"]

RULES: Final = (
    Rule(uses(*_CLIENT), Kind.MISSING, "keep aiohttp for the client", "the-client"),
    Rule(imports_whole("aiohttp"), Kind.IMPORT, "what it has for servers is in muntin.web", "what-to-change"),
    Rule(imports("aiohttp.web"), Kind.IMPORT, "from muntin import web", "what-to-change"),
    Rule(imports(*_MODULES), Kind.DIFFERS, "import this from muntin.web", "what-to-change"),
    Rule(
        uses(
            "aiohttp.WSMsgType",
            "aiohttp.WSCloseCode",
            "aiohttp.WSMessage",
            "aiohttp.HttpVersion10",
            "aiohttp.HttpVersion11",
            "aiohttp.MultipartReader",
            "aiohttp.MultipartWriter",
        ),
        Kind.DIFFERS,
        "import this from muntin.web",
        "what-to-change",
    ),
    Rule(
        imports("aiohttp.test_utils", "aiohttp.pytest_plugin"),
        Kind.DIFFERS,
        "use muntin.web.testing",
        "tests",
    ),
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
    # What only the older page has.
    Rule(
        keyword("url", "parts", "query", "filename"), Kind.OLDER, "use resource.url_for()", "the-older-page"
    ),
    Rule(attribute("named_resource"), Kind.OLDER, "use router.named_resources()", "the-older-page"),
    Rule(call_without("add_route", 1), Kind.OLDER, "use router.add_resource()", "the-older-page"),
    Rule(uses("aiohttp.MsgType", "muntin.web.MsgType"), Kind.OLDER, "use web.WSMsgType", "the-older-page"),
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
    Rule(returned("HTTP"), Kind.OLDER, "raise it: development mode warns otherwise", "the-older-page"),
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
    # What is gone since 0.2x.
    Rule(attribute("GET", of=("request", "req")), Kind.MISSING, "use request.query", "what-is-not-offered"),
    Rule(
        attribute("POST", of=("request", "req")),
        Kind.MISSING,
        "use await request.post()",
        "what-is-not-offered",
    ),
    Rule(
        call("start", first=("request", "req")),
        Kind.MISSING,
        "use await prepare(request)",
        "what-is-not-offered",
    ),
    Rule(call("can_start"), Kind.MISSING, "use can_prepare()", "what-is-not-offered"),
    Rule(call("register_on_finish"), Kind.MISSING, "use app.on_cleanup", "what-is-not-offered"),
    Rule(
        attribute("finish", of=("app", "application")),
        Kind.MISSING,
        "use app.cleanup()",
        "what-is-not-offered",
    ),
)
