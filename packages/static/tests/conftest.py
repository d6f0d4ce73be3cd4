"""A tree of files to serve, and the questions that every test asks of it."""

import os
from pathlib import Path

import pytest


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give a root with ordinary files, next to things that must stay private."""
    root = tmp_path / "static"
    for folder in ("css", "docs/deep", "empty", "with space"):
        (root / folder).mkdir(parents=True)
    (root / "hello.txt").write_bytes(b"hello, world\n")
    (root / "css" / "site.css").write_bytes(b"body { margin: 0 }\n")
    (root / "docs" / "index.html").write_bytes(b"<!doctype html><title>docs</title>")
    (root / "docs" / "deep" / "page.html").write_bytes(b"<!doctype html><title>deep</title>")
    (root / "with space" / "a b.txt").write_bytes(b"spaces\n")
    (root / "digits.bin").write_bytes(b"0123456789")
    (root / "large.bin").write_bytes(bytes(range(256)) * 1024)
    sibling = tmp_path / "static-private"
    sibling.mkdir()
    (sibling / "secret.txt").write_bytes(b"secret\n")
    (tmp_path / "secret.txt").write_bytes(b"secret\n")
    return root


def count_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def _keeps_descriptors() -> object:
    """Fail a test that leaves a descriptor open."""
    if not os.path.isdir("/proc/self/fd"):
        yield
        return
    before = count_descriptors()
    yield
    assert count_descriptors() <= before
