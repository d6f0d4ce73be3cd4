"""The methods that send, and which of them a subclass overrides.

A program may send a response in a way of its own, by a `prepare` or a `write` in its subclass. Such a response is sent
by these methods alone.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

__all__ = ["LEFT_TO_US", "sends_by_itself", "standard"]

Method = TypeVar("Method", bound=Callable[..., object])

_STANDARD: Final[set[object]] = set()
LEFT_TO_US: Final[set[type]] = set()
"""The classes that have replaced none of our methods, as far as `sends_by_itself` has looked at them."""
_MOST: Final = 256
"""Classes to remember: a program may make new ones as it runs."""


def standard(method: Method) -> Method:
    """Mark a method as one of ours."""
    _STANDARD.add(method)
    return method


def sends_by_itself(kind: type[Any]) -> bool:
    """Return whether a class of responses has replaced a method that sends."""
    if kind in LEFT_TO_US:
        return False
    if not _STANDARD.issuperset((kind.prepare, kind.write, kind.write_eof, kind.deliver)):
        return True
    if len(LEFT_TO_US) < _MOST:
        LEFT_TO_US.add(kind)
    return False
