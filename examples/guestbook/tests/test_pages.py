"""The pages for people, as they are without JavaScript."""

import re
from html import unescape

import pytest
from guestbook.app import PROTECTION

HOSTILE = """<script>alert(1)</script>"><img src=x onerror='alert(2)'>&amp;{{ 7777 * 9999 }}"""


def links(page, pattern):
    return [unescape(link) for link in re.findall(rf'(?:href|src)="({pattern}[^"]*)"', page.text)]


def test_the_page_says_what_it_is(client):
    page = client.get("/")

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in page.text
    for field in ("name", "message", "image"):
        assert f'<label for="{field}">' in page.text


def test_signing_leads_back_to_the_page_that_shows_it(client):
    response = client.post(
        "/", files={"name": (None, "Ada"), "message": (None, "By form alone."), "image": ("", b"")}
    )

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert "By form alone." in client.get("/").text


def test_what_visitors_write_is_never_markup(client):
    client.post("/", data={"name": HOSTILE[:60], "message": HOSTILE})

    page = client.get("/").text

    for forbidden in ("<script>alert", "<img src=x", "&amp;{{", "77762223"):
        assert forbidden not in page.replace("&amp;amp;", "")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_form_with_problems_comes_back_filled_in(client):
    response = client.post("/", data={"name": '"Ada" <x>', "message": " "})

    assert response.status_code == 422
    assert 'value="&#34;Ada&#34; &lt;x&gt;"' in response.text
    assert re.search(r'<p class="problem" id="message-problem">This must not be empty\.</p>', response.text)
    assert '<p class="problem" id="name-problem"></p>' in response.text
    assert response.text.count('aria-invalid="true"') == 1


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /nothing", 404),
        ("GET /?before=x", 400),
        ("GET /uploads/0123456789abcdef.png", 404),
        ("GET /uploads/..%2F..%2Fguestbook.db", 404),
        ("GET /static/../app.py", 404),
        ("GET /static/%2e%2e/app.py", 404),
        ("GET /static/nothing.css", 404),
        ("DELETE /", 405),
        ("POST /", 415),
    ],
)
def test_what_is_wrong_is_said_on_a_page(client, request_line, status):
    response = client.request(*request_line.split(" "))

    assert response.status_code == status
    assert "Back to the guestbook" in response.text


def test_a_form_that_is_too_large_is_refused_on_a_page(client):
    response = client.post("/", data={"name": "Ada", "message": "m" * 3 * 1024 * 1024})

    assert response.status_code == 413
    assert "Back to the guestbook" in response.text


def test_older_entries_are_a_link_away(client):
    for number in range(21):
        client.post("/", data={"name": "Ada", "message": f"Entry {number}."})

    newest = client.get("/")
    (earlier,) = links(newest, r"/\?before=")
    older = client.get(earlier)

    assert "Entry 20." in newest.text
    assert "Entry 0." not in newest.text
    assert "Entry 0." in older.text
    assert "Entry 20." not in older.text
    assert 'data-feed="/feed"' in newest.text
    assert "data-feed" not in older.text


def test_static_files_are_served_under_the_version_of_their_content(client):
    files = links(client.get("/"), "/static/")

    assert [file.partition("?v=")[0] for file in files] == [
        "/static/window.svg",
        "/static/guestbook.css",
        "/static/guestbook.js",
    ]
    for file in files:
        assert "?v=" in file
        response = client.get(file)
        assert response.status_code == 200
        again = client.get(file, headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("target", ["/", "/nothing", "/api/entries", "/api/nothing", "/static/guestbook.css"])
def test_every_answer_is_protected(client, target):
    response = client.get(target)

    assert {field: response.headers[field] for field in PROTECTION} == PROTECTION


def test_the_page_needs_nothing_that_its_policy_forbids(client):
    page = client.get("/").text

    assert re.findall(r"<style|<script(?![^>]* src=)|\bstyle=|\bon[a-z]+=|https?:", page) == []
