"""The options of the command line for many processes, loops, routes and reloading, as programs of their own."""

import errno
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys

import pytest
import trustme

from muntin.web.program.command import parse_command

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")

MAKER = """
    WORD = "old"

    async def loop(request):
        return web.Response(text=type(asyncio.get_running_loop()).__module__)

    async def word(request):
        return web.Response(text=WORD)

    def make(arguments):
        app = web.Application()
        app.add_routes([web.get("/", word, name="home"), web.get("/loop", loop)])
        sub = web.Application()
        sub.router.add_post("/{name}", hello)
        app.add_subapp("/sub", sub)
        return app

    async def make_later(arguments):
        return make(arguments)

    app = make([])
"""


@posix
@pytest.mark.row("CF-07")
def test_workers_read_the_code_anew(start, free_port, tmp_path):
    program = start(
        MAKER, "-m", "muntin.web", "-P", str(free_port), "-H", "127.0.0.1", "--workers", "2", "program:make"
    )
    assert "with 2 workers" in program.read_until("Serving on")
    assert program.fetch(free_port) == "old"
    source = tmp_path / "program.py"
    source.write_text(source.read_text().replace('"old"', '"newer"'))
    program.send(signal.SIGHUP)
    program.read_until_all(" serves", " serves", " stopped", " stopped")
    assert program.fetch(free_port) == "newer"
    program.interrupt()
    code, output = program.end()
    assert code == 0
    assert output.endswith("Stopped\n")
    assert "Traceback" not in output


@posix
def test_workers_that_have_nothing_to_serve(start, free_port):
    program = start(MAKER, "-m", "muntin.web", "-P", str(free_port), "--workers", "2", "program:nothing")
    code, output = program.end()
    assert code == 2
    assert output.count("error: module 'program' has no attribute 'nothing'") == 1
    assert "Traceback" not in output


@pytest.mark.parametrize("target", ["program:app", "program.make_later"])
def test_the_loop_is_chosen(start, free_port, target):
    pytest.importorskip("uvloop")
    program = start(
        MAKER, "-m", "muntin.web", "-H", "127.0.0.1", "-P", str(free_port), "--loop", "uvloop", target
    )
    program.read_until("Serving on")
    assert program.fetch(free_port, "/loop") == "uvloop"
    assert program.stop()[0] == 0


@pytest.mark.parametrize("target", ["program:app", "program:make_later"])
def test_the_route_table(start, target):
    code, output = start(MAKER, "-m", "muntin.web", "--routes", target).end()
    assert code == 0
    rows = [line.split() for line in output.splitlines()]
    assert rows[0] == ["METHODS", "PATH", "NAME", "HANDLER"]
    assert ["GET,HEAD", "/", "home", "program.word"] in rows or [
        "HEAD,GET",
        "/",
        "home",
        "program.word",
    ] in rows
    assert ["POST", "/sub/{name}", "program.hello"] in rows


def test_the_route_table_is_shown_in_debug_mode(start, free_port):
    program = start(MAKER, "-X", "dev", "-m", "muntin.web", "-P", str(free_port), "program:make")
    program.read_until("METHODS")
    assert "program.word" in program.read_until("home")
    program.read_until("Serving on")
    assert program.stop()[0] == 0


@pytest.mark.row("CF-07")
def test_a_program_is_started_again_when_a_file_changes(start, free_port, tmp_path):
    """What was asked while there was none to respond is answered by the next."""
    pytest.importorskip("watchfiles")
    options = ["--reload", "-H", "127.0.0.1", "-P", str(free_port)]
    program = start(MAKER, "-X", "dev", "-m", "muntin.web", *options, "program:app")
    source = tmp_path / "program.py"
    good = source.read_text()
    assert (
        program.read_until("Serving on")
        == f"Serving on http://127.0.0.1:{free_port} (press Ctrl-C to stop)\n"
    )
    program.read_until("METHODS")  # by -X dev
    program.read_until("Ready")
    assert program.fetch(free_port) == "old"
    source.write_text(good + "\ndef broken(:\n")
    assert program.read_until("changed") == "program.py changed: starting again\n"
    assert "invalid syntax" in program.read_until("error: cannot import 'program'")
    program.read_until("waiting for a change")
    with socket.create_connection(("127.0.0.1", free_port), 30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        source.write_text(good.replace('"old"', '"newer"'))
        program.read_until("program.py changed")
        with client.makefile("rb") as response:
            assert response.read().endswith(b"newer")
    program.interrupt()
    code, output = program.end()
    assert code == 0
    assert "Serving on" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workers", "0", "program:app"], "'0' is no number of processes"),
        (["--workers", "two", "program:app"], "'two' is no number of processes"),
        (["--reload", "--workers", "2", "program:app"], "--reload serves with one process"),
        (["--loop", "trio", "program:app"], "invalid choice: 'trio'"),
        (
            ["--workers", "2", "--start-timeout", "0", "program:app"],
            "'0' is no time: give seconds, more than 0",
        ),
        (["--start-timeout", "5", "program:app"], "give --workers as well"),
        (["--keyfile", "key.pem", "program:app"], "give --certfile as well"),
        (["program:nothing"], "'program:nothing' cannot be called with a list of arguments: too many"),
        (["program:app", "argument"], "is an application, which takes no arguments"),
        (["--reload", "program:app"], "--reload needs watchfiles: pip install 'muntin-web[reload]'"),
        (["--loop", "uvloop", "program:app"], "--loop uvloop needs uvloop: pip install 'muntin-web[uvloop]'"),
    ],
)
def test_options_that_cannot_be_followed(tmp_path, arguments, said):
    (tmp_path / "program.py").write_text(
        "from muntin import web\n\napp = web.Application()\n\ndef nothing(): ...\n"
    )
    code = (
        "import sys; sys.modules.update(watchfiles=None, uvloop=None);"
        "from muntin.web.__main__ import main; sys.exit(main())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert said in re.sub(r"\s+", " ", ended.stderr)
    assert "Traceback" not in ended.stderr


def test_a_failure_of_the_application_is_not_taken_for_one_of_the_port(start, free_port):
    program = start(
        """
        async def connect(app):
            raise ConnectionRefusedError("no database")

        app = web.Application()
        app.on_startup.append(connect)
        """,
        "-m", "muntin.web", "-P", str(free_port), "program:app",
    )  # fmt: skip
    code, output = program.end()
    assert code == 1
    assert "ConnectionRefusedError: no database" in output
    assert "cannot serve on" not in output


@posix
@pytest.mark.row("RN-29")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_workers_read_certificates_anew(start, free_port, tmp_path, loop):
    pytest.importorskip(loop)
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    trusting.set_alpn_protocols(["h2", "http/1.1"])

    def renew():
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / "chain.pem")
        return int.from_bytes(ssl.PEM_cert_to_DER_cert((tmp_path / "chain.pem").read_text()))

    def look():
        with (
            socket.create_connection(("127.0.0.1", free_port), 30) as plain,
            trusting.wrap_socket(plain, server_hostname="127.0.0.1") as client,
        ):
            assert client.selected_alpn_protocol() == "http/1.1"
            return int.from_bytes(client.getpeercert(binary_form=True))

    first = renew()
    options = ["-H", "127.0.0.1", "-P", str(free_port), "--workers", "1", "--loop", loop]
    files = ["--certfile", "chain.pem", "--keyfile", "key.pem"]
    program = start(MAKER, "-m", "muntin.web", *options, *files, "program:app")
    assert f"https://127.0.0.1:{free_port}" in program.read_until("Serving on")
    assert look() == first
    second = renew()
    assert second != first
    program.send(signal.SIGHUP)
    program.read_until_all(" serves", " stopped")
    assert look() == second
    # A certificate that cannot be read leaves those serving that have the older one.
    (tmp_path / "chain.pem").write_text("nonsense")
    program.send(signal.SIGHUP)
    assert "cannot use the certificate of chain.pem and key.pem" in program.read_until("error:")
    program.read_until("before it could serve")
    assert look() == second
    assert program.stop()[0] == 0


@posix
def test_a_module_that_hangs(start, tmp_path):
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(3600)\n")
    options = ["-P", "0", "--workers", "2", "--start-timeout", "2"]  # long enough to come to where it hangs
    code, output = start("", "-m", "muntin.web", *options, "slow:app").end()
    assert code == 1
    assert "does not serve after 2 s, its start_timeout. It is aborted" in output
    assert 'slow.py", line 2' in output  # where it hangs


def test_a_certificate_that_is_not_there(start):
    code, output = start(MAKER, "-m", "muntin.web", "-P", "0", "--certfile", "no.pem", "program:app").end()
    assert code == 1
    assert "error: cannot use the certificate of no.pem" in output
    assert "Traceback" not in output


@posix
def test_the_mode_of_a_unix_socket_and_its_owner(start, tmp_path):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "socket"))
        other.listen()
        refused = start(MAKER, "-m", "muntin.web", "-U", "socket", "program:make")
        code, output = refused.end()
        assert code == 1
        assert output == (
            "error: cannot serve on socket: "
            "[Errno 98] cannot listen at 'socket': somebody listens there already\n".replace(
                "98", str(errno.EADDRINUSE)
            )
        )
        program = start(
            MAKER, "-m", "muntin.web", "-U", "socket", "--mode", "660", "--take-over", "program:make"
        )
        program.read_until("Serving on")
        assert stat.S_IMODE((tmp_path / "socket").stat().st_mode) == 0o660
        assert program.stop()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mode", "660"], "give --path as well"),
        (["--take-over"], "give --path as well"),
        (["--mode", "668", "-U", "socket"], "'668' is no mode of a file"),
        (["--mode", "7777", "-U", "socket"], "'7777' is no mode of a file"),
    ],
)
def test_modes_that_make_no_sense(capsys, arguments, said):
    with pytest.raises(SystemExit, match="2"):
        parse_command([*arguments, "module:function"])
    assert said in capsys.readouterr().err


@posix
@pytest.mark.parametrize(
    ("number", "is_stuck"),
    [
        (signal.SIGHUP, False),
        (signal.SIGHUP, True),
        (signal.SIGQUIT, False),
        (signal.SIGQUIT, True),
        (signal.SIGTERM, True),
        (signal.SIGKILL, False),
    ],
)
def test_no_orphan_is_left_on_the_port(start, free_port, number, is_stuck):
    """Whatever ends the one that watches; a program that does not come to its end is killed."""
    pytest.importorskip("watchfiles")
    program = start(
        """
        import time

        async def stick(request):
            say("sticks")
            time.sleep(3600)

        def make(arguments):
            app = web.Application()
            app.add_routes([web.get("/", hello), web.get("/stick", stick)])
            return app
        """,
        "-m", "muntin.web", "--reload", "-H", "127.0.0.1", "-P", str(free_port), "program:make",
    )  # fmt: skip
    program.read_until("Ready")
    assert program.fetch(free_port) == "hello"
    with socket.create_connection(("127.0.0.1", free_port)) as client:
        if is_stuck:
            client.sendall(b"GET /stick HTTP/1.1\r\nHost: a\r\n\r\n")
            program.read_until("sticks")
        program.send(number)
        if number != signal.SIGKILL:
            program.send(signal.SIGTERM)  # nothing interrupts the end
        code, output = program.end()  # of all processes that hold the output
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    assert "Traceback" not in output
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port)).close()
