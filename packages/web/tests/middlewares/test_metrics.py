"""Metrics, as Prometheus reads them."""

import asyncio
import sys

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from muntin import web
from muntin.web.middlewares.metrics import make_metrics_handler, prometheus_middleware
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio


async def hello(request):
    return web.Response(text="hello")


async def take(request):
    await request.read()
    return web.Response(status=201)


async def fail(request):
    raise RuntimeError


async def forbid(request):
    raise web.HTTPForbidden


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"x" * 100)
    return response


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def app(registry):
    inner = web.Application()
    inner.add_routes([web.get("/users/{name}", hello), web.get("/fail", fail)])
    app = web.Application(middlewares=[prometheus_middleware(registry=registry)])
    app.add_routes(
        [
            web.get("/", hello),
            web.post("/take", take),
            web.get("/forbid", forbid),
            web.get("/stream", stream),
            web.get("/metrics", make_metrics_handler(registry=registry)),
        ]
    )
    app.add_subapp("/inner", inner)
    return app


def count(registry, method, route, status, metric="duration_seconds"):
    labels = {"http_request_method": method, "http_route": route, "http_response_status_code": str(status)}
    return registry.get_sample_value(f"http_server_{metric}", labels)


async def test_requests_are_counted_by_templates(app, registry):
    async with TestClient(app) as client:
        for path in ("/", "/inner/users/ada", "/inner/users/zoe", "/inner/fail", "/forbid", "/stream"):
            await client.get(path)
        await client.post("/take", data=b"x" * 1000)
    durations = [
        ("GET", "/", 200, 1),
        ("GET", "/inner/users/{name}", 200, 2),
        ("GET", "/inner/fail", 500, 1),
        ("GET", "/forbid", 403, 1),
        ("GET", "/stream", 200, 1),
        ("POST", "/take", 201, 1),
    ]
    for *labels, number in durations:
        assert count(registry, *labels, metric="request_duration_seconds_count") == number
    assert count(registry, "GET", "/", 200, metric="response_body_size_bytes_sum") == 5
    assert count(registry, "GET", "/stream", 200, metric="response_body_size_bytes_sum") == 100
    assert count(registry, "POST", "/take", 201, metric="request_body_size_bytes_sum") == 1000
    assert count(registry, "GET", "/", 200, metric="request_body_size_bytes_sum") is None


async def test_whatever_clients_send_there_are_few_labels(app, registry):
    async with TestClient(app) as client:
        for number in range(20):
            await client.get(f"/missing/{number}")
            await client.request(f"ODD{number}", "/")
            await client.get(f"/inner/missing/{number}")
    found = {
        tuple(sample.labels.get(label) for label in ("http_request_method", "http_route"))
        for family in registry.collect()
        for sample in family.samples
        if "duration" in sample.name
    }
    assert found == {("GET", ""), ("_OTHER", "")}
    assert count(registry, "_OTHER", "", 405, metric="request_duration_seconds_count") == 20
    assert count(registry, "GET", "", 404, metric="request_duration_seconds_count") == 40


async def test_what_is_under_way(registry):
    begun, end = asyncio.Event(), asyncio.Event()

    async def waits(request):
        begun.set()
        await end.wait()
        return web.Response()

    app = web.Application(middlewares=[prometheus_middleware(registry=registry)])
    app.add_routes([web.get("/", waits)])

    def under_way():
        return registry.get_sample_value("http_server_active_requests", {"http_request_method": "GET"})

    async with TestClient(app) as client:
        asking = asyncio.create_task(client.get("/"))
        await begun.wait()
        assert under_way() == 1
        end.set()
        await asking
        assert under_way() == 0


async def test_the_handler(app):
    async with TestClient(app) as client:
        await client.get("/")
        plain = await client.get("/metrics")
        accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
        openmetrics = await client.get("/metrics", headers=accept)
    assert plain.headers["Content-Type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(plain.text)}
    assert families["http_server_request_duration_seconds"].type == "histogram"
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")


def test_a_registry_takes_them_once(registry):
    prometheus_middleware(registry=registry)
    with pytest.raises(ValueError, match="Duplicated"):
        prometheus_middleware(registry=registry)


@pytest.mark.skipif(sys.platform == "win32", reason="workers are POSIX")
def test_all_processes_are_told_of(start, free_port, tmp_path, monkeypatch):
    """Which process responds does not matter: each tells of all."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    program = start(f"""
        from muntin.web.middlewares.metrics import make_metrics_handler, prometheus_middleware

        app = web.Application(middlewares=[prometheus_middleware()])
        app.add_routes([web.get("/", hello), web.get("/metrics", make_metrics_handler())])
        web.run_app(app, host="127.0.0.1", port={free_port}, workers=2)
    """)
    program.read_until("Serving on")
    for _ in range(20):
        program.fetch(free_port)
    told = {
        line.rpartition(" ")[0]: line.rpartition(" ")[2]
        for line in program.fetch(free_port, "/metrics").splitlines()
    }
    labels = 'http_request_method="GET",http_response_status_code="200",http_route="/"'
    assert told["http_server_request_duration_seconds_count{" + labels + "}"] == "20.0"
    assert program.stop()[0] == 0
