"""What the engine makes of bytes, in the words of the cases.

`python -m conformance.http1.engine` prints it for all cases, as JSON: with `-O` it must print the same.
"""

import json
from collections.abc import Iterable

from conformance.http1.cases import read_cases
from muntin.http_core import (
    HTTP_11,
    NO_BODY,
    BodyData,
    EndOfBody,
    PeerClosed,
    Rejected,
    RequestHead,
    RequestState,
    ResponseHead,
    ResponseState,
    ServerConnection,
    Signal,
)

__all__ = ["Told", "tell"]

Told = tuple[list[str], str]
"""What is told in order, and the fate of the connection."""


def tell(pieces: Iterable[bytes], *, eof: bool = False) -> Told:
    """Return what a connection tells of bytes that arrive in pieces."""
    connection = ServerConnection()
    told: list[str] = []
    for piece in pieces:
        connection.receive(piece)
        converse(connection, told)
    if eof:
        connection.receive_eof()
        converse(connection, told)
    if told[-1:] == ["closed"] or not connection.keeps_alive:
        return told, "close"
    if connection.request_state is not RequestState.IDLE or connection.buffered or not told:
        told.append("wait")
    return told, "open"


def converse(connection: ServerConnection, told: list[str]) -> None:
    """Take all events there are, and respond to each request when it is complete."""
    while not isinstance(event := connection.next_event(), Signal):
        match event:
            case RequestHead(method=method, target=target, version=version, framing=framing):
                told.append(f"{method} {target}" + ("" if version is HTTP_11 else " 1.0"))
                if framing is NO_BODY:
                    told.append("end")
                    respond(connection, method)
            case BodyData(data):
                text = data.decode("latin-1")
                if told[-1].startswith("data "):
                    told[-1] += text
                else:
                    told.append(f"data {text}")
            case EndOfBody(trailers):
                lines = [f"{name.decode()}: {value.decode('latin-1')}" for name, value in trailers]
                told.append(" ".join(["end", *([", ".join(lines)] if lines else [])]))
                respond(connection, "")
            case Rejected(status, _):
                if told[-1:] != [str(status)]:
                    told.append(str(status))
                return
            case PeerClosed():
                told.append("closed")
                return


def respond(connection: ServerConnection, method: str) -> None:
    """Answer, and go on if the connection does."""
    connection.respond(ResponseHead(405 if method == "CONNECT" else 200))
    if connection.response_state is ResponseState.DONE:
        connection.start_next_exchange()


if __name__ == "__main__":
    print(json.dumps({case.id: tell([case.raw], eof=case.eof) for case in read_cases()}))
