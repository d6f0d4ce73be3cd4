"""The cases of `requests.toml`, the tree that they ask for, and how a response is held against a case."""

import os
import socket
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

__all__ = [
    "ROOTS",
    "Case",
    "WholeResponse",
    "build_site",
    "find_faults",
    "format_request",
    "parse_response",
    "read_cases",
]

REQUESTS = Path(__file__).with_name("requests.toml")
_DATA = tomllib.loads(REQUESTS.read_text("utf-8"))

ROOTS: dict[str, dict[str, Any]] = _DATA["roots"]
"""The keyword arguments of each `StaticRoot`, by its name."""

_MERGED = ("expect", "fields")


class WholeResponse(NamedTuple):
    """What a server said."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> str | None:
        """The value of a field, in any case."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Case:
    """A request, and what is expected of its response; what it does not say itself, its group says."""

    group: dict[str, Any]
    own: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        if key in _MERGED:
            return {**self.group.get(key, {}), **self.own.get(key, {})}
        return self.own.get(key, self.group.get(key))

    @property
    def method(self) -> str:
        """The request method."""
        return str(self.own.get("method", "GET"))

    @property
    def target(self) -> str:
        """The request-target, below the mount."""
        return str(self.own["target"])

    @property
    def rows(self) -> list[str]:
        """The rows of the threat model and the features that it proves."""
        return list(self.group.get("rows", ()))

    @property
    def is_sendable(self) -> bool:
        """Whether it can be put on a request line."""
        return bool(self.own.get("wire", True))

    def __str__(self) -> str:
        fields = " ".join(f"{name}:{value}" for name, value in self["fields"].items())
        text = f"{self.group['name']}: {self.method} {self.target} {fields}".strip()
        return text.encode("unicode_escape").decode()


def read_cases() -> Iterator[Case]:
    """Yield all cases."""
    for group in _DATA["group"]:
        for own in group["cases"]:
            yield Case(group, own)


def build_site(base: Path) -> Path:
    """Build the tree that the file describes below an empty directory, and return its root."""
    tree = _DATA["tree"]
    root = base / "static"
    for name in tree["folders"]:
        _path(base, name).mkdir(parents=True)
    for name, file in tree["files"].items():
        path = _path(base, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file["text"].encode() * file.get("repeat", 1))
        mtime = tree["mtime"] - file.get("older", 0)
        os.utime(path, (mtime, mtime))
    for name, target in tree["links"].items():
        path = _path(base, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target.replace("{root}", str(root)))
    for name, kind in tree["special"].items():
        if kind == "fifo":
            os.mkfifo(_path(base, name))
        else:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(os.fspath(_path(base, name)))
    return root


def _path(base: Path, name: str) -> Path:
    return base / os.fsdecode(unquote_to_bytes(name))


def format_request(case: Case, prefix: str = "") -> bytes:
    """Write the request as it goes out, the last one on its connection."""
    lines = [f"{case.method} {prefix}{case.target} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in case["fields"].items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parse_response(raw: bytes) -> WholeResponse:
    """Read a response that lasted until the end of its connection."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return WholeResponse(int(status_line.split()[1]), fields, body)


def find_faults(case: Case, response: WholeResponse, site: Path) -> Iterator[str]:
    """Yield what is wrong with a response to a case."""
    if response.status != case["status"]:
        yield f"status {response.status} instead of {case['status']}"
    names = [name.lower() for name, _ in response.fields]
    if len(names) != len(set(names)):
        yield f"a field came twice: {names}"
    for name, value in case["expect"].items():
        if _squeeze(response.get(name)) != _squeeze(value):
            yield f"{name}: {response.get(name)} instead of {value}"
    for name in case["absent"] or ():
        if name not in case.own.get("expect", ()) and response.get(name) is not None:
            yield f"{name}: {response.get(name)} should not be there"
    if (
        case.method != "HEAD"
        and response.status != 304
        and response.get("Content-Length") != str(len(response.body))
    ):
        yield f"Content-Length: {response.get('Content-Length')} for {len(response.body)} bytes"
    yield from find_faults_of_content(case, response, site)


def _squeeze(value: str | None) -> str | None:
    return value and value.replace(", ", ",")  # the spaces in a list mean nothing


def find_faults_of_content(case: Case, response: WholeResponse, site: Path) -> Iterator[str]:
    """Yield what is wrong with the content of a response."""
    if "body" in case.own or case["file"] is None:
        if case["body"] is not None and response.body != case["body"].encode():
            yield f"content {response.body[:80]!r} instead of {case['body']!r}"
    else:
        content = _path(site, case["file"]).read_bytes()
        if case["parts"] is not None:
            yield from _find_faults_of_parts(case["parts"], response, content)
        elif response.body != content[slice(*(case["slice"] or (None,)))]:
            yield f"content {response.body[:80]!r} that is not of {case['file']}"
    for text in case["contains"] or ():
        if text not in response.body.decode():
            yield f"no {text!r} in the content"
    for text in case["lacks"] or ():
        if text in response.body.decode():
            yield f"{text!r} in the content"


def _find_faults_of_parts(ranges: list[list[int]], response: WholeResponse, content: bytes) -> Iterator[str]:
    """Read multipart/byteranges with another parser than ours."""
    head = f"Content-Type: {response.get('Content-Type')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + response.body)
    if message.get_content_type() != "multipart/byteranges":
        yield f"Content-Type: {response.get('Content-Type')} instead of multipart/byteranges"
        return
    told = [
        (part["Content-Range"], part.get_content_type(), part.get_payload(decode=True))
        for part in message.walk()
    ]
    expected = [
        (f"bytes {start}-{end - 1}/{len(content)}", "application/octet-stream", content[start:end])
        for start, end in ranges
    ]
    if told[1:] != expected:
        yield f"parts {told[1:]} instead of {expected}"
