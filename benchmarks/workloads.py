"""What is asked of the servers: one row a workload, with the peers that can be compared on it.

It knows requests and sizes; how servers are started and how load is made is not its matter.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

KIB = 1024
MIB = 1024 * KIB

# What a current browser sends along with a click on a link: thirteen fields with Host, which the client adds.
BROWSER_FIELDS = {
    "Connection": "keep-alive",
    "sec-ch-ua": '"Chromium";v="140", "Not=A?Brand";v="24"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9",
}

# A document of 1 KiB, spaces included.
DOCUMENT = json.dumps({"name": "muntin", "items": list(range(100)), "text": "x" * 580}).encode().ljust(KIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of request, sent again and again on a number of connections that are kept alive."""

    name: str
    peers: tuple[str, ...]
    method: str = "GET"
    path: str = "/"
    fields: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    answer: int = 0
    """The size of the right answer's body in bytes, white space aside: who sends another one is not measured."""
    resources: int = 200
    """How many resources the router of the application holds besides."""
    varying: int = 0
    """How many more it holds of which the first segment varies, so that any path might be theirs."""
    middlewares: int = 0
    logged: bool = False
    """Whether a line of the access log is written for each answer, to a file."""
    message: int = 0
    """The size of the messages, in bytes, where the request opens a WebSocket that echoes them; 0 for plain HTTP."""
    connections: int = 64
    pipelined: int = 1
    """How many requests are sent at once, before the response to the first."""
    workers: int = 1
    """How many processes the server has; where there are more, they may use the core of the load as well."""
    seconds: int = 1
    """The shortest turn that tells something."""


# The limit and the two applications of one API: they take part wherever they can, as only ratios
# of one run mean anything.
LIMIT = ("raw",)
API = ("aiohttp", "muntin", "muntin-pure")
SOCKETS = (*API, "picows", "websockets")
# What the same bytes take without HTTP's rules.
BODIES = ("bare", *API)
SERVERS = ("runner", "uvicorn", "granian")
FRAMEWORKS = ("starlette", "blacksheep")

HELLO = len("Hello,world!")
JSON = len('{"message":"Hello,world!"}')

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(name="hello", peers=LIMIT + API + SERVERS + FRAMEWORKS, answer=HELLO),
        Workload(
            name="browser", peers=LIMIT + API + SERVERS + FRAMEWORKS, fields=BROWSER_FIELDS, answer=HELLO
        ),
        Workload(name="json", peers=LIMIT + API + FRAMEWORKS, path="/json", answer=JSON),
        Workload(name="variable-10", peers=LIMIT + API, path="/item9/42", resources=10, answer=len("42")),
        Workload(name="variable-200", peers=LIMIT + API + FRAMEWORKS, path="/item199/42", answer=len("42")),
        Workload(
            name="variable-1000", peers=LIMIT + API, path="/item999/42", resources=1000, answer=len("42")
        ),
        Workload(name="first-segment-10", peers=LIMIT + API, path="/42/part9", varying=10, answer=len("42")),
        Workload(
            name="first-segment-1000", peers=LIMIT + API, path="/42/part999", varying=1000, answer=len("42")
        ),
        Workload(
            name="reads",
            peers=LIMIT + API,
            path="/reads?page=7&sort=name",
            fields={**BROWSER_FIELDS, "Cookie": "theme=dark; session=0123456789abcdef"},
            answer=len("en-GB,en;q=0.970123456789abcdef"),
        ),
        Workload(name="middlewares", peers=LIMIT + API, middlewares=5, answer=HELLO),
        Workload(name="logged", peers=API, logged=True, answer=HELLO),
        Workload(name="suspends", peers=LIMIT + API, path="/suspends", answer=HELLO),
        Workload(
            name="post",
            peers=(*LIMIT, *API, "starlette"),
            method="POST",
            path="/post",
            fields={"Content-Type": "application/json"},
            body=DOCUMENT,
            answer=len('{"items":100}'),
        ),
        Workload(name="static-4k", peers=(*API, "nginx"), path="/static/small.bin", answer=4 * KIB),
        Workload(
            name="static-1m", peers=(*API, "nginx"), path="/static/large.bin", answer=MIB, connections=16
        ),
        Workload(
            name="upload",
            peers=BODIES,
            method="POST",
            path="/upload",
            fields={"Content-Type": "application/octet-stream"},
            body=bytes(MIB),
            answer=len(str(MIB)),
            connections=16,
        ),
        Workload(name="echo-64", peers=SOCKETS, path="/echo", message=64, connections=32),
        Workload(name="echo-16k", peers=SOCKETS, path="/echo", message=16 * KIB, connections=32),
        Workload(name="answer", peers=BODIES, path="/answer", answer=MIB, connections=16),
        Workload(name="stream", peers=BODIES, path="/stream", answer=MIB, connections=16),
    )
}
