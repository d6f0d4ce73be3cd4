"""Collections of names that an application gives: origins, methods, fields, networks, types.

It knows the one mistake that Python does not see: a single text is a collection too, of its characters, and asking it
whether it contains a name finds parts of names. What a name may be is for those who ask.
"""

from collections.abc import Iterable

__all__ = ["check_collection"]


def check_collection(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that an option was given, in their order; `what` they are is for the message.

    Raises:
        ValueError: it is one text in place of a collection of them, or has members that are no text.
    """
    if isinstance(names, (str, bytes, bytearray)):
        raise ValueError(f"give a collection of {what}, such as [{names!r}]")
    checked = tuple(names)
    for name in checked:
        if not isinstance(name, str):
            raise ValueError(f"{what} are texts, not {name!r}")
    return checked
