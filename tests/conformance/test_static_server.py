"""The file of requests for files, asked of a running application over loopback, on both event loops."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from conformance.static.cases import (
    ROOTS,
    Case,
    build_site,
    find_faults,
    format_request,
    parse_response,
    read_cases,
)
from muntin import web
from muntin.static import StaticRoot

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
CASES = [
    pytest.param(case, id=str(case), marks=[pytest.mark.row(*case.rows)])
    for case in read_cases()
    if case.is_sendable
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module", params=LOOPS)
def ask(request: pytest.FixtureRequest, site: Path) -> Iterator[Callable[[bytes], bytes]]:
    """Serve every root below a prefix of its name, and return what sends bytes and gives all that comes back."""
    app = web.Application()
    for name, options in ROOTS.items():
        app.router.add_static(f"/{name}", StaticRoot(site, **options))
    runner = web.AppRunner(app, access_log=None)

    async def serve() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner.addresses[0][1]

    async def exchange(raw: bytes) -> bytes:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(raw)
            response = await reader.read()
            writer.close()
            await writer.wait_closed()
            return response

    with asyncio.Runner(loop_factory=LOOPS[request.param]) as loop:
        port = loop.run(serve())
        yield lambda raw: loop.run(exchange(raw))
        loop.run(runner.cleanup())


@pytest.mark.parametrize("case", CASES)
def test_static_server(case: Case, ask: Callable[[bytes], bytes], site: Path) -> None:
    response = parse_response(ask(format_request(case, f"/{case['root']}")))
    assert list(find_faults(case, response, site)) == []
