"""The list of middlewares: mistakes are found before there are requests."""

from functools import partial

import pytest

from muntin.middleware import CompositionError, Middlewares, check_middlewares, middleware

pytestmark = pytest.mark.anyio


def parametrised(text):
    @middleware
    async def around(request, handler):
        return await handler(request) + text

    return around


async def forgotten(request, handler):
    return await handler(request)


class Request: ...


class Response: ...


async def abbreviated(req, nxt):
    return await nxt(req)


async def annotated(it: Request, nxt):
    return await nxt(it)


async def quoted(it: "web.Request", nxt):  # noqa: F821 - as under `from __future__ import annotations`
    return await nxt(it)


async def responding(it, nxt) -> Response:
    return await nxt(it)


@middleware
async def misnamed(request, next_handler):
    return await next_handler(request)


async def one_argument(app):
    return app


class Unmade:
    async def __call__(self, app, handler):
        return handler


@pytest.mark.row("MW-14", "CF-04", "MW-03")
@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (parametrised, r"parametrised cannot be used: .*call it"),
        (forgotten, r"forgotten cannot be used: .*@middleware"),
        (abbreviated, r"abbreviated cannot be used: .*@middleware"),
        (annotated, r"annotated cannot be used: .*@middleware"),
        (quoted, r"quoted cannot be used: .*@middleware"),
        (responding, r"responding cannot be used: .*@middleware"),
        (partial(abbreviated), r"abbreviated cannot be used: .*@middleware"),
        (misnamed, r"misnamed cannot be used: .*\(request, handler\)"),
        (one_argument, r"one_argument cannot be used: .*\(app, handler\)"),
        (Unmade, r"Unmade cannot be used: .*instance"),
        ("middleware", r"'middleware' cannot be used: it is not callable"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_mistakes_are_found(mistake, message):
    with pytest.raises(CompositionError, match=message):
        check_middlewares([parametrised("!"), mistake])


def test_instances_of_a_factory_class_may_be_used():
    check_middlewares([Unmade()])


@pytest.mark.row("CF-16")
def test_the_same_method_twice_is_a_mistake():
    class Guard:
        async def around(self, app, handler):
            return handler

    guard = Guard()
    check_middlewares([guard.around, Guard().around])
    with pytest.raises(CompositionError, match="twice"):
        check_middlewares([guard.around, guard.around])


@pytest.mark.row("CF-16")
def test_the_same_twice_is_a_mistake():
    once = parametrised("!")
    with pytest.raises(CompositionError, match="twice"):
        check_middlewares([once, parametrised("!"), once])


# What only a call can tell


class Owner(dict):
    """What factories are given; it is no request."""


async def calling(a, b):
    return await b(a)


async def calling_and_catching(a, b):
    try:
        return await b(a)
    except Exception:
        return "a response"


async def asking(a, b):
    return await b(a) if a.method == "GET" else "a response"


async def responding_alone(a, b):
    return "a response"


class Calling:
    async def __call__(self, one, other):
        return await other(one)


@pytest.mark.row("CF-04", "MW-14")
@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (calling, "calling cannot be used: .*calls the handler at once.*@middleware"),
        (calling_and_catching, "calling_and_catching cannot be used: .*calls the handler at once"),
        (asking, "asking cannot be used: .*asks the application for 'method'.*@middleware"),
        (responding_alone, "responding_alone cannot be used: .*returns str instead of a handler"),
        (Calling(), "Calling object.* cannot be used: .*calls the handler at once"),
        (partial(calling), "calling cannot be used: .*calls the handler at once"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_what_parameters_do_not_tell_a_call_tells(mistake, message):
    middlewares = Middlewares([mistake])
    middlewares.check()
    with pytest.raises(CompositionError, match=message):
        await middlewares.try_factories(Owner())


@pytest.mark.row("CF-04", "MW-05")
async def test_what_is_a_factory_passes():
    calls = []

    async def documented(app, handler):
        calls.append("documented")
        return handler

    async def renamed(a, b):
        calls.append("renamed")

        async def around(request):
            return await b(request)

        return around

    async def failing(a, b):
        calls.append("failing")
        raise ConnectionError("the database is not there yet")

    async def looking(a, b):
        calls.append(a["name"])

    await Middlewares([documented, renamed, failing, looking, parametrised("!")]).try_factories(Owner())
    assert calls == ["renamed", "failing"], "one that is documented so is taken at its word"
