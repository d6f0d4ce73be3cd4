"""Decisions about handlers that failed: what is logged, and which response the peer gets."""

import asyncio
import logging

from muntin.http_core import Rejected, RemoteProtocolError, RequestState, ServerConnection
from muntin.runner._http1 import Http1Exchange
from muntin.runner._peer import TransportPeer

__all__ = ["choose_refusal", "is_peers_fault", "report_after_loss", "report_failure", "report_refusal"]


def is_peers_fault(exchange: Http1Exchange, error: BaseException | None) -> bool:
    """Return True if a handler failed only because its peer went away, or sent a body that cannot be read."""
    if isinstance(error, RemoteProtocolError):
        return not exchange.is_started
    return isinstance(error, OSError) and exchange.is_disconnected


def report_failure(logger: logging.Logger, exchange: Http1Exchange, error: BaseException | None) -> None:
    """Report a handler that failed, or did not finish its response (None)."""
    logger.error(
        "The handler of %s %s %s",
        exchange.head.method,
        exchange.head.target.encode("ascii", "backslashreplace").decode("ascii"),
        "left its response unfinished" if error is None else "failed",
        exc_info=error,
    )


def report_after_loss(logger: logging.Logger, error: BaseException | None) -> None:
    """Report a handler that failed after its peer had gone; not the loss of the peer, nor a cancellation."""
    if error is not None and not isinstance(error, (OSError, asyncio.CancelledError)):
        logger.error("A handler failed after its peer had gone", exc_info=error)


def report_refusal(logger: logging.Logger, peer: TransportPeer, rejected: Rejected) -> None:
    """Report a refused request, at level INFO: peers cause these, and could fill the log."""
    logger.info("refused a request from %s: %d %s", peer.address, rejected.status, rejected.reason)


def choose_refusal(engine: ServerConnection, error: BaseException | None) -> Rejected:
    """Return the refusal for a peer whose response had not begun."""
    if isinstance(error, RemoteProtocolError):
        return Rejected(error.status, error.reason)
    # A request that broke off is the fault of the peer, whatever its handler raised.
    broken = engine.next_event() if engine.request_state is RequestState.ERROR else None
    return broken if isinstance(broken, Rejected) else Rejected(500, "Internal Server Error")
