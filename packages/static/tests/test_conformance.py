"""The conformance file, asked of the plan, of the ASGI application in process, and of it under uvicorn."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from muntin.static import StaticRoot, _root
from muntin.static._sandbox import Sandbox
from muntin.static.asgi import StaticFiles

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

REPOSITORY = Path(__file__).parents[3]
if not (REPOSITORY / "conformance" / "static").exists():
    pytest.skip("the conformance data is part of the repository, not of the package", allow_module_level=True)
sys.path.insert(0, str(REPOSITORY))

from conformance.static.cases import (  # noqa: E402 - it is found by the line above
    ROOTS,
    Case,
    WholeResponse,
    build_site,
    find_faults,
    format_request,
    parse_response,
    read_cases,
)

CASES = [pytest.param(case, id=str(case), marks=[pytest.mark.row(*case.rows)]) for case in read_cases()]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("conformance"))


@pytest.fixture(scope="module")
def roots(site: Path) -> dict[str, StaticRoot]:
    return {name: StaticRoot(site, **options) for name, options in ROOTS.items()}


@pytest.fixture
def check(site: Path) -> Callable[[Case, WholeResponse], None]:
    """Compare a response with what a case expects."""

    def check(case: Case, response: WholeResponse) -> None:
        assert list(find_faults(case, response, site)) == []

    return check


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 120
    assert len({param.id for param in CASES}) == len(CASES)


# The plan


@pytest.fixture(scope="module")
def comparing_roots(site: Path) -> dict[str, StaticRoot]:
    """Return the roots as they are where nothing can be opened relative to a directory, as on Windows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_root, "Sandbox", partial(Sandbox, can_walk=False))
        return {name: StaticRoot(site, **options) for name, options in ROOTS.items()}


@pytest.mark.parametrize("way", ["roots", "comparing_roots"])
@pytest.mark.parametrize("case", CASES)
def test_plan(case: Case, way: str, request: pytest.FixtureRequest, check: Callable[..., None]) -> None:
    roots = request.getfixturevalue(way)
    path, _, query = case.own["target"].partition("?")
    for _ in range(2):  # found, then remembered
        with roots[case["root"]].plan(case.method, path, case["fields"], query=query) as plan:
            body = b"".join(plan.chunks(1000))
            assert plan.length == len(body)
            check(case, WholeResponse(plan.status, list(plan.fields), body))


# The ASGI application


@pytest.mark.anyio
@pytest.mark.parametrize("case", CASES)
async def test_asgi(case: Case, roots: dict[str, StaticRoot], check: Callable[..., None]) -> None:
    path, _, query = case.own["target"].partition("?")
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": case.method,
        "path": "/assets" + unquote(path),
        "raw_path": b"/assets" + path.encode(),
        "root_path": "/assets",
        "query_string": query.encode(),
        "headers": [
            (name.lower().encode(), value.encode("latin-1", "ignore"))
            for name, value in case["fields"].items()
        ],
    }
    await StaticFiles(roots[case["root"]])(scope, receive, send)
    assert sent[0]["type"] == "http.response.start"
    fields = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    assert not sent[-1].get("more_body", False)
    check(case, WholeResponse(sent[0]["status"], fields, b"".join(message["body"] for message in sent[1:])))


# A server


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def addresses(
    roots: dict[str, StaticRoot], serve: Callable[..., Any], anyio_backend: str
) -> AsyncIterator[dict[str, tuple[str, int]]]:
    """Serve every root with uvicorn on a loopback port of its own."""
    async with serve(*map(StaticFiles, roots.values())) as running:
        yield dict(zip(roots, (address for address, _ in running), strict=True))


@pytest.mark.anyio
@pytest.mark.parametrize("case", [param for param in CASES if param.values[0].is_sendable])
async def test_uvicorn(case: Case, addresses: dict[str, tuple[str, int]], check: Callable[..., None]) -> None:
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*addresses[case["root"]])
        try:
            writer.write(format_request(case))
            raw = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    check(case, parse_response(raw))
