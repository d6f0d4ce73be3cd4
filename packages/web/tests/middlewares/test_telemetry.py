"""Spans and metrics, as OpenTelemetry's SDK takes them."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from muntin import web
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.middlewares.telemetry import telemetry_middleware
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def reader():
    return InMemoryMetricReader()


@pytest.fixture
def middleware(exporter, reader):
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    meters = MeterProvider(metric_readers=[reader])
    yield telemetry_middleware(tracer_provider=tracers, meter_provider=meters)
    tracers.shutdown()
    meters.shutdown()


async def hello(request):
    trace.get_current_span().set_attribute("shop.order", 7)
    return web.Response(text="hello")


async def fail(request):
    raise LookupError("no such thing")


async def unavailable(request):
    raise web.HTTPServiceUnavailable


@pytest.fixture
def app(middleware):
    inner = web.Application()
    inner.add_routes([web.get("/users/{name}", hello), web.get("/fail", fail)])
    app = web.Application(middlewares=[trusted_proxies_middleware(networks=["127.0.0.1"]), middleware])
    app.add_routes([web.get("/", hello), web.get("/unavailable", unavailable)])
    app.add_subapp("/inner", inner)
    return app


@pytest.fixture
def spans(app, exporter):
    """Send requests, and return the spans."""

    async def spans(*paths, method="GET", **headers):
        async with TestClient(app) as client:
            for path in paths:
                await client.request(
                    method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
                )
        return exporter.get_finished_spans()

    return spans


async def test_a_span(spans):
    (span,) = await spans("/inner/users/ada?token=secret", Host="shop.example:8080", User_Agent="tests")
    assert span.name == "GET /inner/users/{name}"
    assert span.kind is SpanKind.SERVER
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is None
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/inner/users/{name}",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": "/inner/users/ada",
        "network.protocol.version": "1.1",
        "network.peer.address": "127.0.0.1",
        "client.address": "127.0.0.1",
        "server.address": "shop.example",
        "server.port": 8080,
        "user_agent.original": "tests",
        "shop.order": 7,
    }


async def test_the_trace_of_the_client_goes_on(spans):
    (span,) = await spans("/", traceparent=f"00-{TRACE}-{PARENT}-01")
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT


async def test_a_trace_that_is_none_is_none(spans):
    (span,) = await spans("/", traceparent="00-x-y-01")
    assert span.parent is None


async def test_a_failure(spans):
    (span,) = await spans("/inner/fail")
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["http.response.status_code"] == 500
    assert span.attributes["error.type"] == "LookupError"
    (event,) = span.events
    assert event.attributes["exception.message"] == "no such thing"


async def test_responses_that_are_errors(spans):
    unavailable, missing = await spans("/unavailable", "/missing")
    assert unavailable.status.status_code is StatusCode.ERROR
    assert unavailable.attributes["error.type"] == "503"
    assert unavailable.events == ()
    assert (missing.name, missing.status.status_code) == ("GET", StatusCode.UNSET)
    assert missing.attributes["http.response.status_code"] == 404
    assert "http.route" not in missing.attributes


async def test_methods_that_are_not_known(spans):
    (span,) = await spans("/", method="ODD")
    assert span.name == "HTTP"
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "ODD"


async def test_who_asked_is_told_by_proxies(spans):
    (span,) = await spans("/", X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https")
    assert (span.attributes["client.address"], span.attributes["url.scheme"]) == ("192.0.2.7", "https")
    assert span.attributes["network.peer.address"] == "127.0.0.1"


async def test_metrics(spans, reader):
    await spans("/", "/inner/users/ada", "/inner/users/zoe", "/inner/fail", "/missing/1", "/missing/2")
    (scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
    points = {metric.name: metric.data.data_points for metric in scope.metrics}
    durations = {
        (point.attributes.get("http.route"), point.attributes["http.response.status_code"]): point
        for point in points["http.server.request.duration"]
    }
    assert {key: point.count for key, point in durations.items()} == {
        ("/", 200): 1,
        ("/inner/users/{name}", 200): 2,
        ("/inner/fail", 500): 1,
        (None, 404): 2,
    }
    assert durations["/inner/fail", 500].attributes["error.type"] == "LookupError"
    assert durations["/", 200].explicit_bounds[0] == 0.005
    assert {point.value for point in points["http.server.active_requests"]} == {0}
    assert {point.sum for point in points["http.server.response.body.size"]} >= {5, 10}
    # Nothing that clients could make up more of.
    names = {name for found in points.values() for point in found for name in point.attributes}
    assert names == {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "url.scheme",
        "network.protocol.version",
        "error.type",
    }


async def test_without_an_sdk_nothing_happens():
    app = web.Application(middlewares=[telemetry_middleware()])
    app.add_routes([web.get("/", hello)])
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "hello"
