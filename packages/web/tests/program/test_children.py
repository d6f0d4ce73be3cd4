"""Processes that handlers fork: their signals do not reach the server, and mean to them what they always do."""

import os
import signal

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

FORKS = """
    import multiprocessing, signal, time

    def fork_and_end(number):
        \"\"\"Fork a child that waits, send it a signal, and give how it ended.\"\"\"
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.write(writing, b"ready")
                while True:
                    signal.pause()
            except KeyboardInterrupt:
                os._exit(77)
            finally:
                os._exit(78)
        os.read(reading, 5)
        os.kill(pid, number)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    async def fork(request):
        return web.Response(text=str(fork_and_end(int(request.match_info["number"]))))

    async def fork_in_thread(request):
        number = int(request.match_info["number"])
        return web.Response(text=str(await asyncio.to_thread(fork_and_end, number)))

    async def terminate(request):
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
        process.start()
        process.terminate()
        process.join()
        return web.Response(text=str(process.exitcode))

    async def pid(request):
        return web.Response(text=str(os.getpid()))

    app = web.Application()
    app.router.add_get("/", pid)
    app.router.add_get("/fork/{number}", fork)
    app.router.add_get("/thread/{number}", fork_in_thread)
    app.router.add_get("/terminate", terminate)
"""

ENDS = [
    ("/terminate", -signal.SIGTERM),
    (f"/fork/{signal.SIGTERM:d}", -signal.SIGTERM),
    (f"/fork/{signal.SIGINT:d}", 77),
    (f"/fork/{signal.SIGKILL:d}", -signal.SIGKILL),
    (f"/thread/{signal.SIGTERM:d}", -signal.SIGTERM),
]


@pytest.mark.parametrize(
    "options", ["", "workers=1", "loop_factory=uvloop", "workers=1, loop_factory=uvloop"]
)
def test_the_end_of_a_child_is_its_own(start, free_port, options):
    prepare = ""
    if "uvloop" in options:
        pytest.importorskip("uvloop")
        prepare = "from uvloop import new_event_loop as uvloop"
    program = start(
        f"{FORKS}\n    {prepare}\n    web.run_app(app, host='127.0.0.1', port={free_port}, {options})"
    )
    program.read_until("Serving on")
    server = program.fetch(free_port)
    for path, code in ENDS:
        assert (path, program.fetch(free_port, path)) == (path, str(int(code)))
        assert program.fetch(free_port) == server
    code, output = program.stop()
    assert (code, "Traceback" in output) == (0, False)
