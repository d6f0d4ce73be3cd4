"""Manifests of build tools in, names out."""

import json
from pathlib import Path
from typing import Any

import pytest

from muntin.static import ManifestError, StaticRoot, read_manifest
from muntin.static._manifest import parse_manifest


@pytest.mark.parametrize(
    "content",
    [
        {"app.js": "app.3f2a.js", "img/a b.png": "img/a b.9c.png"},
        {"/app.js": "/app.3f2a.js", "img/a b.png": "/img/a b.9c.png"},
        {"app.js": "/static/app.3f2a.js", "img/a b.png": "/static/img/a b.9c.png"},
        {"version": "1.1", "paths": {"app.js": "app.3f2a.js", "img/a b.png": "img/a b.9c.png"}},
        {
            "files": {"app.js": "/static/app.3f2a.js", "img/a b.png": "/static/img/a b.9c.png"},
            "entrypoints": [],
        },
        {
            "app.js": {"file": "app.3f2a.js", "src": "app.js", "isEntry": True, "css": ["x.css"]},
            "img/a b.png": {"file": "img/a b.9c.png"},
        },
    ],
)
def test_shapes(content: Any) -> None:
    names = parse_manifest(content, prefix="/static/")
    assert names == {"app.js": "app.3f2a.js", "img/a b.png": "img/a b.9c.png"}


@pytest.mark.parametrize(
    "content",
    [
        [],
        "x",
        1,
        None,
        {"a": 1},
        {"a": None},
        {"a": {"src": "b"}},
        {"a": "../b"},
        {"../a": "b"},
        {"a": ""},
        {"a": "b//c"},
        {"a": "b/"},
    ],
)
def test_what_is_no_manifest(content: Any) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(content)


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"100%.js": "100%.1.js"}))
    assert read_manifest(path) == {"100%.js": "100%.1.js"}
    path.write_text("{")
    with pytest.raises(ManifestError, match=r"manifest\.json.*not JSON"):
        read_manifest(path)
    path.write_text("[]")
    with pytest.raises(ManifestError, match=r"manifest\.json.*object"):
        read_manifest(path)
    with pytest.raises(FileNotFoundError):
        read_manifest(tmp_path / "nothing")


def test_a_root_with_a_manifest(tree: Path) -> None:
    (tree / "app.3f2a.js").write_text("1")
    root = StaticRoot(tree, manifest={"app.js": "app.3f2a.js"}, append_version=True, cache_control="no-cache")
    assert root.url_of("app.js") == root.url_of("/app.js") == "app.3f2a.js"
    assert root.url_of("hello.txt").startswith("hello.txt?v=")
    assert "immutable" in dict(root.plan("GET", "app.3f2a.js", {}).fields)["Cache-Control"]
    assert dict(root.plan("GET", "hello.txt", {}).fields)["Cache-Control"] == "no-cache"
    by_name = StaticRoot(
        tree, manifest={"app.js": "app.3f2a.js"}, cache_control=lambda name: f"max-age={len(name)}"
    )
    assert "immutable" in dict(by_name.plan("GET", "app.3f2a.js", {}).fields)["Cache-Control"]
    assert dict(by_name.plan("GET", "hello.txt", {}).fields)["Cache-Control"] == "max-age=9"
