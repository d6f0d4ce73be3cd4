"""What can go wrong on the wire or at the caller's hand.

```
ProtocolError            one exchange broke HTTP; carries the status that answers it
├── RemoteProtocolError  the peer broke it
└── LocalProtocolError   the caller asked for something that must not be sent
```
"""

__all__ = ["LocalProtocolError", "ProtocolError", "RemoteProtocolError"]


class ProtocolError(Exception):
    """HTTP was broken; one of the two leaves says by whom.

    Attributes:
        status: the status code that answers it.
        reason: a few fixed words, safe to send: they never hold anything that the peer sent.
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
    """The caller wanted to send what HTTP forbids, or at the wrong time; answered by 500."""

    def __init__(self, reason: str) -> None:
        super().__init__(500, reason)

    def __str__(self) -> str:
        return self.reason
