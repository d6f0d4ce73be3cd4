"""`python -m benchmarks.engine` prints microseconds an exchange, and how many times faster than h11 we are.

Every exchange is whole: the request's bytes are received and taken apart, its body is read, an answer of eleven bytes
is written, and the connection made ready for the next. The best of several rounds counts: noise only ever adds.
"""

import timeit
from collections.abc import Callable

import h11

from muntin.http_core import NO_BODY, EndOfBody, RequestHead, ResponseHead, ServerConnection

HOST = b"Host: example.org\r\n"
BROWSER = (
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\nConnection: keep-alive\r\n"
    b"Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
    b"Sec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\nPriority: u=0, i\r\n"
)
REQUESTS = {
    "plain GET": b"GET /hello?name=world HTTP/1.1\r\n" + HOST + b"Accept: */*\r\n\r\n",
    "GET of a browser": b"GET /hello?name=world HTTP/1.1\r\n" + HOST + BROWSER + b"\r\n",
    "POST of 1 kB": b"POST /notes HTTP/1.1\r\n" + HOST + b"Content-Length: 1024\r\n\r\n" + b"a" * 1024,
    "POST of 64 kB": b"POST /notes HTTP/1.1\r\n" + HOST + b"Content-Length: 65536\r\n\r\n" + b"a" * 65536,
    "POST of 8 chunks": b"POST /notes HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + (b"400\r\n" + b"a" * 1024 + b"\r\n") * 8
    + b"0\r\n\r\n",
}
BODY = b"hello world"
DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

ROUNDS = 9
SECONDS = 0.15
"""How long each round takes, about."""


def serve_muntin(raw: bytes) -> Callable[[], None]:
    """Run one exchange of ours."""
    connection = ServerConnection()
    head = ResponseHead(200, [("Content-Type", "text/plain")])

    def exchange() -> None:
        connection.receive(raw)
        request = connection.next_event()
        if not isinstance(request, RequestHead):
            raise RuntimeError(f"no request: {request}")
        if request.framing is not NO_BODY:
            while not isinstance(connection.next_event(), EndOfBody):
                pass
        connection.respond(head, BODY, DATE)
        connection.start_next_exchange()

    return exchange


def serve_h11(raw: bytes) -> Callable[[], None]:
    """Run one exchange of h11."""
    connection = h11.Connection(h11.SERVER)
    fields = [
        ("Content-Type", "text/plain"),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Content-Length", "11"),
    ]

    def exchange() -> None:
        connection.receive_data(raw)
        while not isinstance(connection.next_event(), h11.EndOfMessage):
            pass
        connection.send(h11.Response(status_code=200, headers=fields))
        connection.send(h11.Data(BODY))
        connection.send(h11.EndOfMessage())
        connection.start_next_cycle()

    return exchange


def measure(exchange: Callable[[], None]) -> float:
    """Return the microseconds of one exchange."""
    timer = timeit.Timer(exchange)
    number = max(1, int(SECONDS / (timer.timeit(20) / 20)))
    return min(timer.repeat(ROUNDS, number)) / number * 1e6


def main() -> None:
    """Print a table."""
    print(f"{'':18}{'muntin':>10}{'h11 ' + h11.__version__:>12}{'ratio':>8}")
    for name, raw in REQUESTS.items():
        ours, theirs = measure(serve_muntin(raw)), measure(serve_h11(raw))
        print(f"{name:18}{ours:7.1f} µs{theirs:9.1f} µs{theirs / ours:7.1f}x")


if __name__ == "__main__":
    main()
