"""The part of a request that routing uses.

Requests import applications, so routing and applications use this protocol in their place.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from muntin.runner import Exchange
from muntin.web.response.served_request import PrepareSignal
from muntin.web.routing.target import Target

__all__ = ["Asking"]


class Asking(Protocol):
    """A request."""

    @property
    def exchange(self) -> Exchange: ...

    @property
    def prepare_signals(self) -> Sequence[PrepareSignal]: ...

    @property
    def method(self) -> str: ...

    @property
    def target(self) -> Target: ...

    @property
    def raw_path(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def match_info(self) -> Any: ...
