"""`install` and `uninstall`: what an import of aiohttp's modules finds. Each program runs in a process of its own."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import muntin
import muntin.web  # the packages that it needs are then known to the interpreter


def run(program: str, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program, and return its result."""
    command = [sys.executable, *arguments, "-c", dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=folder)


def test_the_server_half_is_muntins_and_the_client_is_not() -> None:
    done = run("""
        from muntin.compat.aiohttp import install, is_installed
        install()
        install()
        import aiohttp, aiohttp.web, muntin.web
        from aiohttp import web
        from aiohttp.web_response import Response
        assert is_installed() and web is aiohttp.web
        assert issubclass(web.Application, muntin.web.Application) and Response is web.Response
        assert web.Response is muntin.web.Response
        assert aiohttp.ClientSession.__module__ == "aiohttp.client"
        assert aiohttp.abc.AbstractCookieJar.__module__ == "aiohttp.abc"
        assert issubclass(web.View, aiohttp.abc.AbstractView)
        assert web.__spec__.name == "muntin.compat.aiohttp._modules.web"
    """)
    assert done.returncode == 0, done.stderr


def test_all_names_of_the_web_module_are_there() -> None:
    done = run("""
        import importlib, json, pkgutil, sys, aiohttp, aiohttp.web
        names = {}
        for each in pkgutil.iter_modules(aiohttp.__path__):
            if each.name == "web" or each.name.startswith("web_"):
                module = importlib.import_module(f"aiohttp.{each.name}")
                names[module.__name__] = sorted(getattr(module, "__all__", ()))
        json.dump(names, sys.stdout)
    """)
    listed = done.stdout
    done = run(f"""
        import importlib
        from muntin.compat.aiohttp import install
        install()
        names = {listed}
        assert len(names["aiohttp.web"]) > 100
        lacking = [(module, name) for module in names for name in names[module]
                   if not hasattr(importlib.import_module(module), name)]
        assert lacking == [], lacking
    """)
    assert done.returncode == 0, done.stderr


def test_uninstalling_puts_aiohttps_own_modules_back() -> None:
    done = run("""
        from muntin.compat.aiohttp import install, is_installed, uninstall
        import aiohttp.abc
        before = aiohttp.abc.AbstractView
        install()
        import aiohttp.web, aiohttp.test_utils
        assert aiohttp.abc.AbstractView is not before
        uninstall()
        uninstall()
        assert not is_installed() and aiohttp.abc.AbstractView is before
        import aiohttp.web as real
        assert real.Application.__module__ == "aiohttp.web_app"
        import aiohttp.test_utils
        assert aiohttp.test_utils.Application is real.Application
    """)
    assert done.returncode == 0, done.stderr


def test_too_late_is_one_clear_error_that_names_who_was_first(tmp_path: Path) -> None:
    (tmp_path / "early_service.py").write_text("from aiohttp.web import Application\n")
    done = run(
        """
        import early_service
        from muntin.compat.aiohttp import install
        install()
        """,
        folder=tmp_path,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "muntin.compat.aiohttp._installation.TooLateError: aiohttp.web of aiohttp has been"
    )
    assert "used by early_service" in last
    assert "muntin.compat.aiohttp.install()" in last


@pytest.fixture
def without_aiohttp(tmp_path: Path) -> list[str]:
    """Return the arguments of an interpreter that finds all packages of this one but aiohttp."""
    links = tmp_path / "packages"
    links.mkdir()
    seen = set()
    for folder in map(Path, sys.path):
        if folder.name == "site-packages":
            for each in folder.iterdir():
                if (
                    not each.name.startswith(("aiohttp", "_editable"))
                    and each.suffix != ".pth"
                    and each.name not in seen
                ):
                    (links / each.name).symlink_to(each)
                    seen.add(each.name)
    # Wheels lie in site-packages, and are linked already.
    folders = {Path(path).parent for path in muntin.__path__}
    sources = {str(folder) for folder in folders if folder.name != "site-packages"}
    code = f"import sys; sys.path[:0] = {[str(links), *sorted(sources)]!r}; exec(sys.argv[1])"
    return ["-S", "-c", code]


def test_without_aiohttp_a_stand_in_serves(without_aiohttp: list[str]) -> None:
    program = dedent("""
        from muntin.compat.aiohttp import install
        try:
            import aiohttp
        except ModuleNotFoundError:
            pass
        else:
            raise SystemExit("aiohttp is there")
        install()
        import aiohttp
        from aiohttp import hdrs, web
        from aiohttp.test_utils import TestServer, unused_port
        from aiohttp.typedefs import Handler
        assert hdrs.CONTENT_TYPE == "Content-Type" and hdrs.METH_GET == "GET"
        assert aiohttp.WSMsgType is web.WSMsgType and unused_port()
        try:
            aiohttp.ClientSession
        except AttributeError as error:
            assert "its client, is not installed" in str(error)
        else:
            raise SystemExit("a client is there")
    """)
    done = subprocess.run(
        [sys.executable, *without_aiohttp, program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
