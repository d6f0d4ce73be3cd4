"""The application: a mapping, a life, and the end of changes."""

import asyncio
import gzip
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
import pytest

from muntin import web
from muntin.middleware import StepCancelled
from muntin.web.testing import TestClient, TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


async def live(app):
    await app.startup()
    await app.shutdown()
    await app.cleanup()


# The mapping


@pytest.mark.row("WB-02", "WB-03", "CF-14")
def test_keys():
    app = web.Application()
    first, second = web.AppKey("key", int), web.AppKey("key", int)
    app[first], app[second] = 1, 2
    with pytest.warns(web.NotAppKeyWarning, match="'text'"):
        app["text"] = 3
    assert (app[first], app[second], app["text"]) == (1, 2, 3)
    assert "test_application.key" in repr(first)
    assert "int" in repr(first)
    assert len(app) == 3
    assert app.get("none", 4) == 4
    del app["text"]
    assert "text" not in app
    assert bool(web.Application())
    assert web.Application() != web.Application()


@pytest.mark.row("WB-02", "WB-03", "WB-04", "HC-13", "HC-14")
@pytest.mark.parametrize("debug", [None, False, True])
@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("name", "AppKey"),
        (5, "AppKey"),
        (int, "AppKey"),
        (web.RequestKey("key", int), "AppKey"),
        (web.ResponseKey("key", int), "AppKey"),
        ("name", "RequestKey"),
        (web.AppKey("key", int), "RequestKey"),
        ("name", "ResponseKey"),
        (web.RequestKey("key", int), "ResponseKey"),
    ],
)
def test_whoever_stores_under_another_kind_of_key_is_warned(make_request, key, kind, debug):
    """As in aiohttp: in production as well, for requests and responses as well, where the value is stored."""
    makers = {
        "AppKey": lambda: web.Application(debug=debug),
        "RequestKey": make_request,
        "ResponseKey": lambda: web.HTTPNotFound(text="x"),
    }
    stores = [
        lambda place: place.__setitem__(key, 1),
        lambda place: place.update({key: 1}),
        lambda place: place.setdefault(key, 1),
    ]
    for store in stores:
        place = makers[kind]()
        with pytest.warns(web.NotAppKeyWarning) as caught:
            store(place)
        (warning,) = caught
        assert str(warning.message).startswith(f"{key!r} is no web.{kind}")
        assert warning.filename == __file__
        assert place[key] == place.get(key) == place.setdefault(key, 2) == 1
        del place[key]


def test_nobody_is_warned_of_the_right_keys(make_request):
    class Mine(web.AppKey):
        pass

    app, request, response = web.Application(), make_request(), web.Response()
    app[web.AppKey("key", int)] = app[Mine("key", int)] = app[web.JSON] = 1
    request[web.RequestKey("key", int)] = response[web.ResponseKey("key", int)] = 1
    assert (app.get("name"), request.get("name"), response.get("name"), "name" in app) == (
        None,
        None,
        None,
        False,
    )


@pytest.mark.row("WB-28")
async def test_values_may_be_set_until_it_serves():
    app = web.Application()
    key = web.AppKey("key", int)

    async def start(app):
        app[key] = 1

    async def end(app):
        app[key] = 3

    app.on_startup.append(start)
    app.on_cleanup.append(end)
    await app.startup()
    with pytest.warns(DeprecationWarning, match="has started"):
        app[key] = 2
    await app.shutdown()
    await app.cleanup()
    assert app[key] == 3


# Its life


def make_context(log, name, fails=False):
    async def context(app):
        if fails:
            raise OSError(name)
        log.append(f"{name} up")
        yield
        log.append(f"{name} down")

    return context


def make_receiver(log, name):
    async def receive(app):
        log.append(name)

    return receive


@pytest.mark.row("WB-19", "WB-10", "WB-11", "WB-15", "WB-27")
async def test_the_order_of_a_life():
    log = []
    app = web.Application()
    app.on_cleanup.append(make_receiver(log, "cleanup"))
    app.on_shutdown.append(make_receiver(log, "shutdown"))
    app.on_startup.append(make_receiver(log, "startup"))
    app.cleanup_ctx.append(make_context(log, "1"))
    app.cleanup_ctx.append(make_context(log, "2"))
    await live(app)
    assert log == ["1 up", "2 up", "startup", "shutdown", "2 down", "1 down", "cleanup"]


@pytest.mark.row("WB-16", "WB-18")
async def test_what_was_not_started_is_not_torn_down():
    log = []
    app = web.Application()
    app.on_startup.append(make_receiver(log, "startup"))
    app.on_cleanup.append(make_receiver(log, "cleanup"))
    app.cleanup_ctx.append(make_context(log, "1"))
    app.cleanup_ctx.append(make_context(log, "2", fails=True))
    app.cleanup_ctx.append(make_context(log, "3"))
    runner = web.AppRunner(app)
    with pytest.raises(OSError, match="2"):
        await runner.setup()
    assert log == ["1 up", "1 down", "cleanup"]


@pytest.mark.row("WB-18")
async def test_without_contexts_on_cleanup_is_sent_though_the_start_failed():
    log = []

    async def fail(app):
        raise OSError("half-way")

    app = web.Application()
    app.on_startup.append(make_receiver(log, "first"))
    app.on_startup.append(fail)
    app.on_startup.append(make_receiver(log, "never"))
    app.on_cleanup.append(make_receiver(log, "cleanup"))
    runner = web.AppRunner(app)
    with pytest.raises(OSError, match="half-way"):
        await runner.setup()
    await runner.cleanup()
    assert log == ["first", "cleanup"]


@pytest.mark.row("WB-19", "WB-22")
async def test_the_order_of_two_lives():
    """As it was measured with aiohttp, but for the clean-up: an inner application may use what the outer one holds."""
    log = []
    main, sub = web.Application(), web.Application()
    main.on_startup.append(make_receiver(log, "startup"))
    main.on_shutdown.append(make_receiver(log, "shutdown"))
    main.on_cleanup.append(make_receiver(log, "cleanup"))
    main.add_subapp("/sub", sub)
    main.on_startup.append(make_receiver(log, "late startup"))
    main.on_shutdown.append(make_receiver(log, "late shutdown"))
    main.on_cleanup.append(make_receiver(log, "late cleanup"))
    main.cleanup_ctx.extend([make_context(log, "1"), make_context(log, "2")])
    sub.cleanup_ctx.append(make_context(log, "sub"))
    sub.on_startup.append(make_receiver(log, "sub startup"))
    sub.on_shutdown.append(make_receiver(log, "sub shutdown"))
    sub.on_cleanup.append(make_receiver(log, "sub cleanup"))
    runner = web.AppRunner(main)
    await runner.setup()
    assert log == ["1 up", "2 up", "startup", "sub up", "sub startup", "late startup"]
    log.clear()
    await runner.cleanup()
    assert log == [
        *("shutdown", "sub shutdown", "late shutdown"),
        *("sub down", "sub cleanup", "2 down", "1 down", "cleanup", "late cleanup"),
    ]


@pytest.mark.row("WB-17")
async def test_a_second_yield_is_an_error():
    log = []

    async def twice(app):
        yield
        yield

    app = web.Application()
    app.cleanup_ctx.append(twice)
    app.on_cleanup.append(make_receiver(log, "cleanup"))
    await app.startup()
    with pytest.raises(RuntimeError, match="twice has more than one yield"):
        await app.cleanup()
    assert log == ["cleanup"]


async def test_several_failures_are_collected():
    def make(error):
        async def context(app):
            yield
            raise error

        return context

    app = web.Application()
    app.cleanup_ctx.append(make(ValueError("a")))
    app.cleanup_ctx.append(make(LookupError("b")))
    await app.startup()
    with pytest.raises(web.CleanupError) as caught:
        await app.cleanup()
    assert [type(error) for error in caught.value.exceptions] == [LookupError, ValueError]


def make_failing(log, name, error):
    async def fail(app):
        log.append(name)
        raise error

    return fail


async def cancel_and_wait(app):
    """As it is documented for background tasks, without the suppression that belongs to it."""
    task = asyncio.ensure_future(asyncio.Event().wait())
    await asyncio.sleep(0)
    task.cancel()
    await task


@pytest.mark.row("WB-19", "WB-22")
async def test_every_step_of_the_end_is_taken():
    log = []
    main, one, two, inmost = (web.Application() for _ in range(4))
    main.add_subapp("/one", one)
    main.add_subapp("/two", two)
    two.add_subapp("/inmost", inmost)
    names = {"main": main, "one": one, "two": two, "inmost": inmost}
    for name, app in names.items():
        app.cleanup_ctx.append(make_context(log, name))
        app.on_shutdown.append(make_failing(log, f"{name} shutdown", ValueError(f"{name} shutdown")))
        app.on_shutdown.append(make_receiver(log, f"{name} late shutdown"))
        app.on_cleanup.append(make_failing(log, f"{name} cleanup", OSError(f"{name} cleanup")))
        app.on_cleanup.append(make_receiver(log, f"{name} late cleanup"))
    one.cleanup_ctx.append(cancelling_context)
    two.on_cleanup.append(cancel_and_wait)
    runner = web.AppRunner(main)
    await runner.setup()
    assert log == ["main up", "one up", "two up", "inmost up"]
    log.clear()
    with pytest.raises(ExceptionGroup) as caught:
        await runner.cleanup()
    assert [entry for entry in log if "shutdown" in entry] == [
        f"{name} {word}"
        for name in ("one", "inmost", "two", "main")
        for word in ("shutdown", "late shutdown")
    ]
    assert [entry for entry in log if "shutdown" not in entry] == [
        f"{name} {word}"
        for name in ("inmost", "two", "one", "main")
        for word in ("down", "cleanup", "late cleanup")
    ]
    said = [str(error) for error in caught.value.exceptions if not isinstance(error, StepCancelled)]
    assert said == [
        *(f"{name} shutdown" for name in ("one", "inmost", "two", "main")),
        *(f"{name} cleanup" for name in ("inmost", "two", "one", "main")),
    ]
    assert len(caught.value.exceptions) == len(said) + 2, "two steps let a cancellation out"


async def cancelling_context(app):
    yield
    await cancel_and_wait(app)


async def test_an_inner_application_ends_before_what_it_uses():
    log, held = [], {}
    main, inner = web.Application(), web.Application()

    async def database(app):
        held["database"] = "open"
        yield
        del held["database"]

    async def use(app):
        yield
        log.append(held["database"])

    main.cleanup_ctx.append(database)
    main.add_subapp("/inner", inner)
    inner.cleanup_ctx.append(use)
    await live(main)
    assert (log, held) == (["open"], {})


async def test_a_cancelled_cleanup_takes_every_step_and_is_cancelled():
    log, is_down = [], asyncio.Event()
    main, inner = web.Application(), web.Application()

    async def slow(app):
        yield
        is_down.set()
        await asyncio.Event().wait()

    main.add_subapp("/inner", inner)
    inner.cleanup_ctx.append(make_context(log, "inner"))
    inner.cleanup_ctx.append(slow)
    main.cleanup_ctx.append(make_context(log, "main"))
    main.on_cleanup.append(make_receiver(log, "cleanup"))
    runner = web.AppRunner(main)
    await runner.setup()
    ending = asyncio.ensure_future(runner.cleanup())
    await is_down.wait()
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert ending.cancelled()
    assert log[2:] == ["inner down", "main down", "cleanup"]
    assert runner.server is None


async def test_a_client_for_tests_cleans_up_behind_a_failing_shutdown():
    log = []
    app = web.Application()
    app.on_shutdown.append(make_failing(log, "shutdown", ValueError("shutdown")))
    app.on_cleanup.append(make_receiver(log, "cleanup"))
    with pytest.raises(ValueError, match="shutdown"):
        async with TestClient(app):
            pass
    assert log == ["shutdown", "cleanup"]


@pytest.mark.row("BH-18")
async def test_context_managers_are_contexts():
    log = []

    @asynccontextmanager
    async def context(app):
        log.append("up")
        yield
        log.append("down")

    app = web.Application()
    app.cleanup_ctx.append(context)
    await live(app)
    assert log == ["up", "down"]


@pytest.mark.row("WB-10", "WB-11", "WB-22", "WB-23")
async def test_inner_applications_live_with_the_outer():
    log = []
    main, sub, inner = web.Application(), web.Application(), web.Application()
    names = {main: "main", sub: "sub", inner: "inner"}

    def make(word):
        async def note(app):
            log.append(f"{names[app]} {word}")

        return note

    main.add_subapp("/sub/", sub)
    sub.add_subapp("/inner/", inner)
    for app in names:
        app.on_startup.append(make("startup"))
        app.on_shutdown.append(make("shutdown"))
        app.on_cleanup.append(make("cleanup"))
    await live(main)
    assert log == [
        f"{name} {word}" for word in ("startup", "shutdown", "cleanup") for name in ("inner", "sub", "main")
    ]


@pytest.mark.row("WB-14", "CF-18")
def test_receivers_must_be_async():
    def plain(app):
        """Not async."""

    app = web.Application()
    for signal in (app.on_startup, app.on_shutdown, app.on_cleanup, app.on_response_prepare):
        with pytest.raises(TypeError, match="plain must be an async function"):
            signal.append(plain)


# The end of changes


@pytest.mark.row("WB-29")
async def test_nothing_changes_after_the_start():
    async def handler(request):
        return web.Response()

    app = web.Application()
    assert not app.frozen
    await app.startup()
    assert app.frozen

    async def context(app):
        yield

    for change in (
        lambda: app.router.add_get("/", handler),
        lambda: app.router.add_resource("/"),
        lambda: app.middlewares.append(handler),
        lambda: app.on_startup.append(handler),
        lambda: app.on_shutdown.append(handler),
        lambda: app.on_cleanup.append(handler),
        lambda: app.on_response_prepare.append(handler),
        lambda: app.cleanup_ctx.append(context),
        lambda: app.add_subapp("/sub/", web.Application()),
        lambda: app.add_domain("example.com", web.Application()),
    ):
        with pytest.raises(RuntimeError, match=r"frozen|Cannot (append|modify)"):
            change()
    await app.shutdown()
    await app.cleanup()


async def test_routes_may_be_added_while_it_starts():
    async def handler(request):
        return web.Response(text="late")

    async def start(app):
        app.router.add_get("/", handler)

    app = web.Application()
    app.on_startup.append(start)
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "late"


@pytest.mark.row("RN-25", "CF-10")
async def test_a_loop_is_tolerated_and_compared():
    with pytest.warns(DeprecationWarning, match="the loop that runs"):
        app = web.Application(loop=asyncio.get_running_loop())
    await live(app)
    other = asyncio.new_event_loop()
    with pytest.warns(DeprecationWarning, match="the loop that runs"):
        app = web.Application(loop=other)
    with pytest.raises(RuntimeError, match="another event loop"):
        await app.startup()
    other.close()


def test_a_router_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="UrlDispatcher"):
        web.Application(router={})
    router = web.UrlDispatcher()
    assert web.Application(router=router).router is router


# Background tasks


async def test_spawned_tasks_end_with_the_application(caplog):
    log = []

    async def work(name, seconds):
        try:
            await asyncio.sleep(seconds)
            log.append(f"{name} done")
        except asyncio.CancelledError:
            log.append(f"{name} cancelled")
            raise

    async def fail():
        raise LookupError("once")

    app = web.Application()
    await app.startup()
    short = app.spawn(work("short", 0), name="short")
    app.spawn(work("long", 60))
    lasting = app.spawn(work("lasting", 60), until_shutdown=True)
    failing = app.spawn(fail(), name="failing")
    await asyncio.wait([short, failing])
    await app.shutdown()
    await asyncio.wait([lasting])
    assert log == ["short done", "lasting cancelled"]
    await app.cleanup()
    assert log[-1] == "long cancelled"
    assert list(app.iterate_tasks()) == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "failing failed" in caplog.text


# Independence


@pytest.mark.row("WB-06")
async def test_applications_do_not_share_anything():
    key = web.AppKey("key", str)

    async def handler(request):
        return web.Response(text=request.app[key])

    apps = []
    for word in ("one", "two"):
        app = web.Application()
        app[key] = word
        app.router.add_get("/", handler)
        apps.append(app)
    async with TestClient(apps[0]) as first, TestClient(apps[1]) as second:
        assert ((await first.get("/")).text, (await second.get("/")).text) == ("one", "two")


@pytest.mark.row("WB-06")
def test_two_threads_serve_two_applications_at_the_same_time():
    meeting = threading.Barrier(2, timeout=PATIENCE)

    key = web.AppKey("key", str)

    async def handler(request):
        return web.Response(text=request.app[key] + request.config_dict[key])

    async def serve(name):
        app = web.Application()
        app[key] = name
        app.router.add_get("/", handler)
        async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
            meeting.wait()
            texts = {(await client.get(str(server.make_url("/")))).text for _ in range(20)}
            meeting.wait()  # neither ends while the other one is served
        return texts

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda name: asyncio.run(serve(name)), ["a", "b"]))
    assert results == [{"aa"}, {"bb"}]


def test_it_stands_for_a_factory_of_itself():
    app = web.Application()
    assert app() is app


# Requests


async def test_requests_are_of_the_class_that_the_application_names():
    class Signed(web.Request):
        @property
        def signature(self):
            return self.headers["Signature"]

    class SignedApplication(web.Application):
        request_class = Signed

    async def show(request):
        return web.Response(text=f"{type(request).__name__} {request.signature} {await request.text()}")

    app = SignedApplication()
    app.router.add_post("/", show)
    async with TestClient(app) as client:
        response = await client.post("/", headers={"Signature": "s"}, data=b"body")
        assert response.text == "Signed s body"


async def test_requests_of_a_named_class_can_keep_their_bodies_encoded():
    class Named(web.Request):
        pass

    class NamingApplication(web.Application):
        request_class = Named

    async def show(request):
        return web.Response(text=f"{isinstance(request, Named)} {len(await request.read())}")

    packed = gzip.compress(b"a" * 1000)
    app = NamingApplication()
    app.router.add_post("/", show)
    async with TestServer(app, auto_decompress=False) as server, httpx.AsyncClient() as client:
        url = str(server.make_url("/"))
        response = await client.post(url, headers={"Content-Encoding": "gzip"}, content=packed)
        assert response.text == f"True {len(packed)}"
