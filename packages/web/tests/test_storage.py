"""What a type checker sees of the mappings that requests and responses are."""

import pytest

api = pytest.importorskip("mypy.api")


@pytest.mark.row("HC-13", "HC-14", "WB-04")
def test_typed_keys_of_requests_and_responses(tmp_path):
    source = tmp_path / "snippet.py"
    source.write_text(
        "from muntin import web\n"
        "USER = web.RequestKey('USER', str)\n"
        "COUNT = web.ResponseKey('COUNT', int)\n"
        "async def handler(request: web.Request) -> web.Response:\n"
        "    response = web.Response()\n"
        "    reveal_type(request[USER])\n"
        "    reveal_type(response[COUNT])\n"
        "    reveal_type(request.get(USER))\n"
        "    reveal_type(request.get(USER, b''))\n"
        "    reveal_type(request['name'])\n"
        "    request[USER] = 5\n"
        "    response[COUNT] = 'x'\n"
        "    return response\n"
    )
    output, _, _ = api.run(["--strict", "--no-incremental", "--cache-dir", str(tmp_path), str(source)])
    plain = output.replace("builtins.", "")
    for line, shown in ((6, '"str"'), (7, '"int"'), (8, '"str | None"'), (9, '"str | bytes"'), (10, '"Any"')):
        assert f"snippet.py:{line}: note: Revealed type is {shown}" in plain
    for line in (11, 12):
        assert f"snippet.py:{line}: error" in plain
