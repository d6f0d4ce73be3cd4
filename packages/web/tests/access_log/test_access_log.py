"""Lines of the access log."""

import asyncio
import json
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin import web
from muntin.web.access_log._atoms import USUAL_FORMAT, Atom, compose_texts, parse_format, read_usual_texts
from muntin.web.access_log._records import RecordMaker
from muntin.web.access_log.loggers import _fill_template
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.testing import TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

logger = logging.getLogger("muntin.tests.access")


@pytest.fixture
def line(make_request, caplog):
    caplog.set_level(logging.INFO, logger.name)

    def line(log_format, *, target="/", fields=(), seconds=0.25):
        response = web.Response(text="hello", headers={"X-Out": "out"})
        web.AccessLogger(logger, log_format).log(make_request("GET", target, *fields), response, seconds)
        return caplog.records[-1].getMessage()

    return line


@pytest.mark.row("BH-17")
def test_the_documented_atoms(line):
    assert line("%r %s %b %T %Tf %D %%") == "GET / HTTP/1.1 200 0 0 0.250000 250000 %"
    assert line("%{X-In}i %{x-out}o %{None}i", fields=["X-In: in"]) == "in out -"
    assert line("%P").strip("<>").isdigit()
    assert line("%t").startswith("[")


@pytest.mark.row("BH-17")
def test_records_have_the_values_as_attributes(line, caplog):
    line("%a %r %s %{X-In}i %{None}i %{X-Out}o %D", fields=["X-In: in"])
    record = caplog.records[-1]
    assert (record.remote_address, record.first_request_line) == ("127.0.0.1", "GET / HTTP/1.1")
    assert (record.response_status, record.request_time_micro) == (200, 250000)
    assert record.request_header == {"X-In": "in", "None": "-"}
    assert record.response_header == {"X-Out": "out"}


def test_records_after_the_first_are_as_those_of_logging(line, caplog, make_request):
    line("%s")
    line("%r")
    first, second = caplog.records[-2:]
    assert (first.getMessage(), second.getMessage()) == ("200", "GET / HTTP/1.1")
    plain = logging.makeLogRecord({})
    for record in (first, second):
        assert plain.__dict__.keys() <= record.__dict__.keys()
        assert (record.name, record.levelname, record.process) == (logger.name, "INFO", plain.process)
    access_log = web.AccessLogger(logger, "%s")
    for response in (web.Response(), web.Response(status=404)):
        access_log.log(make_request(), response, 0.0)
    first, second = caplog.records[-2:]
    assert (first.getMessage(), second.getMessage()) == ("200", "404")
    assert first.created <= second.created
    assert first.relativeCreated <= second.relativeCreated
    assert 0 <= second.msecs < 1000


def test_a_factory_of_records_is_respected(line, caplog):
    def make(*args, **kwargs):
        record = usual(*args, **kwargs)
        record.tenant = "ours"
        return record

    usual = logging.getLogRecordFactory()
    logging.setLogRecordFactory(make)
    try:
        line("%s")
        assert caplog.records[-1].tenant == "ours"
    finally:
        logging.setLogRecordFactory(usual)


@pytest.mark.row("HI-37")
def test_what_the_peer_says_is_escaped(line):
    assert line('"%{Referer}i"', fields=['Referer: a"b\\c\t']) == '"a\\"b\\\\c"'
    assert line('"%r"', target='/"%1b%0a') == '"GET /\\"%1b%0a HTTP/1.1"'
    assert line('"%{X}i"', fields=["X: \u202e\x9b"]) == r'"\xe2\x80\xae\xc2\x9b"'


@pytest.mark.row("HI-37")
@given(value=st.text(), other=st.text())
def test_no_value_leaves_its_place(value, other):
    """Whatever is read, a line is printable ASCII, and its values can be told apart."""
    escaped = _format_line('"%s" %s "%s"', (value, 7, other))
    assert escaped.isascii()
    assert escaped.isprintable()
    found = re.fullmatch(r'"((?:[^"\\]|\\.)*)" 7 "((?:[^"\\]|\\.)*)"', escaped)
    assert found is not None
    decoded = [part.encode("ascii").decode("unicode_escape") for part in found.groups()]
    assert decoded == [value, other]


def _format_line(template, values):
    atoms = [Atom("x", None, is_foreign=isinstance(value, str)) for value in values]
    line, _ = _fill_template(template, lambda *_: values, atoms)(None, None, 0.0)
    return line


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize(
    "fields", [[], ["Referer: https://a/"], ["User-Agent: b\xe4", "Referer:", "Referer: c"]]
)
def test_the_usual_format_is_read_as_any_other(monkeypatch, make_request, method, version, fields):
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.25)
    compose = compose_texts(parse_format(USUAL_FORMAT))
    request = make_request(method, "/a?b", *fields, version=version)
    response = web.Response(text="hello")
    response._whole_length = 5
    for seconds in (0.0, 0.5, 86400.0):
        assert read_usual_texts(request, response, seconds) == compose(request, response, seconds)


def _without_times(record):
    return {
        name: value
        for name, value in record.__dict__.items()
        if name not in {"created", "msecs", "relativeCreated"}
    }


def test_a_record_that_is_copied_equals_one_that_logging_makes():
    maker = RecordMaker(logger)

    def check():
        for number in range(3):
            attributes = {"response_status": 200 + number}
            made, plain = (
                maker.make(f"%s {number}", attributes),
                maker.make_plainly(f"%s {number}", attributes),
            )
            assert _without_times(made) == _without_times(plain)
            assert type(made) is type(plain)
            assert made.getMessage() == f"%s {number}"
            assert 0 <= plain.created - made.created < PATIENCE
            assert (
                abs(plain.relativeCreated - made.relativeCreated - (plain.created - made.created) * 1000) < 1
            )

    async def check_in_task():
        check()
        await asyncio.create_task(asyncio.to_thread(check), name="another")

    check()
    asyncio.run(check_in_task())
    check()


def test_a_logger_that_makes_its_own_records_is_respected():
    class Own(logging.Logger):
        def makeRecord(self, *args, **kwargs):  # noqa: N802
            record = super().makeRecord(*args, **kwargs)
            record.tenant = "ours"
            return record

    maker = RecordMaker(Own("own"))
    assert [maker.make("line", {}).tenant for _ in range(2)] == ["ours", "ours"]


def test_an_unknown_atom_is_refused():
    with pytest.raises(ValueError, match="unknown atom at '%x'"):
        web.AccessLogger(logger, "%s %x")


def test_a_failure_does_not_spread(caplog, make_request):
    caplog.set_level(logging.INFO, logger.name)
    web.AccessLogger(logger, "%s").log(make_request(), None, 0.0)
    assert "the access log failed" in caplog.text


def test_it_is_off_where_nobody_listens():
    logging.getLogger("muntin.tests.silent").setLevel(logging.WARNING)
    assert not web.AccessLogger(logging.getLogger("muntin.tests.silent")).enabled


# As JSON


@pytest.fixture
def members(make_request, caplog):
    caplog.set_level(logging.INFO, logger.name)

    def members(log_format, *fields, **kwargs):
        access_log = web.JSONAccessLogger(logger, log_format)
        access_log.log(make_request("GET", "/", *fields), web.Response(**kwargs), 0.25)
        line = caplog.records[-1].getMessage()
        assert line.isascii()
        assert line.isprintable()
        return json.loads(line)

    return members


@pytest.mark.row("BH-17")
def test_json(members):
    found = members(
        "%a %r %s %b %T %Tf %D %{Referer}i %{X-In}i %{X-Out}o", "X-In: in", headers={"X-Out": "o"}
    )
    assert found == {
        "remote_address": "127.0.0.1",
        "first_request_line": "GET / HTTP/1.1",
        "response_status": 200,
        "response_size": 0,
        "request_time": 0,
        "request_time_frac": 0.25,
        "request_time_micro": 250000,
        "request_header": {"Referer": None, "X-In": "in"},
        "response_header": {"X-Out": "o"},
    }
    when = datetime.fromisoformat(members("%t")["request_start_time"])
    assert abs(datetime.now(UTC) - when) < timedelta(minutes=5)


@pytest.mark.row("HI-37")
def test_json_is_escaped(members):
    assert members("%{X}i", 'X: "\u202e\x9b')["request_header"]["X"] == '"\xe2\x80\xae\xc2\x9b'
    assert members("%{X}o", headers={"X": "\x9b"})["response_header"]["X"] == "\x9b"


# What is logged


class Noted(web.AbstractAccessLogger):
    """An access log of somebody's own."""

    def log(self, request, response, time):
        self.logger.info("%s %s %s", request.method, request.path, response.status)


@pytest.fixture
def serve(caplog):
    """Answer requests over sockets by an application, and return what was logged."""
    caplog.set_level(logging.INFO, logger.name)

    async def serve(app, *requests, access_log_class=Noted, **options):
        options = {"access_log": logger, "access_log_class": access_log_class, **options}
        async with TestServer(app, **options) as server:
            for request in requests:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(request)
                await reader.read()
                writer.close()
        return [record.getMessage() for record in caplog.records if record.name == logger.name]

    return serve


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()


async def hello(request):
    return web.Response(text="hello")


async def breaks_off(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"some of it")
    raise RuntimeError


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore")
async def test_every_request_has_a_line_of_a_custom_logger(serve):
    app = web.Application()
    app.add_routes([web.get("/", hello), web.get("/breaks-off", breaks_off)])
    lines = await serve(app, get("/"), get("/missing"), get("/breaks-off"))
    assert lines == ["GET / 200", "GET /missing 404", "GET /breaks-off 200"]


@pytest.mark.anyio
async def test_a_client_that_does_not_wait_is_logged(caplog):
    caplog.set_level(logging.INFO, logger.name)
    begun = asyncio.Event()

    async def waits(request):
        begun.set()
        await asyncio.Event().wait()

    app = web.Application()
    app.add_routes([web.get("/", waits)])
    options = {"access_log": logger, "access_log_class": Noted, "handler_cancellation": True}
    async with TestServer(app, **options) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/"))
        await begun.wait()
        writer.transport.abort()
    assert [record.getMessage() for record in caplog.records if record.name == logger.name] == ["GET / 499"]


@pytest.mark.anyio
@pytest.mark.row("BH-17", "HI-48")
async def test_the_address_is_the_one_that_trusted_proxies_tell(serve):
    app = web.Application(middlewares=[trusted_proxies_middleware(networks=["127.0.0.0/8"])])
    app.add_routes([web.get("/", hello)])
    forwarded = get("/").replace(b"Host", b"X-Forwarded-For: 192.0.2.7\r\nHost")
    lines = await serve(app, forwarded, access_log_class=web.AccessLogger, access_log_format="%a %s")
    assert lines == ["192.0.2.7 200"]


@pytest.mark.anyio
async def test_what_cannot_be_read_is_logged_as_well(serve):
    options = {"access_log_class": web.AccessLogger, "access_log_format": '%a "%r" %s "%{Referer}i"'}
    assert await serve(web.Application(), b"nonsense\x1b[31m\r\n\r\n", **options) == [
        '127.0.0.1 "UNKNOWN / HTTP/1.0" 400 "-"'
    ]


# Responses that are not finished -------------------------------------------------------------------------------------


async def fails_late(request):
    response = web.StreamResponse(headers={"X-Mark": "sent"})
    await response.prepare(request)
    await response.write(b"x" * 1000)
    await asyncio.sleep(0)
    raise RuntimeError


async def fails_late_in_a_length(request):
    response = web.StreamResponse(status=206, headers={"Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b"x" * 1000)
    await asyncio.sleep(0)
    raise RuntimeError


async def is_shorter_than_it_says(request):
    response = web.StreamResponse(headers={"Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b"x" * 1000)
    return response


async def fails_when_all_is_sent(request):
    response = web.Response(text="x" * 1000)
    await response.prepare(request)
    await response.write_eof()
    raise RuntimeError


async def makes_a_body_that_fails(request):
    async def make():
        yield b"x" * 1000
        raise RuntimeError

    return web.Response(body=make())


async def fails_before(request):
    raise RuntimeError


async def cancels_itself(request):
    raise asyncio.CancelledError


UNFINISHED = {
    fails_late: (200, 1000, True),
    fails_late_in_a_length: (206, 1000, True),
    is_shorter_than_it_says: (200, 1000, True),
    makes_a_body_that_fails: (200, 1000, True),
    fails_when_all_is_sent: (200, 1000, False),
    fails_before: (500, 26, False),
    cancels_itself: (500, 0, True),
    hello: (200, 5, False),
}


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore")
@pytest.mark.row("BH-17")
@pytest.mark.parametrize("handler", UNFINISHED, ids=lambda handler: handler.__name__)
async def test_what_was_sent_is_logged(serve, caplog, handler):
    app = web.Application()
    app.add_routes([web.get("/", handler)])
    status, size, is_aborted = UNFINISHED[handler]
    options = {"access_log_format": "%s %b %{X-Mark}o"}
    [line] = await serve(app, get("/"), access_log_class=web.JSONAccessLogger, **options)
    logged = json.loads(line)
    mark = {"X-Mark": "sent" if handler is fails_late else None}
    expected = {"response_status": status, "response_size": size, "response_header": mark}
    assert logged == ({**expected, "aborted": True} if is_aborted else expected)
    [record] = [record for record in caplog.records if record.name == logger.name]
    assert getattr(record, "aborted", False) is is_aborted


async def download(request):
    response = web.StreamResponse(headers={"Content-Length": "50000000"})
    await response.prepare(request)
    for _ in range(50):
        await response.write(bytes(1_000_000))
    return response


async def download_in_chunks(request):
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(10_000))


async def download_a_file(request):
    return web.FileResponse(request.app[DOWNLOAD])


async def download_what_is_made(request):
    async def make():
        while True:
            yield bytes(100_000)

    return web.Response(body=make())


DOWNLOAD = web.AppKey("DOWNLOAD", object)


@pytest.mark.anyio
@pytest.mark.row("BH-17", "HI-46")
@pytest.mark.parametrize("handler", [download, download_in_chunks, download_a_file, download_what_is_made])
async def test_a_download_that_breaks_off_is_logged_as_far_as_it_went(caplog, tmp_path, handler):
    caplog.set_level(logging.INFO, logger.name)
    app = web.Application()
    app[DOWNLOAD] = tmp_path / "file"
    app[DOWNLOAD].write_bytes(bytes(50_000_000))
    app.add_routes([web.get("/", handler)])
    options = {
        "access_log": logger,
        "access_log_class": web.JSONAccessLogger,
        "access_log_format": "%s %b",
    }
    async with TestServer(app, **options) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2000)
        writer.write(get("/"))
        await reader.readexactly(3_000_000)
        writer.transport.abort()
        async with asyncio.timeout(120):
            while not caplog.records:
                await asyncio.sleep(0)
    [logged] = [json.loads(record.getMessage()) for record in caplog.records if record.name == logger.name]
    assert logged["response_status"] == 200
    assert logged["aborted"] is True
    # What the client has read, and what the systems of both held for it.
    assert 2_000_000 < logged["response_size"] < 45_000_000


@pytest.mark.anyio
async def test_who_went_before_anything_was_sent(caplog):
    caplog.set_level(logging.INFO, logger.name)
    begun = asyncio.Event()

    async def waits(request):
        begun.set()
        await asyncio.Event().wait()

    app = web.Application()
    app.add_routes([web.get("/", waits)])
    options = {"access_log": logger, "access_log_class": web.JSONAccessLogger, "handler_cancellation": True}
    async with TestServer(app, access_log_format="%s %b", **options) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/"))
        await begun.wait()
        writer.transport.abort()
    [logged] = [json.loads(record.getMessage()) for record in caplog.records if record.name == logger.name]
    assert logged == {"response_status": 499, "response_size": 0, "aborted": True}
