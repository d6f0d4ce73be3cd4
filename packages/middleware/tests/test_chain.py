"""The chain: its order, and both kinds of middleware."""

from functools import partial

import pytest

from muntin.middleware import CompositionError, check_middlewares, compose, is_middleware, middleware

pytestmark = pytest.mark.anyio


def make_logger(log, name):
    @middleware
    async def log_around(request, handler):
        log.append(f"{name} in")
        response = await handler(request)
        log.append(f"{name} out")
        return response

    return log_around


@pytest.mark.row("MW-06")
async def test_the_first_is_outermost():
    log = []

    async def handler(request):
        log.append("handler")
        return request * 2

    run = compose(handler, [make_logger(log, "m1"), make_logger(log, "m2")])
    assert await run(21) == 42
    assert log == ["m1 in", "m2 in", "handler", "m2 out", "m1 out"]


@pytest.mark.row("MW-04", "MW-05", "MW-18")
async def test_both_kinds_stand_in_one_list():
    log = []
    made = []

    async def factory(owner, handler):
        made.append(owner)

        async def around(request):
            log.append("old in")
            response = await handler(request)
            log.append("old out")
            return response

        return around

    async def handler(request):
        log.append("handler")
        return "response"

    run = compose(
        handler, [make_logger(log, "outer"), factory, make_logger(log, "inner")], owner="application"
    )
    assert await run(None) == "response"
    assert log == ["outer in", "old in", "inner in", "handler", "inner out", "old out", "outer out"]
    await run(None)
    assert made == ["application", "application"], "a factory is awaited for each request"


def make_factory(log, name):
    async def factory(owner, handler):
        log.append(f"{name} is given {getattr(handler, 'name', None)}")

        async def around(request):
            log.append(f"{name} in")
            return await handler(request)

        around.name = name
        return around

    return factory


@pytest.mark.row("MW-07")
@pytest.mark.parametrize("older", [False, True])
async def test_what_is_written_on_a_handler_is_seen_by_all(older):
    seen = []

    def make_looking(name):
        @middleware
        async def look(request, handler):
            seen.append((name, handler.__name__, handler.is_open))
            return await handler(request)

        return look

    async def page(request):
        return request

    page.is_open = True
    passing = [make_factory([], "old")] if older else []
    run = compose(page, [*passing, make_looking("first"), make_looking("second")])
    assert (run.__name__, run.is_open) == ("page", True)
    assert await run("r") == "r"
    assert seen == [("first", "page", True), ("second", "page", True)]


@pytest.mark.row("MW-04", "MW-05", "MW-07")
async def test_a_factory_is_given_what_the_next_one_gave():
    log = []

    async def handler(request):
        return request

    handler.name = "the handler"
    run = compose(handler, [make_factory(log, "first"), make_factory(log, "second")])
    assert await run("r") == "r"
    assert log == ["second is given the handler", "first is given second", "first in", "second in"]


@pytest.mark.row("MW-05")
async def test_factories_are_called_for_each_request_whatever_a_middleware_returns():
    log = []

    @middleware
    async def refuse(request, handler):
        return "forbidden"

    async def handler(request):
        raise AssertionError("not to be called")

    run = compose(handler, [refuse, make_factory(log, "inner")])
    assert [await run(None), await run(None)] == ["forbidden", "forbidden"]
    assert log == ["inner is given None"] * 2


@pytest.mark.row("MW-04")
async def test_a_factory_may_be_a_plain_function_that_gives_something_to_await():
    log = []
    make = make_factory(log, "made")

    async def handler(request):
        return request

    assert await compose(handler, [lambda app, handler: make(app, handler)])("r") == "r"
    assert log == ["made is given None", "made in"]


@pytest.mark.row("MW-07")
async def test_the_last_gets_the_very_handler():
    seen = []

    @middleware
    async def look(request, handler):
        seen.append(handler)
        return await handler(request)

    async def handler(request):
        return None

    await compose(handler, [look])(None)
    assert seen == [handler]


async def test_nothing_around_is_the_handler_itself():
    async def handler(request):
        return None

    assert compose(handler, []) is handler


@pytest.mark.row("MW-02", "MW-03")
async def test_the_decorator_gives_the_function_back():
    async def plain(request, handler):
        return await handler(request)

    assert not is_middleware(plain)
    assert middleware(plain) is plain
    assert is_middleware(plain)
    assert is_middleware(partial(plain))


async def test_bound_methods_and_objects_can_be_marked():
    class Counter:
        def __init__(self):
            self.count = 0

        async def around(self, request, handler):
            self.count += 1
            return await handler(request)

        async def __call__(self, request, handler):
            self.count += 10
            return await handler(request)

    async def handler(request):
        return request

    counter = Counter()
    chain = [middleware(counter.around), middleware(counter)]
    check_middlewares(chain)
    assert await compose(handler, chain)("r") == "r"
    assert counter.count == 11


def parametrised(text):
    @middleware
    async def around(request, handler):
        return await handler(request) + text

    return around


@pytest.mark.row("CF-04")
async def test_what_is_no_handler_is_traced_to_its_factory():
    async def unclear(a, b):
        return await b(a)

    async def handler(request):
        return "a response"

    with pytest.raises(CompositionError, match=r"unclear returned str instead of a handler: .*@middleware"):
        await compose(handler, [unclear])("request")


@pytest.mark.row("MW-13")
async def test_a_parametrised_middleware():
    async def handler(request):
        return request

    assert await compose(handler, [parametrised("b"), parametrised("a")])("-") == "-ab"


@pytest.mark.row("MW-08")
async def test_the_handler_may_be_skipped():
    @middleware
    async def refuse(request, handler):
        return "forbidden"

    async def handler(request):
        raise AssertionError("not to be called")

    assert await compose(handler, [refuse])(None) == "forbidden"
