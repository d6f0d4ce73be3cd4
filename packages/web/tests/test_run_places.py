"""The arguments of `run_app` that say where and how to listen, as programs of their own."""

import socket
import ssl
import urllib.request

import pytest
import trustme


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
        with urllib.request.urlopen(place, context=context, timeout=30) as answer:
            assert answer.read() == b"hello"
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
