"""The Accept fields (RFC 9110 §12.5), and choosing a representation by them.

The caller offers what it has, the best first. Between offers that the client accepts equally, the more specific member
of the field decides, and then the order of the offers.

These fields are preferences, so a malformed member is left out and the rest of the field is used: some clients send
``q=.2``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from muntin.http_core.headers._parameters import (
    QUOTED_STRING,
    Parameters,
    format_parameters,
    parse_parameters,
)
from muntin.http_core.headers.media import MediaType, parse_media_type
from muntin.http_core.tokens import TOKEN, is_token

__all__ = [
    "MAX_PREFERENCES",
    "Preference",
    "format_qualities",
    "negotiate_charset",
    "negotiate_encoding",
    "negotiate_language",
    "negotiate_media_type",
    "parse_qualities",
]

MAX_PREFERENCES: Final = 64
"""The number of members of a field that are read; further ones are left out. Browsers send about ten."""

_MAX_PARAMETERS: Final = 8
_MEMBER: Final = re.compile(rf'(?:[^,"]++|{QUOTED_STRING})*')
_VALUE: Final = re.compile(rf"{TOKEN}(?:/{TOKEN})?")
_QVALUE: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?", re.ASCII)


class Preference(NamedTuple):
    """One member of an Accept field."""

    value: str
    """The value, in lower case: a coding, a charset, a language range, a media range, or ``*``."""
    quality: float = 1.0
    """The weight, from 0 (not acceptable) to 1."""
    parameters: Parameters = ()
    """The parameters of a media range; their names are in lower case."""


def parse_qualities(text: str, *, limit: int = MAX_PREFERENCES) -> tuple[Preference, ...]:
    """Parse an Accept, Accept-Charset, Accept-Encoding or Accept-Language field into its members, in order.

    Malformed members, and those beyond `limit`, are left out.
    """
    preferences: list[Preference] = []
    for member in _split(text):
        preference = _parse_member(member.strip(" \t"))
        if preference is not None:
            if len(preferences) == limit:
                break
            preferences.append(preference)
    return tuple(preferences)


def _split(text: str) -> Iterator[str]:
    """Split at commas outside of quotes. A quote that is never closed ends the field."""
    position = 0
    while position <= len(text):
        match = _MEMBER.match(text, position)
        if match is None or text.startswith('"', match.end()):
            return
        yield match[0]
        position = match.end() + 1


def _parse_member(member: str) -> Preference | None:
    match = _VALUE.match(member)
    if match is None:
        return None
    parameters = parse_parameters(member, match.end(), _MAX_PARAMETERS)
    if parameters is None:
        return None
    for index, (name, weight) in enumerate(parameters):
        if name == "q":
            # Behind the weight were extensions, which RFC 9110 §12.5.1 has removed.
            quality = float(weight) if _QVALUE.fullmatch(weight) else None
            return None if quality is None else Preference(match[0].lower(), quality, parameters[:index])
    return Preference(match[0].lower(), 1.0, parameters)


def format_qualities(preferences: Iterable[Preference]) -> str:
    """Format an Accept field, as a client sends it.

    Raises:
        ValueError: a value is neither a token nor two with a slash, a quality is not from 0 to 1, or a parameter is
            malformed.
    """
    return ", ".join(map(_format_member, preferences))


def _format_member(preference: Preference) -> str:
    value, quality, parameters = preference
    if not all(map(is_token, value.split("/", 1))):
        raise ValueError(f"cannot be accepted: {value!r}")
    if not 0 <= quality <= 1:
        raise ValueError(f"a quality is from 0 to 1, not {quality!r}")
    weight = "" if quality == 1 else f";q={f'{quality:.3f}'.rstrip('0').rstrip('.')}"
    return value + format_parameters(parameters) + weight


# How specifically a member matches an offer; None where it does not

_Match = Callable[[Preference, str], int | None]


def _quality(preferences: Iterable[Preference], offer: str, match: _Match) -> tuple[float, int]:
    """Return the quality of an offer, and how specific the member is that decides: of those that match, the most
    specific one.
    """
    matches = [
        (specificity, preference.quality)
        for preference in preferences
        if (specificity := match(preference, offer)) is not None
    ]
    specificity, quality = max(matches, default=(0, 0.0))
    return quality, specificity


def _best(
    preferences: Sequence[Preference], offers: Sequence[str], match: _Match
) -> tuple[float, str | None]:
    best, chosen = (0.0, 0), None
    for offer in offers:
        found = _quality(preferences, offer, match)
        # Of two offers of equal quality, the one that is named more specifically: "application/json, */*" asks for
        # JSON.
        if found[0] and found > best:
            best, chosen = found, offer
    return best[0], chosen


def _match_token(preference: Preference, offer: str) -> int | None:
    if preference.value == offer.lower():
        return 1
    return 0 if preference.value == "*" else None


def _match_coding(preference: Preference, offer: str) -> int | None:
    # RFC 9110 §8.4.1.3: x-gzip is an old name of gzip.
    return 1 if (preference.value, offer) == ("x-gzip", "gzip") else _match_token(preference, offer)


def _match_language(preference: Preference, offer: str) -> int | None:
    """Match by basic filtering (RFC 4647 §3.3.1), and less specifically, as in lookup (§3.4), by the shorter form of
    the language that is asked for.
    """
    wanted, offer = preference.value, offer.lower()
    if wanted == "*":
        return 0
    if f"{offer}-".startswith(f"{wanted}-"):
        return 1 + len(wanted)
    return 1 if wanted.startswith(f"{offer}-") and preference.quality else None


def _match_media(preference: Preference, offer: str) -> int | None:
    media = parse_media_type(offer)
    if media is None:
        raise ValueError(f"not a media type: {offer!r}")
    # From the least to the most specific. Some clients write "*" for "*/*".
    ranges = ("*", "*/*", f"{media.type}/*", media.essence)
    if preference.value not in ranges or not _has_parameters(media, preference):
        return None
    return ranges.index(preference.value) * (_MAX_PARAMETERS + 1) + len(preference.parameters)


def _has_parameters(media: MediaType, preference: Preference) -> bool:
    return all(media.parameter(name) == value for name, value in preference.parameters)


# Choosing


def _check_offers(offers: Sequence[str]) -> Sequence[str]:
    # One text is a sequence, too: its characters would be the offers.
    if isinstance(offers, str):
        raise ValueError(f"offers are a sequence, such as [{offers!r}], not one text")
    return offers


def negotiate_encoding(text: str | None, offers: Sequence[str]) -> str | None:
    """Return the offered content coding to apply, by an Accept-Encoding field (RFC 9110 §12.5.3).

    None means to send the content as it is: the field is missing, accepts none of the offers, or prefers ``identity``.
    That is so even if it refuses ``identity``, since another response would not help a client that cannot read it.

    Raises:
        ValueError: the offers are one text in place of a sequence.
    """
    offers = _check_offers(offers)
    return None if text is None else _negotiate_encoding(text, tuple(offers))


# A server that compresses calls this for every response, and nearly all clients send one of a few texts.
@lru_cache(maxsize=128)
def _negotiate_encoding(text: str, offers: tuple[str, ...]) -> str | None:
    preferences = parse_qualities(text)
    quality, coding = _best(preferences, offers, _match_coding)
    plain = [preference.quality for preference in preferences if preference.value == "identity"]
    return None if plain and plain[0] > quality else coding


def negotiate_media_type(text: str | None, offers: Sequence[str]) -> str | None:
    """Return the offered media type to send, by an Accept field (RFC 9110 §12.5.1).

    None means that none is acceptable (406). A field that is missing or empty accepts the first.

    Raises:
        ValueError: an offer is not a media type, or the offers are one text in place of a sequence.
    """
    return _negotiate(text, offers, _match_media)


def negotiate_language(text: str | None, offers: Sequence[str]) -> str | None:
    """Return the offered language tag to respond in, by an Accept-Language field (RFC 9110 §12.5.4).

    None means that none is acceptable. ``en`` accepts ``en-GB``; ``en-GB`` accepts ``en`` if there is no closer offer.
    A field that is missing or empty accepts the first.

    Raises:
        ValueError: the offers are one text in place of a sequence.
    """
    return _negotiate(text, offers, _match_language)


def negotiate_charset(text: str | None, offers: Sequence[str]) -> str | None:
    """Return the offered charset to send, by an Accept-Charset field (RFC 9110 §12.5.2, which deprecates it).

    None means that none is acceptable. A field that is missing or empty accepts the first.

    Raises:
        ValueError: the offers are one text in place of a sequence.
    """
    return _negotiate(text, offers, _match_token)


def _negotiate(text: str | None, offers: Sequence[str], match: _Match) -> str | None:
    offers = _check_offers(offers)
    preferences = parse_qualities(text or "")
    if not preferences:
        return offers[0] if offers else None
    return _best(preferences, offers, match)[1]
