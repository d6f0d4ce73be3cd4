"""Batches of log lines: when they are written, and by which way they come."""

import asyncio
import io
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from muntin import web
from muntin.web.access_log import BatchingHandler

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0


class Stream(io.StringIO):
    """A stream that counts how often it is written to, and tells when."""

    def __init__(self):
        super().__init__()
        self.writes = 0
        self.is_written = asyncio.Event()

    def write(self, text):
        self.writes += 1
        self.is_written.set()
        return super().write(text)


@pytest.fixture
def stream():
    return Stream()


@pytest.fixture
def logger(stream):
    logger = logging.Logger("access", logging.INFO)
    logger.propagate = False
    logger.addHandler(BatchingHandler(stream, seconds=0.001))
    return logger


@pytest.mark.anyio
async def test_many_lines_are_one_write(logger, stream):
    for number in range(3):
        logger.info("line %d", number)
    assert stream.writes == 0
    await asyncio.wait_for(stream.is_written.wait(), PATIENCE)
    assert (stream.writes, stream.getvalue()) == (1, "line 0\nline 1\nline 2\n")
    stream.is_written.clear()
    logger.info("later")
    await asyncio.wait_for(stream.is_written.wait(), PATIENCE)
    assert stream.getvalue().endswith("line 2\nlater\n")


@pytest.mark.anyio
async def test_not_too_many_wait(logger, stream):
    for _ in range(2500):
        logger.info("x")
    assert stream.writes == 2
    logger.handlers[0].close()
    logger.handlers[0].flush()
    assert stream.getvalue() == "x\n" * 2500


def test_without_a_loop_nothing_waits(logger, stream):
    logger.info("one")
    assert stream.getvalue() == "one\n"


def test_what_a_loop_left_is_written_by_the_next(logger, stream):
    async def say(word):
        logger.info(word)

    handler = logger.handlers[0]
    # Longer than a loop lives that has nothing to do, however busy the machine is.
    handler._seconds, brief = 1000, handler._seconds
    asyncio.run(say("one"))
    assert stream.writes == 0
    handler._seconds = brief

    async def wait():
        logger.info("two")
        await asyncio.wait_for(stream.is_written.wait(), PATIENCE)

    asyncio.run(wait())
    assert stream.getvalue() == "one\ntwo\n"


def test_the_end_of_a_program(start):
    program = start("""
        import logging
        from muntin.web.access_log import BatchingHandler

        logging.getLogger().addHandler(BatchingHandler(sys.stdout, seconds=3600))

        async def main():
            logging.warning("last words")

        asyncio.run(main())
    """)
    assert program.end() == (0, "last words\n")


def test_lines_of_the_access_log_need_no_records(logger, stream, make_request, monkeypatch):
    monkeypatch.setattr(logger, "handle", None)
    web.AccessLogger(logger, '"%r" %s').log(make_request("GET", '/"'), web.Response(), 0.0)
    assert stream.getvalue() == '"GET /\\" HTTP/1.1" 200\n'


@pytest.mark.parametrize(
    "formatter", [None, logging.Formatter("%(message)s"), logging.Formatter("{message}", style="{")]
)
@pytest.mark.parametrize("kind", [logging.StreamHandler, BatchingHandler, logging.FileHandler])
def test_handlers_that_keep_lines_get_them_as_they_are(tmp_path, make_request, monkeypatch, kind, formatter):
    """Each line is there at once, as outside of a loop nothing waits."""
    path = tmp_path / "access.log"
    with path.open("w", encoding="utf-8") as stream:
        handler = kind(path) if kind is logging.FileHandler else kind(stream)
        handler.setFormatter(formatter)
        logger = logging.Logger("access", logging.INFO)
        logger.propagate = False
        logger.addHandler(handler)
        monkeypatch.setattr(logger, "handle", None)
        access_log = web.AccessLogger(logger, "%s")
        for status in (200, 404):
            access_log.log(make_request(), web.Response(status=status), 0.0)
            assert path.read_text(encoding="utf-8").endswith(f"{status}\n")
        handler.close()
    assert path.read_text(encoding="utf-8") == "200\n404\n"


@pytest.mark.parametrize("delay", [False, True])
def test_a_file_may_be_moved_away_and_opened_anew(tmp_path, make_request, delay):
    """As programs do that rotate logs: the next line opens the file that was closed, or not open yet."""
    path = tmp_path / "access.log"
    handler = logging.FileHandler(path, delay=delay)
    logger = logging.Logger("access", logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    access_log = web.AccessLogger(logger, "%s %%s")
    access_log.log(make_request(), web.Response(), 0.0)
    path.rename(tmp_path / "access.log.1")
    handler.close()
    for status in (404, 500):
        access_log.log(make_request(), web.Response(status=status), 0.0)
    handler.close()
    assert (tmp_path / "access.log.1").read_text() == "200 %s\n"
    assert path.read_text() == "404 %s\n500 %s\n"


def test_lines_come_from_several_threads(logger, stream):
    """None is lost or torn while another thread writes what waits."""

    def say(thread):
        for number in range(500):
            logger.info("%d %d", thread, number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(say, range(4)))
    logger.handlers[0].flush()
    lines = stream.getvalue().splitlines()
    assert sorted(lines) == sorted(f"{thread} {number}" for thread in range(4) for number in range(500))


def test_handlers_may_come_later(logger, stream, make_request):
    access_log = web.AccessLogger(logger, "%s")
    later = io.StringIO()
    logger.addHandler(logging.StreamHandler(later))
    access_log.log(make_request(), web.Response(), 0.0)
    assert stream.getvalue() == later.getvalue() == "200\n"


def test_a_logger_may_be_disabled_later(logger, stream, make_request):
    """As `logging.config` does with those that a new configuration does not name."""
    access_log = web.AccessLogger(logger, "%s")
    logger.disabled = True
    access_log.log(make_request(), web.Response(), 0.0)
    assert stream.getvalue() == ""


class Formatter(logging.Formatter):
    """A formatter of somebody else's."""


@pytest.mark.parametrize(
    "change",
    [
        lambda logger: logger.addHandler(logging.NullHandler()),
        lambda logger: setattr(logger, "propagate", True),
        lambda logger: logger.addFilter(lambda record: True),
        lambda logger: logger.handlers[0].addFilter(lambda record: True),
        lambda logger: logger.handlers[0].setFormatter(Formatter()),
        lambda logger: logger.handlers[0].setFormatter(logging.Formatter("%(response_status)s")),
    ],
)
def test_who_wants_to_see_records_sees_them(logger, stream, make_request, change):
    seen = []
    change(logger)
    handle = logger.handle
    logger.handle = lambda record: (seen.append(record.response_status), handle(record))
    web.AccessLogger(logger, "%s").log(make_request(), web.Response(), 0.0)
    assert seen == [200]
    assert stream.getvalue() == "200\n"
