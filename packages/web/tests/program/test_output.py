"""Programs whose output nobody can read: they serve, and end with the status that they would have had."""

import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="there is /dev/full, and somebody to be told of a start, on Linux"
)

PROGRAM = """
    import sys
    from muntin import web

    async def pid(request):
        print("asked")  # is left in the buffer
        return web.Response(text="fine")

    def make(arguments=()):
        app = web.Application()
        app.add_routes([web.get("/", pid)])
        return app

    if __name__ == "__main__":
        web.run_app(make, **eval(sys.argv[1]))
"""

LEADING = {
    "a full disk": ">/dev/full",
    "a closed pipe": ">&{pipe} {pipe}>&-",
    "nowhere": ">&-",
    "no error output": "2>&-",
    "neither": ">&- 2>&-",
    "both full": ">/dev/full 2>/dev/full",
}
WAYS = {
    "alone": ["program.py", "dict(path='s')"],
    "workers": ["program.py", "dict(path='s', workers=2)"],
    "command": ["-m", "muntin.web", "-U", "s", "program:make"],
    "command with workers": ["-m", "muntin.web", "-U", "s", "--workers", "2", "program:make"],
}


def ask(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(path)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        with client.makefile("rb") as response:
            return response.read()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("leading", LEADING)
def test_output_that_leads(tmp_path, monkeypatch, leading, way):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    reading, writing = os.pipe()
    os.close(reading)
    redirection = LEADING[leading].format(pipe=writing)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(PATIENCE)
        manager.bind("manager")
        process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" {redirection}', "bash", sys.executable, *WAYS[way]],
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "",
                "NOTIFY_SOCKET": str(tmp_path / "manager"),
                "PYTHONPATH": str(tmp_path),
            },
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        try:
            assert manager.recv(1000) == b"READY=1"
            for _ in range(3):
                assert ask("s").endswith(b"fine")
            process.send_signal(signal.SIGTERM)
            assert manager.recv(1000) == b"STOPPING=1"
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
    assert not os.path.exists("s")
