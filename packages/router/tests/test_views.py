"""Read-only views."""

from muntin.router._views import CollectionView, MappingView


def test_collections():
    items = ["a"]
    view = CollectionView(lambda: iter(items))
    items.append("b")
    assert list(view) == ["a", "b"]
    assert len(view) == 2
    assert "b" in view
    assert "c" not in view
    assert repr(view) == "<2: 'a', 'b'>"


def test_mappings():
    mapping = {"a": 1}
    view = MappingView(mapping, lambda name: mapping[name] * 10)
    mapping["b"] = 2
    assert dict(view) == {"a": 10, "b": 20}
    assert len(view) == 2
    assert repr(view) == "<a: 10, b: 20>"
