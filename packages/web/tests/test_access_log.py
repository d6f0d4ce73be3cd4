"""Lines of the access log."""

import logging

import pytest

from muntin import web

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


@pytest.mark.row("HI-37")
def test_what_the_peer_says_is_escaped(line):
    text = line('"%{Referer}i"', fields=['Referer: a"b\\c\t'])
    assert text == '"a\\"b\\\\c"'


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
