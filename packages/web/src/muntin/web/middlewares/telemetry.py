"""Telemetry by OpenTelemetry: a span for each request, and its metrics.

It needs the extra `opentelemetry`, which is the API alone: the SDK that the program sets up exports them. Names are
those of the semantic conventions for HTTP servers. Data that may hold secrets is left out: the query, fields, bodies.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from opentelemetry import metrics, propagate, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.propagators.textmap import Getter, TextMapPropagator
from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider

from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._observing import BUCKETS, OTHER, find_method, find_route, find_size, find_status
from muntin.web.request.address import ip_of, split_port
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPException
from muntin.web.response.stream import StreamResponse

__all__ = ["telemetry_middleware"]

_SCOPE: Final = "muntin.web"
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.26.0"
_Attributes = dict[str, str | int]


class _Fields(Getter[Request]):
    """Reads the fields of a client's trace."""

    def get(self, carrier: Request, key: str) -> list[str] | None:
        return carrier.headers.getall(key, None)

    def keys(self, carrier: Request) -> list[str]:
        return list(carrier.headers)


_FIELDS: Final = _Fields()


def telemetry_middleware(
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    propagator: TextMapPropagator | None = None,
    buckets: Sequence[float] = BUCKETS,
) -> Middleware:
    """Make a middleware that makes a span of each request, and measures it.

    The span is current while the handler runs, within the trace that the client sends (``traceparent``), if it does.

    Put it outermost, into the outermost application, behind `trusted_proxies_middleware`: it sees the requests of all
    applications inside, and those without a route.

    Args:
        tracer_provider, meter_provider: where they go; None for the global ones.
        propagator: reads the client's trace; None for the global one.
        buckets: upper bounds of durations (seconds).
    """
    tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider, schema_url=_SCHEMA)
    meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider, schema_url=_SCHEMA)
    durations = meter.create_histogram(
        "http.server.request.duration",
        unit="s",
        description="Duration of HTTP server requests.",
        explicit_bucket_boundaries_advisory=buckets,
    )
    request_sizes = meter.create_histogram(
        "http.server.request.body.size", unit="By", description="Size of HTTP server request bodies."
    )
    response_sizes = meter.create_histogram(
        "http.server.response.body.size", unit="By", description="Size of HTTP server response bodies."
    )
    active = meter.create_up_down_counter(
        "http.server.active_requests", unit="{request}", description="Number of active HTTP server requests."
    )

    @middleware
    async def observe(request: Request, handler: Handler) -> StreamResponse:
        known: _Attributes = {"http.request.method": find_method(request), "url.scheme": request.scheme}
        measured = {**known, "network.protocol.version": _version(request)}
        route = find_route(request)
        if route is not None:
            measured["http.route"] = route
        read = propagate.extract if propagator is None else propagator.extract
        outcome: StreamResponse | BaseException | None = None
        began = time.perf_counter()
        active.add(1, known)
        with tracer.start_as_current_span(
            _name_span(known, route),
            context=read(request, getter=_FIELDS),
            kind=SpanKind.SERVER,
            attributes={**measured, **_describe(request)},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                outcome = await handler(request)
                return outcome
            except BaseException as error:
                outcome = error
                raise
            finally:
                found = _find_outcome(outcome)
                _end(span, outcome, found)
                active.add(-1, known)
                measured |= found
                durations.record(time.perf_counter() - began, measured)
                if request.content_length is not None:
                    request_sizes.record(request.content_length, measured)
                if (size := find_size(outcome)) is not None:
                    response_sizes.record(size, measured)

    return observe


def _version(request: Request) -> str:
    version = request.version
    return f"{version.major}.{version.minor}"


def _name_span(known: _Attributes, route: str | None) -> str:
    method = known["http.request.method"]
    name = "HTTP" if method == OTHER else str(method)
    return name if route is None else f"{name} {route}"


def _describe(request: Request) -> _Attributes:
    """Return the attributes that only spans have: clients can send any number of values of these."""
    found: dict[str, str | int | None] = {
        "url.path": request.target.path,
        "client.address": request.remote,
        "network.peer.address": ip_of(request.exchange.peer.address),
        "user_agent.original": request.headers.get("User-Agent"),
    }
    if find_method(request) == OTHER:
        found["http.request.method_original"] = request.method
    with suppress(ValueError):  # a port that is none
        found["server.address"], found["server.port"] = split_port(request.host)
    return {name: value for name, value in found.items() if value is not None}


def _find_outcome(outcome: object) -> _Attributes:
    """Return the status as attributes, and the type of the error if the server failed."""
    if isinstance(outcome, BaseException) and not isinstance(outcome, HTTPException):
        kind = type(outcome)
        error = (
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        )
        # A cancelled handler, and one at the end of the program, has no response.
        return {"error.type": error} | (
            {"http.response.status_code": 500} if isinstance(outcome, Exception) else {}
        )
    status = find_status(outcome)
    found: _Attributes = {"http.response.status_code": status}
    return found | {"error.type": str(status)} if status >= 500 else found


def _end(span: Span, outcome: Any, found: _Attributes) -> None:
    span.set_attributes(found)
    if isinstance(outcome, Exception) and not isinstance(outcome, HTTPException):
        span.record_exception(outcome)
    if "error.type" in found:
        span.set_status(StatusCode.ERROR)
