"""Collections of names that an application passes: origins, methods, fields, networks, types.

One mistake is not noticed by Python: a single text is a collection of characters, and `in` finds parts of it. It is
refused here.
"""

from collections.abc import Iterable

__all__ = ["check_collection"]


def check_collection(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of an option as a tuple; `what` is their kind, for the message.

    Raises:
        ValueError: it is a text in place of a collection, or a member is no text.
    """
    if isinstance(names, (str, bytes, bytearray)):
        raise ValueError(f"pass a collection of {what}, such as [{names!r}]")
    checked = tuple(names)
    for name in checked:
        if not isinstance(name, str):
            raise ValueError(f"{what} are texts, not {name!r}")
    return checked
