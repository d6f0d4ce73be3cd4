"""An HTTP/1.1 server on plain sockets and threads, with muntin-http-core alone: it sends back what is posted.

python examples/socket_server.py 8080
"""

import socket
import sys
from socketserver import BaseRequestHandler, ThreadingTCPServer

from muntin import http_core as http


class Conversation(BaseRequestHandler):
    """One client."""

    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(20)
        self.engine = http.ServerConnection(http.Limits(body=1_000_000))
        while isinstance(head := self.wait(), http.RequestHead) and self.respond(head):
            self.engine.start_next_exchange()
        if isinstance(head, http.Rejected):
            self.send(self.engine.refuse(head, head.reason.encode()))

    def respond(self, head: http.RequestHead) -> bool:
        """Send the body back; return True if another request may follow."""
        if head.expect == "100-continue":
            self.request.sendall(self.engine.inform(100))
        body, event = b"", http.EndOfBody() if head.framing is http.NO_BODY else self.wait()
        while isinstance(event, http.BodyData):
            body += event.data
            event = self.wait()
        if isinstance(event, http.Rejected):
            self.send(self.engine.refuse(event, event.reason.encode()))
        else:
            status = 200 if head.method in ("GET", "HEAD", "POST") else 405
            self.send(self.engine.respond(http.ResponseHead(status, [("Content-Type", "text/plain")]), body))
        return self.engine.response_state is http.ResponseState.DONE

    def wait(self) -> object:
        """Return the next event, receiving what it needs."""
        while (event := self.engine.next_event()) is http.Signal.NEED_DATA:
            data = self.request.recv(65536)
            self.engine.receive(data) if data else self.engine.receive_eof()
        return event

    def send(self, response: tuple[bytes, bytes]) -> None:
        self.request.sendall(b"".join(response))


if __name__ == "__main__":
    ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Conversation).serve_forever()
