"""What a type checker sees: keys that know the type of their value."""

import pytest

api = pytest.importorskip("mypy.api")


@pytest.mark.row("WB-04")
def test_typed_keys(tmp_path):
    source = tmp_path / "snippet.py"
    source.write_text(
        "from muntin import web\n"
        "NUMBER = web.AppKey('NUMBER', int)\n"
        "async def handler(request: web.Request) -> web.Response:\n"
        "    reveal_type(request.app[NUMBER])\n"
        "    reveal_type(request.app.get(NUMBER))\n"
        "    request.app[NUMBER] = 'text'\n"
        "    return web.Response()\n"
    )
    output, _, _ = api.run(["--strict", "--no-incremental", "--cache-dir", str(tmp_path), str(source)])
    assert 'snippet.py:4: note: Revealed type is "int"' in output.replace("builtins.int", "int")
    assert "snippet.py:5: note: Revealed type is" in output
    assert "snippet.py:6: error" in output
