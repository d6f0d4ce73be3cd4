"""gunicorn's worker classes: their names, and the format of the access log. `muntin.web` runs them for real."""

import subprocess
import sys

import pytest

from muntin import runner
from muntin.runner._gunicorn_log_format import translate_format


@pytest.mark.row("XP-11")
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (
            '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
            '%a - - %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"',
        ),
        ("%(T)s %(D)s %(L)s %(p)s %(B)s", "%T %D %Tf %P %b"),
        ("%({x-id}i)s %({server}o)s", "%{x-id}i %{server}o"),
        ('%a %t "%r" %%', '%a %t "%r" %%'),
    ],
)
def test_formats(theirs, ours):
    assert translate_format(theirs) == ours


@pytest.mark.parametrize("atom", ["%(x)s", "%({wsgi.url_scheme}e)s", "%()s"])
def test_atoms_that_there_are_not(atom):
    with pytest.raises(ValueError, match="cannot write %"):
        translate_format(atom)


def test_the_names_of_the_workers():
    pytest.importorskip("gunicorn")
    worker = runner.GunicornWebWorker
    assert issubclass(runner.GunicornUVLoopWebWorker, worker)
    assert "%(h)s" in worker.DEFAULT_GUNICORN_LOG_FORMAT
    assert worker.DEFAULT_AIOHTTP_LOG_FORMAT.startswith("%a %t")
    with pytest.raises(AttributeError, match="nothing"):
        _ = runner.nothing


def test_the_runner_does_without_gunicorn():
    code = "import sys; sys.modules['gunicorn'] = None; import muntin.runner; print('imported')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "imported\n"


def test_what_can_be_served():
    assert not runner.is_servable("a string")
    with pytest.raises(TypeError, match="nothing that can be served"):
        runner.make_runner("a string")
    with pytest.raises(TypeError, match="nothing that can be served"):
        runner.make_server("a string")
