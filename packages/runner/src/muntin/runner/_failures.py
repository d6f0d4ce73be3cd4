"""What becomes of an exchange whose handler failed: what the log is told, and what its peer.

Each function is a decision; carrying it out is for the connection.
"""

import asyncio
import logging

from muntin.http_core import Rejected, RemoteProtocolError, RequestState, ServerConnection
from muntin.runner._http1 import Http1Exchange
from muntin.runner._peer import TransportPeer

__all__ = ["choose_refusal", "is_peers_fault", "report_after_loss", "report_failure", "report_refusal"]


def is_peers_fault(exchange: Http1Exchange, error: BaseException | None) -> bool:
    """Whether a handler failed only because its peer went away, or sent what cannot be read."""
    if isinstance(error, RemoteProtocolError):
        return not exchange.is_started
    return isinstance(error, OSError) and exchange.is_disconnected


def report_failure(logger: logging.Logger, exchange: Http1Exchange, error: BaseException | None) -> None:
    """Report a handler that failed, or left its answer undone (None)."""
    logger.error(
        "The handler of %s %s %s",
        exchange.head.method,
        exchange.head.target.encode("ascii", "backslashreplace").decode("ascii"),
        "left its answer undone" if error is None else "failed",
        exc_info=error,
    )


def report_after_loss(logger: logging.Logger, error: BaseException) -> None:
    """Report a handler that failed after its peer had gone; not that the peer went, nor our own cancelling."""
    if not isinstance(error, (OSError, asyncio.CancelledError)):
        logger.error("A handler failed after its peer had gone", exc_info=error)


def report_refusal(logger: logging.Logger, peer: TransportPeer, rejected: Rejected) -> None:
    """Report a request that was refused; it is the peer's doing, and could fill the log."""
    logger.info("refused a request from %s: %d %s", peer.address, rejected.status, rejected.reason)


def choose_refusal(engine: ServerConnection, error: BaseException | None) -> Rejected:
    """Give what a peer is told whose answer had not begun."""
    if isinstance(error, RemoteProtocolError):
        return Rejected(error.status, error.reason)
    # A request that broke off is the peer's failure, whatever became of its handler.
    broken = engine.next_event() if engine.request_state is RequestState.ERROR else None
    return broken if isinstance(broken, Rejected) else Rejected(500, "Internal Server Error")
