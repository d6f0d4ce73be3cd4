"""The JSON API, over real sockets."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

ADA = {"name": "Ada", "message": "Hello!"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}

# What is sent; the status it deserves; the fields that are at fault, or none when it is the whole.
BAD_BODIES = {
    "nothing": (JSON, b"", 400, None),
    "no JSON": (JSON, b"{", 400, None),
    "no UTF-8": (JSON, b'{"name": "\xff", "message": "m"}', 400, None),
    "no object": (JSON, b"[]", 400, None),
    "a number for a body": (JSON, b"1" * 100_000, 400, None),
    "a pit of brackets": (JSON, b"[" * 100_000, 400, None),
    "no fields": (JSON, b"{}", 422, {"name", "message"}),
    "null": (JSON, b'{"name": null, "message": "m"}', 422, {"name"}),
    "numbers for text": (JSON, b'{"name": 1, "message": ["m"]}', 422, {"name", "message"}),
    "white space only": (
        JSON,
        json.dumps({"name": " \t\n\u2003", "message": "\r\n"}),
        422,
        {"name", "message"},
    ),
    "a long name": (JSON, json.dumps({"name": "n" * 61, "message": "m"}), 422, {"name"}),
    "a long message": (JSON, json.dumps({"name": "n", "message": "m" * 1001}), 422, {"message"}),
    "a null character": (JSON, json.dumps({"name": "n\0", "message": "m"}), 422, {"name"}),
    "an escape character": (JSON, json.dumps({"name": "n", "message": "\x1b[2J"}), 422, {"message"}),
    "half a surrogate pair": (JSON, rb'{"name": "\ud800", "message": "m"}', 422, {"name"}),
    "an image without a file": (JSON, json.dumps(ADA | {"image": "sky.png"}), 422, {"image"}),
    "an empty form": (FORM, b"", 422, {"name", "message"}),
    "a form that is not UTF-8": (FORM, b"name=%FF&message=m", 400, None),
    "a null character in a form": (FORM, b"name=Ada&message=%00", 422, {"message"}),
    "a form without parts": (MULTIPART, b"", 400, None),
    "a form that does not end": (
        MULTIPART,
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda',
        400,
        None,
    ),
    "a form without boundary": ({"Content-Type": "multipart/form-data"}, b"--x--\r\n", 400, None),
    "another type": ({"Content-Type": "text/plain"}, b"Hello!", 415, None),
    "no type": ({}, b"Hello!", 415, None),
    "too much": (JSON, b" " * (3 * 1024 * 1024), 413, None),
}

BAD_TARGETS = {
    "/api/entries?limit=0": 400,
    "/api/entries?limit=101": 400,
    "/api/entries?limit=-1": 400,
    "/api/entries?limit=1_0": 400,
    "/api/entries?limit=%D9%A3": 400,
    "/api/entries?limit=": 400,
    "/api/entries?before=x": 400,
    "/api/entries?before=" + "9" * 19: 400,
    "/api/entries/" + "9" * 18: 404,
    "/api/entries/" + "9" * 19: 400,
    "/api/entries/0": 404,
    "/api/entries/-1": 404,
    "/api/entries/%D9%A3": 404,
    "/api/entries/1/": 404,
    "/api/": 404,
    "/api/nothing": 404,
    "/feed?after=x": 400,
    "/feed": 400,
}


def read_problem(response):
    assert response.headers["Content-Type"].partition(";")[0] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_an_entry_comes_back_as_it_was_written(client):
    written = {"name": "Zoë 🪟", "message": "Two\nlines, <b>no</b> markup & “quotes”"}

    created = client.post("/api/entries", json=written)

    assert created.status_code == 201
    entry = created.json()
    assert {field: entry[field] for field in written} == written
    assert entry["image"] is None
    assert created.headers["Location"] == entry["url"] == f"/api/entries/{entry['id']}"
    assert client.get(entry["url"]).json() == entry


def test_white_space_around_and_line_ends_are_tidied(client):
    entry = client.post(
        "/api/entries", json={"name": " Ada \t L. ", "message": "\r\none\r\n\r\ntwo\rthree "}
    ).json()

    assert (entry["name"], entry["message"]) == ("Ada L.", "one\n\ntwo\nthree")


@pytest.mark.parametrize("kind", ["data", "files"])
def test_forms_are_as_good_as_json(client, kind):
    fields = ADA if kind == "data" else {field: (None, value) for field, value in ADA.items()}

    created = client.post("/api/entries", **{kind: fields})

    assert created.status_code == 201
    assert created.json().items() >= ADA.items()


def test_limits_are_reached(client):
    written = {"name": "n" * 60, "message": "🪟" * 1000}

    assert client.post("/api/entries", json=written).json().items() >= written.items()


def test_pages_hold_every_entry_once_and_newest_first(client):
    made = [client.post("/api/entries", json=ADA).json()["id"] for _ in range(5)]

    found, following = [], "/api/entries?limit=2"
    while following:
        page = client.get(following).json()
        assert 1 <= len(page["entries"]) <= 2
        found += [entry["id"] for entry in page["entries"]]
        following = page["next"]

    assert found[:5] == made[::-1]
    assert found == sorted(set(found), reverse=True)
    assert found[-1] == 1


def test_entries_written_at_once_are_all_kept(client):
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: client.post("/api/entries", json=ADA), range(40)))

    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["id"] for response in responses}) == 40


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_explained_and_nothing_is_kept(client, case):
    headers, content, status, fields = BAD_BODIES[case]
    before = client.get("/api/entries?limit=1").json()

    response = client.post("/api/entries", headers=headers, content=content)

    assert response.status_code == status
    problem = read_problem(response)
    assert problem.get("fields", {}).keys() == (fields or set())
    assert client.get("/api/entries?limit=1").json() == before


@pytest.mark.parametrize("target", BAD_TARGETS)
def test_a_bad_target_is_explained(client, target):
    response = client.get(target)

    assert response.status_code == BAD_TARGETS[target]
    read_problem(response)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_another_method_is_told_which_are_allowed(client, method):
    response = client.request(method, "/api/entries")

    assert response.status_code == 405
    assert {name.strip() for name in response.headers["Allow"].split(",")} == {"GET", "HEAD", "POST"}
    read_problem(response)


def test_head_is_get_without_the_body(client):
    get, head = client.get("/api/entries"), client.head("/api/entries")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.content))
