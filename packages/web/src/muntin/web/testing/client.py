"""A client for tests: requests that go to an application without a socket in between.

Bytes are made of a request, and the response is parsed from bytes, so a test sees what a client would see.
"""

import json as json_module
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from multidict import CIMultiDict, CIMultiDictProxy

from muntin.middleware import run_all
from muntin.web.app.application import Application
from muntin.web.serving.server import make_exchange_handler
from muntin.web.testing.exchange import MemoryExchange

__all__ = ["ClientResponse", "TestClient"]


class ClientResponse(NamedTuple):
    """The response that a client received."""

    status: int
    reason: str
    headers: CIMultiDictProxy[str]
    body: bytes
    exchange: MemoryExchange
    """The exchange, with all that was sent."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the body parsed as JSON."""
        return json_module.loads(self.body)


class TestClient:
    """Sends requests to an application, which lives as long as a block.

    ```python
    import asyncio

    from muntin import web
    from muntin.web.testing import TestClient


    async def hello(request: web.Request) -> web.Response:
        return web.Response(text=f"hello, {request.query['name']}")


    async def main() -> None:
        app = web.Application()
        app.add_routes([web.get("/", hello)])
        async with TestClient(app) as client:
            response = await client.get("/?name=you")
            assert (response.status, response.text) == (200, "hello, you")


    asyncio.run(main())
    ```

    Args:
        app: the application.
        headers: fields of all requests.
    """

    __test__ = False

    def __init__(self, app: Application, *, headers: Mapping[str, str] | None = None) -> None:
        self.app = app
        self._headers = dict(headers or {})

    async def __aenter__(self) -> Self:
        try:
            await self.app.startup()
        except BaseException:
            await self.app.cleanup()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        steps = [("the shut-down", self.app.shutdown), ("the clean-up", self.app.cleanup)]
        await run_all("several steps of the end failed", steps)

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        data: bytes | str | Mapping[str, str] | None = None,
        json: Any = None,
    ) -> ClientResponse:
        """Send a request and return the response.

        Args:
            method: a token.
            path: of the target, with its query, percent-encoded.
            headers: fields; those of the client stay if they are not among them.
            data: the body: bytes, text, or the fields of a form.
            json: the body as JSON.
        """
        fields = CIMultiDict({"Host": "localhost", **self._headers})
        fields.update(headers)
        body = _encode_body(fields, data, json)
        if body or method in ("POST", "PUT", "PATCH"):
            fields.setdefault("Content-Length", str(len(body)))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        exchange = MemoryExchange(
            f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("utf-8", "surrogateescape") + body
        )
        return await self.answer(exchange)

    async def answer(self, exchange: MemoryExchange) -> ClientResponse:
        """Let the application respond to an exchange, for tests that write every byte themselves."""
        await make_exchange_handler(self.app)(exchange)
        sent = exchange.answer
        return ClientResponse(sent.status, sent.reason, sent.headers, sent.body, exchange)

    async def get(self, path: str, **options: Any) -> ClientResponse:
        """Send a GET; see `request`."""
        return await self.request("GET", path, **options)

    async def head(self, path: str, **options: Any) -> ClientResponse:
        """Send a HEAD; see `request`."""
        return await self.request("HEAD", path, **options)

    async def post(self, path: str, **options: Any) -> ClientResponse:
        """Send a POST; see `request`."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> ClientResponse:
        """Send a PUT; see `request`."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> ClientResponse:
        """Send a PATCH; see `request`."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> ClientResponse:
        """Send a DELETE; see `request`."""
        return await self.request("DELETE", path, **options)

    async def options(self, path: str, **options: Any) -> ClientResponse:
        """Send an OPTIONS; see `request`."""
        return await self.request("OPTIONS", path, **options)


def _encode_body(fields: CIMultiDict[str], data: Any, json: Any) -> bytes:
    if json is not None:
        fields.setdefault("Content-Type", "application/json")
        return json_module.dumps(json).encode()
    if isinstance(data, Mapping):
        fields.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode(data).encode()
    if isinstance(data, str):
        fields.setdefault("Content-Type", "text/plain; charset=utf-8")
        return data.encode()
    return data or b""
