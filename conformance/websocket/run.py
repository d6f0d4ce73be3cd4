"""All public Autobahn cases, as `kosoku` ports them, against both roles.

    python conformance/websocket/run.py                  all of it, and a table
    python conformance/websocket/run.py --short          a cut through every chapter, in seconds
    python conformance/websocket/run.py --case '6.*'     some of it

A run passes when every case is OK: also "non-strict" counts as a failure. A few cases are about things that the RFC
leaves open; they are "informational" and fail never. The exit code is 1 when a case failed.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver

from muntin.websocket import Deflate, WSMsgType
from muntin.websocket.aio import Request, WebSocket, connect, serve

if TYPE_CHECKING:
    from kosoku._kosoku import CaseResult

HOST = "127.0.0.1"
AGENT = "muntin-websocket"
# The largest message of the suite has 16 MiB.
MAX_MESSAGE_SIZE = 16 * 1024 * 1024
CHAPTERS = {
    "1": "framing",
    "2": "pings and pongs",
    "3": "reserved bits",
    "4": "opcodes",
    "5": "fragmentation",
    "6": "UTF-8",
    "7": "closing",
    "9": "limits",
    "10": "automatic fragmentation",
    "12": "compression",
    "13": "compression parameters",
}
# Every chapter, without the cases that move megabytes.
SHORT = (
    *(
        "1.*",
        "2.*",
        "3.*",
        "4.*",
        "5.*",
        "6.1.*",
        "6.2.*",
        "6.3.*",
        "6.4.*",
        "6.6.*",
        "7.*",
        "9.1.1",
        "9.2.1",
        "10.*",
    ),
    *(f"12.{group}.1" for group in range(1, 6)),
    *(f"13.{group}.1" for group in range(1, 8)),
)
COMPRESSION = ("12.*", "13.*")
# As a server the suite asks for client_no_context_takeover here, but only from clients that hinted at it.
HINTED = ("13.2.*", "13.5.*", "13.6.*")
GOOD = {"OK", "INFORMATIONAL"}


@dataclass
class Tally:
    """How the cases of one run ended."""

    name: str
    by_chapter: dict[str, Counter[str]] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def add(self, case: str, behavior: str, behavior_close: str, reason: str) -> None:
        """Count one case; the worse of its two verdicts is what counts."""
        worst = behavior if behavior_close in GOOD else f"close {behavior_close}"
        self.by_chapter.setdefault(case.partition(".")[0], Counter())[worst] += 1
        if worst not in GOOD:
            self.bad.append(f"{case}: {worst}: {reason}")

    @property
    def total(self) -> Counter[str]:
        """All chapters together."""
        return sum(self.by_chapter.values(), Counter())


async def echo(socket: WebSocket, request: Request) -> None:
    """Send every message back."""
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)


async def fuzz_server(deflate: Deflate | None, include: Sequence[str] | None, name: str) -> Tally:
    """Let the fuzzing client loose on an echo server."""
    exclude = None if deflate else list(COMPRESSION)
    async with await serve(echo, HOST, 0, deflate=deflate, max_message_size=MAX_MESSAGE_SIZE) as server:
        try:
            address = f"{HOST}:{server.port}"
            results = await run_fuzzingclient(address, _as_list(include), exclude, concurrency=4)
        except FailureError as failure:
            results = failure.results
    return _count(name, results)


async def fuzz_client(deflate: Deflate | None, include: Sequence[str] | None, name: str) -> Tally:
    """Send an echo client into the fuzzing server, with and without the hint that some cases wait for."""
    hinted = _select_hinted(include) if deflate else []
    others = None if include is None else [case for case in include if case not in hinted]
    results = []
    if others is None or others:
        exclude = [*HINTED] if deflate else [*COMPRESSION]
        results += await _visit(deflate, others, exclude)
    if hinted:
        results += await _visit(Deflate(client_no_context_takeover=True), hinted, None)
    return _count(name, results)


def _select_hinted(include: Sequence[str] | None) -> list[str]:
    if include is None:
        return [*HINTED]
    wider = [hinted for case in include for hinted in HINTED if fnmatch(hinted, case)]
    return wider or [case for case in include for hinted in HINTED if fnmatch(case, hinted)]


async def _visit(
    deflate: Deflate | None, include: Sequence[str] | None, exclude: Sequence[str] | None
) -> "list[CaseResult]":
    async with run_fuzzingserver(_as_list(include), _as_list(exclude), host=HOST, port=0) as server:
        base = f"ws://{HOST}:{server.port}"
        count = await _ask(f"{base}/getCaseCount")
        for case in range(1, count + 1):
            url = f"{base}/runCase?case={case}&agent={AGENT}"
            socket = await connect(url, deflate=deflate, max_message_size=MAX_MESSAGE_SIZE)
            # Some cases end in the middle of a response.
            with suppress(ConnectionResetError):
                await echo(socket, Request("GET", "/", ()))
            await socket.close()
        socket = await connect(f"{base}/updateReports?agent={AGENT}")
        await socket.receive()
        await socket.close()
        try:
            return await server.get_result()
        except FailureError as failure:
            return list(failure.results)


async def _ask(url: str) -> int:
    async with await connect(url) as socket:
        return int(await socket.receive_str())


def _as_list(include: Sequence[str] | None) -> list[str] | None:
    return list(include) if include else None


def _count(name: str, results: "Iterable[CaseResult]") -> Tally:
    tally = Tally(name)
    for case in results:
        reason = f"{case.result} {case.result_close}"
        tally.add(case.case_id, case.behavior.value, case.behavior_close.value, reason)
    return tally


def format_table(tallies: Sequence[Tally]) -> str:
    """Return the results as a Markdown table, a chapter a row."""
    lines = ["| chapter | " + " | ".join(tally.name for tally in tallies) + " |"]
    lines.append("|---|" + "---|" * len(tallies))
    for chapter, title in CHAPTERS.items():
        cells = (_format_cell(tally.by_chapter.get(chapter)) for tally in tallies)
        lines.append(f"| {chapter} {title} | " + " | ".join(cells) + " |")
    lines.append("| **all** | " + " | ".join(_format_cell(tally.total) for tally in tallies) + " |")
    return "\n".join(lines)


def _format_cell(counter: Counter[str] | None) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counter.most_common()) if counter else "–"


async def run(include: Sequence[str] | None) -> list[Tally]:
    """Run both roles, with compression and without; tell of each as it ends, as all of them take a while."""
    plain = None if include is None else [case for case in include if not case.startswith(("12", "13"))]
    runs = [(fuzz_server, Deflate(), include, "server"), (fuzz_client, Deflate(), include, "client")]
    if plain is None or plain:
        runs += [
            (fuzz_server, None, plain, "server, no compression"),
            (fuzz_client, None, plain, "client, no compression"),
        ]
    tallies = []
    for fuzz, deflate, cases, name in runs:
        tallies.append(await fuzz(deflate, cases, name))
        print(f"{name}: {_format_cell(tallies[-1].total)}", file=sys.stderr, flush=True)
    return tallies


def main() -> int:
    """Run from the command line, and return the exit code."""
    parser = argparse.ArgumentParser(description="Run the Autobahn cases against muntin.websocket.")
    parser.add_argument("--short", action="store_true", help="a cut through every chapter")
    parser.add_argument("--case", action="append", help="a case or a pattern of cases; may be repeated")
    arguments = parser.parse_args()
    tallies = asyncio.run(run(arguments.case or (SHORT if arguments.short else None)))
    print(format_table(tallies))
    bad = [f"{tally.name}: {line}" for tally in tallies for line in tally.bad]
    print(*bad, sep="\n", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
