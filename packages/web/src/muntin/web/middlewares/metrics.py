"""Metrics for Prometheus: how many requests, how long they take, how large they are, how many are running.

It needs the extra `prometheus`. Names and labels are those of OpenTelemetry's conventions in Prometheus' spelling.
Labels have few values: routes by their templates, methods that are known, statuses.
"""

import os
import time
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._observing import BUCKETS, find_method, find_route, find_size, find_status
from muntin.web.request.request import Request
from muntin.web.response.stream import StreamResponse
from muntin.web.response.whole import Response

__all__ = ["make_metrics_handler", "prometheus_middleware"]

_LABELS = ("http_request_method", "http_route", "http_response_status_code")
_SIZES = tuple(64 * 4**power for power in range(11))
"""From 64 bytes to 64 MiB."""


def prometheus_middleware(
    *, registry: CollectorRegistry = REGISTRY, buckets: Sequence[float] = BUCKETS
) -> Middleware:
    """Make a middleware that counts requests in a registry.

    Put it outermost, into the outermost application: it sees the requests of all applications inside, and those
    without a route, whose label for it is empty.

    Args:
        registry: where the metrics are registered.
        buckets: upper bounds of durations (seconds).

    Raises:
        ValueError: the registry has them already: give one middleware to several applications.
    """
    durations = Histogram(
        "http_server_request_duration_seconds",
        "How long requests took, until their response was made or streamed.",
        _LABELS,
        registry=registry,
        buckets=buckets,
    )
    request_sizes = Histogram(
        "http_server_request_body_size_bytes",
        "Declared sizes of request bodies.",
        _LABELS,
        registry=registry,
        buckets=_SIZES,
    )
    response_sizes = Histogram(
        "http_server_response_body_size_bytes",
        "Sizes of response bodies, where they are known.",
        _LABELS,
        registry=registry,
        buckets=_SIZES,
    )
    active = Gauge(
        "http_server_active_requests",
        "Requests under way.",
        _LABELS[:1],
        registry=registry,
        multiprocess_mode="livesum",
    )

    @middleware
    async def count(request: Request, handler: Handler) -> StreamResponse:
        method = find_method(request)
        under_way = active.labels(method)
        began = time.perf_counter()
        outcome: StreamResponse | BaseException | None = None
        under_way.inc()
        try:
            outcome = await handler(request)
            return outcome
        except BaseException as error:
            outcome = error
            raise
        finally:
            under_way.dec()
            labels = (method, find_route(request) or "", str(find_status(outcome)))
            durations.labels(*labels).observe(time.perf_counter() - began)
            if request.content_length is not None:
                request_sizes.labels(*labels).observe(request.content_length)
            if (size := find_size(outcome)) is not None:
                response_sizes.labels(*labels).observe(size)

    return count


def make_metrics_handler(
    *, registry: CollectorRegistry = REGISTRY
) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler that responds with the metrics of a registry, in the format that the client accepts.

    Where ``PROMETHEUS_MULTIPROC_DIR`` is set, the metrics of all processes that write them there. The metrics show the
    routes: serve them on a site of its own, or hide them behind the proxy.

    Args:
        registry: the registry of the metrics.
    """

    async def show_metrics(request: Request) -> Response:
        shown = registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]  # the library has no type for it
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(body=encode(shown), headers={"Content-Type": content_type})

    return show_metrics
