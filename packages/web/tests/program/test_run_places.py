"""The arguments of `run_app` that say where and how to listen, as programs of their own."""

import asyncio
import os
import re
import socket
import ssl
import stat
import sys
import urllib.request

import pytest
import trustme

from muntin import web

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0


@pytest.mark.row("RN-29", "RN-01")
def test_tls_on_several_hosts_and_paths(start, free_port, tmp_path):
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1", "127.0.0.2")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "all.pem")
    program = start(f"""
        import ssl
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain("all.pem")

        def make():
            app = web.Application()
            app.router.add_get("/", hello)
            return app

        web.run_app(
            make, host=["127.0.0.1", "127.0.0.2"], port={free_port}, path=["one", "two"], ssl_context=tls,
            backlog=7, reuse_address=True, reuse_port=True, print=lambda text: say("printed", text),
        )
    """)
    line = program.read_until("printed")
    places = [f"https://127.0.0.{last}:{free_port}" for last in (1, 2)]
    for place in (*places, "https://unix:one:", "https://unix:two:"):
        assert place in line
    context = ssl.create_default_context()
    authority.configure_trust(context)
    for place in places:
        with urllib.request.urlopen(place, context=context, timeout=PATIENCE) as response:
            assert response.read() == b"hello"
    for path in ("one", "two"):
        with socket.socket(socket.AF_UNIX) as plain:
            plain.connect(str(tmp_path / path))
            with context.wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                assert client.recv(65536).startswith(b"HTTP/1.1 200")
    # reuse_port: another process may listen at the same port.
    with socket.socket() as other:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind(("127.0.0.1", free_port))
    assert program.stop()[0] == 0


@pytest.mark.row("RN-01")
def test_a_loop_of_ones_own_choice_and_silence(start, free_port):
    pytest.importorskip("uvloop")
    program = start(f"""
        import uvloop

        async def up(app):
            say("loop", type(asyncio.get_running_loop()).__module__)

        app = web.Application()
        app.router.add_get("/", hello)
        app.on_startup.append(up)
        web.run_app(app, host="127.0.0.1", port={free_port}, loop_factory=uvloop.new_event_loop, print=None)
        say("after")
    """)
    program.read_until("loop uvloop")
    code, output = program.stop()
    assert (code, output) == (0, "after\n")


@pytest.mark.row("RN-28", "RN-26")
def test_a_task_that_failed_surfaces_at_the_end(start, free_port):
    program = start(f"""
        async def listen():
            say("listening")
            raise LookupError("the queue is gone")

        async def context(app):
            task = asyncio.create_task(listen())
            yield
            await task

        app = web.Application()
        app.router.add_get("/", hello)
        app.cleanup_ctx.append(context)
        web.run_app(app, host="127.0.0.1", port={free_port})
    """)
    program.read_until("Serving on")
    assert program.fetch(free_port) == "hello"
    code, output = program.stop()
    assert code == 1
    assert "LookupError: the queue is gone" in output


@pytest.mark.row("RN-29")
def test_a_certificate_is_replaced_in_its_context(start, free_port, tmp_path):
    """The way of one process: new connections get what the context has by then."""
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "all.pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    program = start(f"""
        import ssl
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain("all.pem")

        async def renew(request):
            tls.load_cert_chain("all.pem")
            return web.Response()

        app = web.Application()
        app.router.add_get("/", renew)
        web.run_app(app, host="127.0.0.1", port={free_port}, ssl_context=lambda: tls)
    """)
    program.read_until("Serving on https://")
    seen = set()
    for _ in range(2):
        with (
            socket.create_connection(("127.0.0.1", free_port), 30) as plain,
            trusting.wrap_socket(plain, server_hostname="127.0.0.1") as client,
        ):
            seen.add(client.getpeercert()["serialNumber"])
            authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
                tmp_path / "all.pem"
            )
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert len(seen) == 2
    assert program.stop()[0] == 0


@pytest.mark.row("RN-29")
def test_an_empty_list_of_hosts_is_no_host(start):
    program = start("""
        import socket
        sock = socket.create_server(("127.0.0.1", 0))
        app = web.Application()
        app.router.add_get("/", hello)
        web.run_app(app, host=[], path=[], sock=iter([sock]))
    """)
    port = int(re.fullmatch(r"Serving on http://127.0.0.1:(\d+) .*\n", program.read_until("Serving on"))[1])
    assert program.fetch(port) == "hello"
    assert program.stop()[0] == 0


@pytest.mark.parametrize(
    "places", [{"host": []}, {"host": (), "port": 0}, {"path": []}, {"sock": [], "host": []}]
)
@pytest.mark.parametrize("workers", [None, 2])
def test_there_has_to_be_a_place(places, workers):
    with pytest.raises(ValueError, match="no place to listen at"):
        web.run_app(web.Application(), **places, workers=workers)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has Unix sockets without a file")
@pytest.mark.parametrize("workers", [None, 1])
def test_a_unix_socket_without_a_file(start, workers):
    name = f"muntin-{os.getpid()}-{workers}"
    program = start(f"""
        app = web.Application()
        app.router.add_get("/", hello)
        web.run_app(app, path="\\0{name}", workers={workers})
    """)
    program.read_until(f"Serving on http://unix:@{name}:")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0{name}")
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert program.stop()[0] == 0


def test_a_program_has_a_loop_of_its_own():
    async def main():
        with pytest.raises(RuntimeError, match=r"use web\.AppRunner"):
            web.run_app(web.Application())

    asyncio.run(main())


@pytest.mark.row("RN-29")
@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")
@pytest.mark.parametrize("workers", [None, 1])
def test_paths_of_all_kinds(start, tmp_path, workers):
    program = start(f"""
        from pathlib import Path
        web.run_app(web.Application(), path=["one", b"two", Path("three")], workers={workers})
    """)
    line = program.read_until("Serving on")
    for name in ("one", "two", "three"):
        assert f"http://unix:{name}:" in line
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / name))
    assert program.stop()[0] == 0
    assert not any((tmp_path / name).exists() for name in ("one", "two", "three"))


# An address that cannot be had


@pytest.mark.row("RN-01", "RN-29")
@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")
@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("host='127.0.0.1', port={port}", "cannot listen at 127.0.0.1:{port}: Address already in use"),
        ("host=['127.0.0.1', '127.0.0.2'], port={port}", "127.0.0.1:{port}: Address already in use"),
        ("path='taken'", "cannot listen at 'taken': somebody listens there already"),
        ("path='missing/socket'", "cannot listen at 'missing/socket': No such file"),
        ("host='192.0.2.1', port=0", "cannot listen at 192.0.2.1:0: Cannot assign"),
        ("sock=closed", "Bad file descriptor"),
    ],
)
def test_an_address_that_cannot_be_had_is_one_line(start, tmp_path, place, said, workers):
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket(socket.AF_UNIX) as path:
        path.bind(str(tmp_path / "taken"))
        path.listen()
        port = taken.getsockname()[1]
        program = start(f"""
            import socket
            closed = socket.socket()
            closed.close()
            web.run_app(web.Application(), {place.format(port=port)}, workers={workers})
        """)
        code, output = program.end()
    assert code == 1
    assert output.startswith("error: ")
    assert said.format(port=port) in output
    assert output.count("\n") == 1


@pytest.mark.row("RN-28")
def test_what_a_program_does_about_an_address_is_its_own_affair(start, free_port):
    """Who catches the error can try another address; what fails besides is a traceback as ever."""
    with socket.create_server(("127.0.0.1", free_port)):
        program = start(f"""
            try:
                web.run_app(web.Application(), host="127.0.0.1", port={free_port})
            except OSError as error:
                say("caught", error.errno)
            raise LookupError("something else")
        """)
        program.read_until("caught 98" if sys.platform == "linux" else "caught")
        code, output = program.end()
    assert code == 1
    assert "Traceback" in output
    assert "LookupError: something else" in output


@pytest.mark.row("RN-29")
@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")
@pytest.mark.parametrize("workers", [None, 1])
def test_the_mode_and_the_owner_of_a_unix_socket(start, tmp_path, workers):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "socket"))
        other.listen()
        program = start(f"""
            web.run_app(web.Application(), path="socket", mode=0o660, take_over=True, workers={workers})
        """)
        program.read_until("Serving on")
        assert stat.S_IMODE((tmp_path / "socket").stat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "socket"))
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 404")
        assert program.stop()[0] == 0
    assert not (tmp_path / "socket").exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"mode": 0o660}, ValueError),
        ({"take_over": True}, ValueError),
        ({"path": "socket", "mode": 0o7777}, ValueError),
        ({"path": "\0socket", "mode": 0o600}, ValueError),
        ({"path": "socket", "mode": "660"}, TypeError),
    ],
)
@pytest.mark.parametrize("workers", [None, 2])
def test_modes_that_make_no_sense(options, error, workers):
    with pytest.raises(error, match="mode"):
        web.run_app(web.Application(), **options, workers=workers)


@pytest.mark.parametrize("workers", [None, 1])
def test_one_of_several_hosts_that_is_not_here(start, free_port, workers):
    program = start(f"""
        app = web.Application()
        app.router.add_get("/", hello)
        web.run_app(app, host=["192.0.2.1", "127.0.0.1"], port={free_port}, workers={workers})
    """)
    assert "192.0.2.1" not in program.read_until("Serving on")
    assert program.fetch(free_port) == "hello"
    assert program.stop()[0] == 0
