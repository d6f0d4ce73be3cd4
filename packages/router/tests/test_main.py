"""The command that prints a route table."""

import runpy
import sys

import pytest

from muntin.router import Router
from muntin.router.__main__ import find_router, main


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "shop_routes.py").write_text(
        "from types import SimpleNamespace\n"
        "from muntin.router import Router\n"
        "router = Router()\n"
        "router.add_get('/cart', 'cart')\n"
        "app = SimpleNamespace(router=router)\n"
        "space = SimpleNamespace(inner=app)\n"
    )
    (tmp_path / "broken_routes.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("target", ["shop_routes:router", "shop_routes:app", "shop_routes:space.inner"])
def test_finding(project, target):
    assert isinstance(find_router(target), Router)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("shop_routes", "'shop_routes' is not of the form module:attribute"),
        (":router", "is not of the form"),
        ("shop_routes:", "is not of the form"),
        (".shop_routes:router", "is not of the form"),
        ("none_such:router", "cannot import 'none_such': No module named 'none_such'"),
        ("broken_routes:router", "cannot import 'broken_routes': No module named 'no_such_module'"),
        ("shop_routes:nothing", "cannot find 'nothing' in 'shop_routes'"),
        ("shop_routes:SimpleNamespace", "which is neither a router nor has one"),
    ],
)
def test_errors_name_what_is_wrong(project, capsys, target, reason):
    assert main([target]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("python -m muntin.router: ")
    assert reason in said.err


def test_printing(project, capsys):
    assert main(["shop_routes:app"]) == 0
    assert capsys.readouterr().out == "METHODS   PATH   NAME  HANDLER\nHEAD,GET  /cart        'cart'\n"


def test_as_a_command(project, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "muntin.router.__main__")
    monkeypatch.setattr(sys, "argv", ["python", "shop_routes:router"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("muntin.router", run_name="__main__")
    assert "/cart" in capsys.readouterr().out
