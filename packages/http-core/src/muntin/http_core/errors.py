"""Errors of the peer and of the caller.

```
ProtocolError            HTTP was broken; carries the status of the response
├── RemoteProtocolError  the peer broke it
└── LocalProtocolError   the caller wanted to send what must not be sent
```
"""

__all__ = ["LocalProtocolError", "ProtocolError", "RemoteProtocolError"]


class ProtocolError(Exception):
    """HTTP was broken; the subclass says by whom.

    Attributes:
        status: the status code of the response to it.
        reason: a few fixed words that are safe to send: they never contain anything that the peer sent.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.status}: {self.reason}"


class RemoteProtocolError(ProtocolError):
    """The peer sent what HTTP forbids, or more than a limit allows."""


class LocalProtocolError(ProtocolError):
    """The caller wanted to send what HTTP forbids, or at the wrong time; the status is 500."""

    def __init__(self, reason: str) -> None:
        super().__init__(500, reason)

    def __str__(self) -> str:
        return self.reason
