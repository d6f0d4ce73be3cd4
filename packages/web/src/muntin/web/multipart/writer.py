"""Multipart bodies to send: parts are collected, then written one after the other.

The grammar is in `muntin.http_core.multipart`, which refuses fields that would break a head.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from multidict import CIMultiDict

from muntin.http_core.coding.encoder import ContentEncoder
from muntin.http_core.multipart.boundary import make_boundary
from muntin.http_core.multipart.encoder import MultipartEncoder
from muntin.http_core.multipart.transfer import Base64Encoder, QuotedPrintableEncoder
from muntin.web.response.payloads import JsonPayload, Payload, StringPayload, get_payload

__all__ = ["MultipartWriter"]


class MultipartWriter(Payload):
    """A multipart body.

    Args:
        subtype: ``mixed``, ``form-data``, ``related`` …
        boundary: the text between the parts; a random one for None.

    Raises:
        ValueError: the subtype is no token, or the boundary malformed.
    """

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        self._boundary = make_boundary() if boundary is None else boundary
        self._parts: list[Payload] = []
        encoder = MultipartEncoder(self._boundary)
        super().__init__(None, content_type=encoder.content_type(subtype))
        self._is_form = subtype == "form-data"

    @property
    def boundary(self) -> str:
        """The text between the parts."""
        return self._boundary

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Payload]:
        return iter(self._parts)

    # A writer without parts is a body, too.
    def __bool__(self) -> bool:
        return True

    def append(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part.

        Args:
            obj: a payload, or what `get_payload` takes.
            headers: its fields. The content is encoded as Content-Encoding and Content-Transfer-Encoding say.

        Raises:
            TypeError: no payload can be made of it.
            ValueError: a field would break the part's head, or a coding is unknown.
        """
        if isinstance(obj, Payload):
            obj.headers.update(headers or {})
            return self.append_payload(obj)
        return self.append_payload(get_payload(obj, headers=CIMultiDict(headers or {})))

    def append_payload(self, payload: Payload) -> Payload:
        """Add a part that is a payload already.

        Raises:
            ValueError: as `append`.
        """
        if self._is_form and "Content-Disposition" not in payload.headers:
            payload.set_content_disposition("form-data", name=f"section-{len(self._parts)}")
        # Refused here, before the first byte is sent, where the caller can handle it.
        MultipartEncoder(self._boundary).begin_part(payload.headers.items())
        _Codings(payload.headers)
        self._parts.append(payload)
        return payload

    def append_json(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a value as JSON."""
        return self.append_payload(JsonPayload(obj, headers=CIMultiDict(headers or {})))

    def append_form(
        self,
        obj: Sequence[tuple[str, str]] | Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Payload:
        """Add pairs, urlencoded."""
        pairs = list(obj.items()) if isinstance(obj, Mapping) else list(obj)
        return self.append_payload(
            StringPayload(
                urlencode(pairs),
                headers=CIMultiDict(headers or {}),
                content_type="application/x-www-form-urlencoded",
            )
        )

    @property
    def size(self) -> int | None:
        sizes = [None if _Codings(part.headers).change else part.size for part in self._parts]
        encoder = MultipartEncoder(self._boundary)
        return encoder.size_of(
            (part.headers.items(), size) for part, size in zip(self._parts, sizes, strict=True)
        )

    async def pieces(self) -> AsyncIterator[bytes]:
        encoder = MultipartEncoder(self._boundary)
        for part in self._parts:
            yield encoder.begin_part(part.headers.items())
            codings = _Codings(part.headers)
            async for piece in part.pieces():
                if encoded := codings.encode(piece):
                    yield encoded
            if rest := codings.finish():
                yield rest
        yield encoder.finish()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        encoder = MultipartEncoder(self._boundary)
        text = ""
        for part in self._parts:
            text += encoder.begin_part(part.headers.items()).decode() + part.decode(encoding, errors)
        return text + encoder.finish().decode()

    @property
    def autoclose(self) -> bool:
        return all(part.autoclose for part in self._parts)

    async def close(self) -> None:
        for part in self._parts:
            await part.close()


class _Codings:
    """The content coding and transfer encoding that the head of a part names, done to its content.

    Raises:
        ValueError: a coding is unknown.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        content = headers.get("Content-Encoding", "identity").lower()
        transfer = headers.get("Content-Transfer-Encoding", "binary").lower()
        encoders: dict[str, type[Base64Encoder] | type[QuotedPrintableEncoder]] = {
            "base64": Base64Encoder,
            "quoted-printable": QuotedPrintableEncoder,
        }
        if transfer not in (*encoders, "7bit", "8bit", "binary"):
            raise ValueError(f"unknown transfer encoding of a part: {transfer!r}")
        self._content = None if content == "identity" else ContentEncoder(content)
        self._transfer = encoders[transfer]() if transfer in encoders else None

    @property
    def change(self) -> bool:
        """True if the content is encoded."""
        return self._content is not None or self._transfer is not None

    def encode(self, data: bytes) -> bytes:
        """Return a piece encoded, all of it: no bytes wait for other pieces, except to fill a line of base64."""
        if self._content is not None:
            data = self._content.encode(data) + self._content.flush()
        return data if self._transfer is None else self._transfer.encode(data)

    def finish(self) -> bytes:
        """Encode the rest."""
        rest = b"" if self._content is None else self._content.finish()
        return rest if self._transfer is None else self._transfer.encode(rest) + self._transfer.finish()
