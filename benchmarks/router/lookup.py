"""How long one look-up takes, by kind of table and by size, beside other routers.

    python benchmarks/router/lookup.py [--sizes 10 1000] [--rounds 7] [--peers muntin aiohttp]

Each cell is the median over interleaved rounds (every router once, then again), in microseconds. Only ratios from one
run mean anything. A peer that is not installed is left out.
"""

# ruff: noqa: PLC0415 -- a peer is imported when it is measured, since it may not be installed.

import argparse
import asyncio
import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

Lookup = Callable[[], object]

# -- tables: templates, and the path that is looked up ------------------------------------------------------------


def make_plain(size: int) -> tuple[list[str], str]:
    """Literal paths."""
    return [f"/plain/{n}/x" for n in range(size)], f"/plain/{size - 1}/x"


def make_unique(size: int) -> tuple[list[str], str]:
    """A variable behind a prefix that no other template has."""
    return [f"/u{n}/{{id}}" for n in range(size)], f"/u{size - 1}/1234"


def make_shared(size: int) -> tuple[list[str], str]:
    """Variables behind a prefix that all templates have."""
    return [f"/api/{{org}}/r{n}/{{id}}" for n in range(size)], f"/api/me/r{size - 1}/1234"


def make_first(size: int) -> tuple[list[str], str]:
    """A variable in the first segment."""
    return [f"/{{org}}/r{n}" for n in range(size)], f"/me/r{size - 1}"


def make_miss(size: int) -> tuple[list[str], str]:
    """A path that is none of them."""
    return make_unique(size)[0], "/nothing/of/the/kind"


def make_deep(size: int) -> tuple[list[str], str]:
    """Ten segments, three of them variable."""
    tail = "b/{x}/c/d/{y}/e/f/{z}"
    return [f"/a/{n}/{tail}" for n in range(size)], f"/a/{size - 1}/b/1/c/d/2/e/f/3"


def make_mixed(size: int) -> tuple[list[str], str]:
    """A share of each kind; a variable behind a shared prefix is looked up."""
    share = max(size // 5, 1)
    makers = (make_plain, make_unique, make_first, make_deep, make_shared)
    tables = [make(share) for make in makers]
    return [template for templates, _ in tables for template in templates], tables[-1][1]


TABLES = {
    "plain": make_plain,
    "unique prefix": make_unique,
    "shared prefix": make_shared,
    "first segment": make_first,
    "miss": make_miss,
    "deep": make_deep,
    "mixed": make_mixed,
}

# -- routers ------------------------------------------------------------------------------------------------------


def prepare_muntin(templates: list[str], path: str) -> Lookup:
    """muntin.router."""
    from muntin.router import Router

    router: Router[str] = Router()
    for template in templates:
        router.add_get(template, "handler")
    router.freeze()
    return lambda: router.match("GET", path)


def prepare_aiohttp(templates: list[str], path: str) -> Lookup:
    """aiohttp's UrlDispatcher, its coroutine driven by hand."""
    from aiohttp import web
    from aiohttp.test_utils import make_mocked_request

    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    dispatcher = web.UrlDispatcher()
    for template in templates:
        dispatcher.add_get(template, handler)
    dispatcher.freeze()
    request = make_mocked_request("GET", path)

    def look_up() -> None:
        try:
            dispatcher.resolve(request).send(None)
        except StopIteration:
            return

    return look_up


def prepare_starlette(templates: list[str], path: str) -> Lookup:
    """Starlette's routes, asked one after the other as its router does."""
    from starlette.routing import Match, Route

    async def endpoint(request: Any) -> None:
        return None

    routes = [Route(template, endpoint) for template in templates]
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "path_params": {}}

    def look_up() -> object:
        for route in routes:
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                return child_scope
        return None

    return look_up


def prepare_werkzeug(templates: list[str], path: str) -> Lookup:
    """werkzeug's Map."""
    from werkzeug.exceptions import NotFound
    from werkzeug.routing import Map, Rule

    rules = [Rule(t.replace("{", "<").replace("}", ">"), endpoint=t, methods=["GET"]) for t in templates]
    adapter = Map(rules).bind("localhost")

    def look_up() -> object:
        try:
            return adapter.match(path, "GET")
        except NotFound:
            return None

    look_up()
    return look_up


def prepare_falcon(templates: list[str], path: str) -> Lookup:
    """falcon's compiled router."""
    from falcon.routing import CompiledRouter

    class Resource:
        def on_get(self, request: Any, response: Any) -> None:
            return None

    router, resource = CompiledRouter(), Resource()
    for template in templates:
        router.add_route(template, resource)
    router.find(path)
    return lambda: router.find(path)


PEERS = {
    "muntin": prepare_muntin,
    "aiohttp": prepare_aiohttp,
    "starlette": prepare_starlette,
    "werkzeug": prepare_werkzeug,
    "falcon": prepare_falcon,
}

# -- measuring ----------------------------------------------------------------------------------------------------


def time_once(look_up: Lookup, seconds: float) -> float:
    """Return the microseconds of one call, from as many calls as the time allows."""
    calls = 1
    while True:
        started = time.perf_counter()
        for _ in range(calls):
            look_up()
        elapsed = time.perf_counter() - started
        if elapsed > seconds:
            return elapsed / calls * 1e6
        calls *= 2


def measure(lookups: dict[str, Lookup], rounds: int, seconds: float) -> dict[str, float]:
    """Return the median of each, over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in lookups}
    for _ in range(rounds):
        for name, look_up in lookups.items():
            times[name].append(time_once(look_up, seconds))
    return {name: statistics.median(each) for name, each in times.items()}


def run(peers: list[str], sizes: list[int], rounds: int, seconds: float) -> Iterator[str]:
    """Return the lines of the report."""
    yield (
        f"{'table':15}{'size':>7}  "
        + "".join(f"{peer + ' µs':>14}" for peer in peers)
        + "   muntin is faster by"
    )
    for table, make in TABLES.items():
        for size in sizes:
            templates, path = make(size)
            medians = measure({peer: PEERS[peer](templates, path) for peer in peers}, rounds, seconds)
            cells = "".join(f"{medians[peer]:14.2f}" for peer in peers)
            ratios = [
                f"{peer} {medians[peer] / medians['muntin']:.1f}×" for peer in peers if peer != "muntin"
            ]
            yield f"{table:15}{size:7}  {cells}   {', '.join(ratios)}"


def grow(sizes: list[int], rounds: int, seconds: float) -> Iterator[str]:
    """Return the lines about how muntin's time grows with the size, all sizes in the same rounds."""
    yield f"muntin, of its time with {sizes[0]} resources:"
    for table, make in TABLES.items():
        medians = measure({str(size): prepare_muntin(*make(size)) for size in sizes}, rounds, seconds)
        first = medians[str(sizes[0])]
        yield f"{table:15}" + "".join(
            f"{size:>10}: {median / first:.2f}×" for size, median in medians.items()
        )


def main() -> None:
    """Read the command line and print the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[10, 100, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.02, help="the least time of one sample")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    options = parser.parse_args()
    known = [peer for peer in options.peers if peer == "muntin" or importlib.util.find_spec(peer)]
    peers = ["muntin", *(peer for peer in known if peer != "muntin")]
    for line in run(peers, options.sizes, options.rounds, options.seconds):
        print(line, flush=True)
    print()
    for line in grow(options.sizes, options.rounds, options.seconds):
        print(line, flush=True)


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    main()
