"""Workers: how a fleet is planned, as tables, and a bare server in several processes."""

import math
import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from muntin.runner.workers import Workers
from muntin.runner.workers._plan import plan
from muntin.runner.workers._process import (
    BEAT,
    DRAINING,
    LEAVING,
    READY,
    REPLACED,
    RETIRE,
    STOP_ALL,
    Process,
    ProcessStage,
)
from muntin.runner.workers._reaping import collect_ended, reap_orphans
from muntin.runner.workers._restarts import Restarts
from muntin.runner.workers._signals import SignalReader
from muntin.runner.workers._waits import Waits
from muntin.runner.workers.sockets import SocketFile, bind_tcp, bind_unix

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

LETTERS = {
    "s": ProcessStage.STARTING,
    "r": ProcessStage.SERVING,
    "x": ProcessStage.STOPPING,
    "a": ProcessStage.ABORTING,
}


def make_fleet(text):
    """Describe processes by their letters: starting, ready, stopping, aborting; capitals are outdated."""
    return [
        Process(pid, None, 0.0, stage=LETTERS[letter.lower()], is_outdated=letter.isupper())
        for pid, letter in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("fleet", "wanted", "careful", "starts", "stops"),
    [
        ("", 3, False, 3, []),
        ("", 3, True, 1, []),
        ("s", 3, True, 0, []),
        ("r", 3, True, 1, []),
        ("rs", 3, False, 1, []),
        ("rrr", 3, False, 0, []),
        ("rra", 3, False, 1, []),  # one that hangs is replaced before it is gone
        ("rrx", 3, False, 1, []),
        ("RRR", 3, False, 1, []),  # a reload: one after the other
        ("RRRs", 3, False, 0, []),
        ("RRRr", 3, False, 1, [0]),
        ("xRRrs", 3, False, 0, []),
        ("xRRrr", 3, False, 1, [1]),
        ("xxRrrr", 3, False, 0, [2]),
        ("rS", 2, False, 1, [1]),  # a start with old code is not waited for
        ("rRr", 3, False, 1, []),  # one that had its requests
        ("rRrr", 3, False, 0, [1]),
        ("rrr", 2, False, 0, [2]),  # fewer are wanted
        ("rrs", 2, False, 0, [2]),
        ("rrr", 0, False, 0, [0, 1, 2]),
        ("RsS", 0, False, 0, [2, 0, 1]),
    ],
)
def test_plans(fleet, wanted, careful, starts, stops):
    decided = plan(make_fleet(fleet), wanted, is_careful=careful)
    assert (decided.starts, [process.pid for process in decided.stops]) == (starts, stops)


def test_a_reload_never_leaves_fewer_serving_than_wanted():
    fleet = make_fleet("RRRR")
    for step in range(100):
        decided = plan(fleet, 4)
        for process in decided.stops:
            fleet.remove(process)
        assert sum(process.stage is ProcessStage.SERVING for process in fleet) >= 4
        assert len(fleet) <= 5
        if not any(process.is_outdated for process in fleet):
            break
        fleet += [Process(100 + step, None, 0.0) for _ in range(decided.starts)]
        for process in fleet:
            process.enter(ProcessStage.SERVING, 0.0)
    else:
        raise AssertionError("it never comes to an end")
    assert len(fleet) == 4


def test_failures_make_the_next_start_wait():
    restarts = Restarts()
    waits = []
    for _ in range(9):
        restarts.record_failure(100.0)
        waits.append((restarts.not_before - 100.0, restarts.is_exhausted))
    assert [wait for wait, _ in waits] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert [hopeless for _, hopeless in waits] == [False] * 4 + [True] * 5
    restarts.reset()
    assert restarts.not_before < 0
    assert not restarts.is_exhausted


def test_an_incident_is_one_failure():
    """What was started before the last failure has failed with it, however many they are, and in whatever time."""
    restarts = Restarts()
    for second in range(8):
        restarts.record_failure(100.0 + second, began=90.0 + second)
    assert (restarts.failures, restarts.not_before) == (1, 100.5)
    # What was started since fails for a reason of its own.
    restarts.record_failure(103.0, began=100.5)
    assert (restarts.failures, restarts.not_before) == (2, 104.0)
    restarts.record_failure(103.5, began=102.0)
    assert restarts.failures == 2
    # A fork that fails is a failure of its own.
    restarts.record_failure(104.0)
    assert restarts.failures == 3
    restarts.reset()
    restarts.record_failure(105.0, began=90.0)
    assert (restarts.failures, restarts.not_before) == (1, 105.5)


def test_who_stops_by_itself_does_not_fail():
    """It is replaced at once, unless it always stops as soon as it is started."""
    restarts = Restarts()
    for began in range(100, 120):
        restarts.record_leaving(began)
        assert (restarts.failures, restarts.not_before, restarts.is_exhausted) == (0, began + 0.5, False)
    restarts.record_failure(120.0, began=119.5)
    restarts.record_failure(121.0, began=120.5)
    restarts.record_leaving(120.0)
    assert restarts.not_before == 122.0


def test_what_the_supervisor_slept_through_does_not_count():
    """However long this process was stopped, nobody gets old by that; what was waited for as it was meant to counts."""
    clock = 1000.0

    def sleep(seconds):
        nonlocal clock
        clock += seconds

    waits = Waits(6.0, read_clock=lambda: clock)
    worker = Process(1, None, 0.0, stage=ProcessStage.SERVING)
    patience = {ProcessStage.SERVING: 30.0}
    assert waits.wait(lambda meant: sleep(5), None) == 5
    assert waits.wait(lambda meant: sleep(meant), 5.0) == 10
    assert waits.wait(lambda meant: sleep(meant + 3600), 20.0) < 16.2
    assert waits.now < worker.deadline(patience)
    for _ in range(3):
        waits.wait(lambda meant: sleep(meant + 0.001), worker.deadline(patience) - waits.now)
    assert waits.now >= worker.deadline(patience)


def test_what_a_worker_says():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        process = Process(1, ours, 0.0)
        assert process.read_channel(1.0)
        assert (process.stage, process.last_heard) == (ProcessStage.STARTING, 0.0)
        theirs.send(READY + BEAT)
        assert process.read_channel(2.0)
        assert (process.stage, process.last_heard, process.is_outdated) == (ProcessStage.SERVING, 2.0, False)
        assert process.deadline({ProcessStage.SERVING: 5.0}) == 7.0
        theirs.send(BEAT + RETIRE)
        process.read_channel(3.0)
        assert (process.last_heard, process.is_outdated) == (3.0, True)
        theirs.close()
        assert not process.read_channel(4.0)


@pytest.mark.parametrize(
    ("stage", "said", "after", "then"),
    [
        (ProcessStage.STARTING, LEAVING, ProcessStage.LEAVING, ProcessStage.LEAVING),
        (ProcessStage.STARTING, READY + LEAVING, ProcessStage.LEAVING, ProcessStage.LEAVING),
        (ProcessStage.SERVING, BEAT + LEAVING, ProcessStage.LEAVING, ProcessStage.LEAVING),
        (ProcessStage.SERVING, LEAVING + DRAINING, ProcessStage.DRAINING, ProcessStage.STOPPING),
        (ProcessStage.LEAVING, DRAINING, ProcessStage.DRAINING, ProcessStage.STOPPING),
        (
            ProcessStage.STOPPING,
            LEAVING,
            ProcessStage.STOPPING,
            ProcessStage.STOPPING,
        ),  # it was told meanwhile
        (ProcessStage.FORCED, LEAVING + DRAINING, ProcessStage.FORCED, ProcessStage.FORCED),
        (ProcessStage.ABORTING, LEAVING, ProcessStage.ABORTING, ProcessStage.ABORTING),
    ],
)
def test_a_worker_that_says_that_it_stops(stage, said, after, then):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        process = Process(1, ours, 0.0, stage=stage)
        theirs.send(said)
        assert process.read_channel(1.0)
        assert process.stage is after
        theirs.send(BEAT)
        process.read_channel(2.0)
        assert process.stage is then
        patience = {ProcessStage.LEAVING: 5.0, ProcessStage.STOPPING: 5.0}
        if then is ProcessStage.LEAVING:
            assert process.deadline(patience) == 6.0


def test_a_channel_that_breaks_says_no_more():
    """One who did not read what it was told leaves a reset behind, not an end."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        process = Process(1, ours, 0.0)
        process.send_word(REPLACED)
        theirs.send(READY)
        theirs.close()
        assert not process.read_channel(1.0)
        process.send_word(STOP_ALL)
        assert not process.read_channel(2.0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
def test_a_process_that_somebody_else_waited_for():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    process = Process(ended.pid, None, 0.0, stage=ProcessStage.STOPPING)
    process.escalate(1.0)
    process.deliver(signal.SIGUSR1)
    assert process.stage is ProcessStage.KILLED
    alive = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert collect_ended([ended.pid, alive.pid]) == {ended.pid: None}
    alive.kill()
    os.waitid(os.P_PID, alive.pid, os.WEXITED | os.WNOWAIT)
    reap_orphans([alive.pid])  # that one has an owner
    assert os.waitstatus_to_exitcode(collect_ended([alive.pid])[alive.pid]) == -signal.SIGKILL
    alive.stdin.close()
    alive.wait()


def test_hurrying_again_takes_no_more_time():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ours, theirs = socket.socketpair()
    with ours, theirs, child:
        process = Process(child.pid, ours, 0.0)
        for now in (10.0, 12.0, 14.0):
            process.hurry(now)
            assert process.deadline({ProcessStage.FORCED: 5.0}) == 15.0


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there are few signals")
def test_signals_that_come_together_are_one():
    with SignalReader([signal.SIGUSR1, signal.SIGUSR2]) as signals:
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1, signal.SIGUSR1):
            os.kill(os.getpid(), number)
        assert signals.read() == [signal.SIGUSR1, signal.SIGUSR2]
        os.kill(os.getpid(), signal.SIGUSR2)
        assert signals.read() == [signal.SIGUSR2]
        assert signals.read() == []


PROLOGUE = """
import asyncio, logging, math, os, sys, time
from muntin.http_core import ResponseHead
from muntin.runner import Server, ServerRunner, SockSite
from muntin.runner.workers import Supervisor, Workers
from muntin.runner.workers.sockets import bind_tcp

logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)

def say(*words):
    # In one piece: several processes write to one pipe.
    print(" ".join(map(str, words)) + "\\n", end="", flush=True)

async def respond(exchange):
    exchange.respond(ResponseHead(200, []), str(os.getpid()).encode())

sockets = bind_tcp("127.0.0.1", 0, backlog=16)

def work(worker):
    asyncio.run(serve(worker))

async def serve(worker):
    loop = asyncio.get_running_loop()
    worker.attend(loop)
    runner = ServerRunner(Server(respond))
    await runner.setup()
    for sock in sockets:
        await SockSite(runner, sock).start()
    worker.begin(loop)
    await loop.create_future()

def run(work, workers, **options):
    raise SystemExit(Supervisor(work, workers, stop_timeout=10, **options).run())
"""


@pytest.fixture
def supervise():
    """Start a program with workers; give its process, whose output is one stream of lines."""
    if not hasattr(os, "fork"):
        pytest.skip("workers are forked")
    running = []

    def supervise(source):
        process = subprocess.Popen(
            [sys.executable, "-c", PROLOGUE + textwrap.dedent(source)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process

    yield supervise
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def read_until(process, word):
    """Return the lines up to the first with a word in it."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(f"no {word!r} in {''.join(lines)}")


def read_rest(process):
    """Return all lines that were not read yet, when the process has ended.

    Not `communicate` with a time-out: behind the back of the stream it reads the pipe, and lines that the stream has
    read ahead are lost.
    """
    rest = process.stdout.read()
    process.wait(PATIENCE)
    return rest


def test_lines_that_come_at_once_are_all_read(supervise):
    process = supervise("say('first\\nsecond')")
    assert read_until(process, "first") == ["first\n"]
    assert read_rest(process) == "second\n"


def test_a_bare_server_in_two_processes(supervise):
    process = supervise("run(work, Workers(2), on_ready=lambda: say('port', sockets[0].getsockname()[1]))")
    port = int(read_until(process, "port")[-1].split()[1])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = b""
        while piece := client.recv(1000):
            data += piece
    assert int(data.rpartition(b"\r\n")[2]) != process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def test_workers_are_watched_from_the_main_thread(supervise):
    process = supervise("""
        import threading
        threading.Thread(target=run, args=(work, Workers(1))).start()
    """)
    output = read_rest(process)
    assert "RuntimeError: a supervisor runs in the main thread" in output


def test_a_first_start_that_hangs_is_the_end(supervise):
    process = supervise("""
        def hang(worker):
            time.sleep(3600)

        run(hang, Workers(3, start_timeout=2))  # long enough to come to where it hangs
    """)
    output = read_rest(process)
    assert process.returncode == 1
    assert output.count("does not serve after 2 s, its start_timeout. It is aborted") == 1
    assert "in hang" in output  # where it hangs
    assert "was killed by SIGABRT before it could serve; no worker serves, so the supervisor stops" in output


def test_a_start_that_hangs_leaves_the_others_serving(supervise):
    """A reload whose code hangs is given up in time, and the next one tried, ever more rarely."""
    process = supervise("""
        supervisor = os.getpid()
        is_sound = True

        def work_once(worker):
            if is_sound:
                work(worker)
            else:
                time.sleep(3600)

        def break_code():
            global is_sound
            is_sound = False
            os.kill(supervisor, signal.SIGHUP)

        import signal
        # Long enough for a sound start on a busy machine.
        run(work_once, Workers(1, start_timeout=5), on_ready=break_code)
    """)
    read_until(process, "serves")
    assert "aborted" in read_until(process, "does not serve after 5 s")[-1]
    assert "the next starts in 0.5 s" in read_until(process, "before it could serve")[-1]
    process.send_signal(signal.SIGTERM)
    output = read_rest(process)
    assert process.returncode == 0
    assert output.count("stopped") >= 1


def test_forks_that_fail_are_tried_again(supervise):
    process = supervise("""
        fork, forks = os.fork, iter([True, False, False, True])

        def fork_or_fail():
            if next(forks):
                return fork()
            raise BlockingIOError(11, "Resource temporarily unavailable")

        os.fork = fork_or_fail
        run(work, Workers(2), on_ready=lambda: say("all serve"))
    """)
    lines = read_until(process, "all serve")
    assert [line for line in lines if "forked" in line] == [
        f"no worker can be forked: [Errno 11] Resource temporarily unavailable; the next starts in {wait} s\n"
        for wait in (0.5, 1.0)
    ]
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_a_first_fork_that_fails_is_the_end(supervise):
    process = supervise("""
        def fail():
            raise OSError(12, "Cannot allocate memory")

        os.fork = fail
        run(work, Workers(2))
    """)
    output = read_rest(process)
    assert process.returncode == 1
    assert "no worker can be forked: [Errno 12] Cannot allocate memory; no worker serves" in output
    assert "Traceback" not in output


def read_workers(process, count):
    """Return the ids of the next workers that serve."""
    return [int(read_until(process, " serves")[-1].split()[1]) for _ in range(count)]


def test_a_worker_that_dies_with_words_unread(supervise):
    """It stands still while it is relieved, and is killed then."""
    process = supervise("run(work, Workers(1))")
    read_workers(process, 1)
    for _ in range(2):
        process.send_signal(signal.SIGTTIN)
        (second,) = read_workers(process, 1)
        os.kill(second, signal.SIGSTOP)
        process.send_signal(signal.SIGTTOU)
        read_until(process, "1 workers are wanted")
        os.kill(second, signal.SIGKILL)
        read_until(process, f"worker {second} ")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    read_workers(process, 1)
    process.send_signal(signal.SIGTERM)
    output = read_rest(process)
    assert (process.returncode, "Traceback" in output) == (0, False)


def test_a_worker_that_closes_its_channel(supervise):
    """Nothing is heard of it any more; it is replaced in time, and nobody else notices."""
    process = supervise("""
        async def close(worker):
            worker.attend(asyncio.get_running_loop())
            worker.begin(asyncio.get_running_loop())
            worker._channel.close()
            await asyncio.sleep(3600)

        run(lambda worker: asyncio.run(close(worker)), Workers(1, heartbeat_timeout=1))
    """)
    (first,) = read_workers(process, 1)
    read_until(process, f"worker {first} is stuck")
    (second,) = read_workers(process, 1)
    assert first != second
    process.send_signal(signal.SIGQUIT)
    read_rest(process)
    assert process.returncode == 0


def test_workers_that_somebody_else_waits_for(supervise):
    process = supervise("""
        waitpid = os.waitpid

        def wait_first(pid, options):
            found = waitpid(pid, options)
            if found[0]:
                raise ChildProcessError(10, "No child processes")
            return found

        os.waitpid = wait_first
        run(work, Workers(2))
    """)
    first, _ = read_workers(process, 2)
    os.kill(first, signal.SIGKILL)
    assert "worker" in read_until(process, "; the next starts in 0.5 s")[-1]
    read_workers(process, 1)
    process.send_signal(signal.SIGTERM)
    read_rest(process)
    assert process.returncode == 0


def test_news_that_fail_do_not_end_the_supervisor(supervise):
    process = supervise("""
        def fail():
            raise BrokenPipeError(32, "Broken pipe")

        run(
            work, Workers(1), on_ready=fail, on_alive=fail, alive_interval=3600, on_reload=fail,
            on_reloaded=fail, on_stop=fail,
        )
    """)
    (first,) = read_workers(process, 1)
    process.send_signal(signal.SIGHUP)
    (second,) = read_workers(process, 1)
    read_until(process, f"worker {first} stopped")
    process.send_signal(signal.SIGTERM)
    read_until(process, f"worker {second} stopped")
    read_rest(process)
    assert process.returncode == 0


@pytest.mark.parametrize("count", [2, 6])
def test_workers_killed_at_once_are_one_failure(supervise, count):
    process = supervise(f"run(work, Workers({count}), on_ready=lambda: say('all serve'))")
    workers = read_workers(process, count)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    for _ in workers:
        read_until(process, "was killed by SIGKILL; the next starts in 0.")
    assert not set(read_workers(process, count)) & set(workers)
    process.send_signal(signal.SIGTERM)
    read_rest(process)
    assert process.returncode == 0


def test_who_fails_again_and_again_is_given_up(supervise):
    """Each of the five was started after the one before had failed."""
    process = supervise("""
        def work_twice(worker):
            serve_once = asyncio.wait_for(serve(worker), 0.01)
            asyncio.run(serve_once)

        run(work_twice, Workers(1))
    """)
    output = read_rest(process)
    assert process.returncode == 1
    assert output.count(" serves\n") == 5
    assert "no worker serves, so the supervisor stops" in output


@pytest.mark.parametrize(
    "prepare",
    [
        "sys.stderr = None",
        "sys.stderr.close()",
        "sys.stderr = io.StringIO()",
        "os.close(2)",
        "sys.stdout = open('/dev/full', 'w')",
        "sys.stdout = open('/dev/full', 'w'); print('kept')",
        "sys.stdout.close()",
    ],
)
def test_output_that_leads_nowhere(supervise, prepare):
    """Who serves says so in another way: a worker is started, replaced and ends in order."""
    if "/dev/full" in prepare and not os.path.exists("/dev/full"):
        pytest.skip("there is no full device")
    process = supervise(f"""
        import io

        news = os.fdopen(os.dup(1), "w")
        logging.basicConfig(level="INFO", format="%(message)s", stream=news, force=True)
        {prepare}

        def work_and_print(worker):
            try:
                work(worker)
            finally:
                if sys.stdout is not None and not sys.stdout.closed:
                    print("ends")

        def note_climb():
            if os.getpid() != supervisor:
                news.write("climbed\\n")
                news.flush()

        supervisor = os.getpid()
        try:
            status = Supervisor(work_and_print, Workers(2), stop_timeout=10).run()
        finally:
            note_climb()
        news.write(f"status {{status}}\\n")
        news.flush()
        os._exit(status)
    """)
    read_workers(process, 2)
    process.send_signal(signal.SIGHUP)
    lines = [line for _ in range(2) for line in read_until(process, " serves")]
    process.send_signal(signal.SIGTERM)
    rest = read_rest(process)
    output = "".join((*lines, rest))
    assert (process.returncode, "status 0" in output) == (0, True)
    assert "climbed" not in output
    assert "cannot be forked" not in output
    assert output.count(" stopped") == 4


def test_a_supervisor_tells_that_workers_serve(supervise, tmp_path):
    """It says nothing while none does, however well it is itself."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    process = supervise(f"""
        def serve_at_the_gate(worker):
            with open({str(gate)!r}) as gate:
                gate.read()
            work(worker)

        run(
            serve_at_the_gate,
            Workers(1),
            on_alive=lambda: say("alive"),
            alive_interval=0.02,
            on_stop=lambda: say("stopping"),
        )
    """)
    gate.write_text("")
    before = read_until(process, "serves")
    assert "alive\n" not in before
    worker = int(before[-1].split()[1])
    for _ in range(3):
        read_until(process, "alive")
    os.kill(worker, signal.SIGKILL)
    read_until(process, "the next starts in 0.5 s")
    gate.write_text("")  # waits until it has started
    assert "alive\n" not in read_until(process, "serves")
    read_until(process, "alive")
    process.send_signal(signal.SIGTERM)
    output = read_rest(process)
    assert "alive" not in output.partition("stopping")[2]


def test_listening_without_a_loop(tmp_path):
    sockets = bind_tcp("localhost", 0, backlog=5)
    try:
        assert all(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for sock in sockets)
        port = sockets[0].getsockname()[1]
        with pytest.raises(OSError, match="cannot listen at"):
            bind_tcp(sockets[0].getsockname()[0], port, backlog=5)
    finally:
        for sock in sockets:
            sock.close()
    both = [bind_tcp("127.0.0.1", 0, backlog=5, reuse_port=True)[0]]
    try:
        both += bind_tcp("127.0.0.1", both[0].getsockname()[1], backlog=5, reuse_port=True)
    finally:
        for sock in both:
            sock.close()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")
def test_a_unix_socket_replaces_one_left_behind(tmp_path):
    path = tmp_path / "s"
    bind_unix(path, backlog=5).close()
    assert path.exists()
    with bind_unix(path, backlog=5), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    path.unlink()
    path.write_text("a file of somebody")
    with pytest.raises(OSError, match="cannot listen at"):
        bind_unix(path, backlog=5)
    assert path.read_text() == "a file of somebody"
    with pytest.raises(OSError, match=r"cannot listen at .*: AF_UNIX path too long"):
        bind_unix(tmp_path / ("long" * 50), backlog=5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_socket_file_is_left_alone_by_forked_processes(tmp_path):
    """One that ends by what it has inherited, for example because a handler's child raises SystemExit."""
    path = tmp_path / "s"
    with bind_unix(path, backlog=5):
        file = SocketFile(path)
        pid = os.fork()
        if pid == 0:
            try:
                file.remove()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        assert path.exists()
        file.remove()
        assert not path.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has Unix sockets without a file")
def test_a_unix_socket_without_a_file():
    name = f"\0muntin-workers-{os.getpid()}"
    with bind_unix(name, backlog=5), socket.socket(socket.AF_UNIX) as client:
        client.connect(name)
        with pytest.raises(OSError, match="cannot listen at"):
            bind_unix(name, backlog=5)


def test_numbers_out_of_range():
    with pytest.raises(ValueError, match="1 worker at least"):
        Workers(0)
    for wrong in (True, "2", 2.0, None):
        with pytest.raises(TypeError, match="is a whole number"):
            Workers(wrong)
    for wrong in ({"start_timeout": 0}, {"start_timeout": math.nan}, {"heartbeat_timeout": -1}):
        with pytest.raises(ValueError, match="more than 0"):
            Workers(1, **wrong)
    assert Workers(1, start_timeout=math.inf)
