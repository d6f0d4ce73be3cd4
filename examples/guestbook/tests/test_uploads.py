"""Images: taken by their content, given back as nothing else."""

import pytest
from guestbook.drafts import MAX_REQUEST_BYTES
from guestbook.uploads import MAX_IMAGE_BYTES

WORDS = {"name": "Ada", "message": "Look!"}

IMAGES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x24\0\0\0WEBPVP8 ",
}

NO_IMAGES = {
    "text": b"Hello!",
    "markup": b"<!doctype html><script>alert(1)</script>",
    "vector": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "late": b" \x89PNG\r\n\x1a\n",
    "sound": b"RIFF\x24\0\0\0WAVEfmt ",
    "short": b"\x89PN",
}


def post(client, content, *, filename="sky.png", media_type="image/png"):
    return client.post("/api/entries", data=WORDS, files={"image": (filename, content, media_type)})


def test_an_image_comes_back_byte_for_byte(client, png):
    entry = post(client, png).json()

    image = client.get(entry["image"])

    assert image.status_code == 200
    assert image.content == png
    assert f'src="{entry["image"]}"' in client.get("/").text


@pytest.mark.parametrize("media_type", IMAGES)
def test_the_type_is_told_by_the_content(client, media_type):
    entry = post(
        client, IMAGES[media_type] + bytes(64), filename="../evil.html", media_type="text/html"
    ).json()

    image = client.get(entry["image"])

    assert image.headers["Content-Type"] == media_type
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    assert "evil" not in entry["image"]


@pytest.mark.parametrize("content", NO_IMAGES.values(), ids=NO_IMAGES)
def test_anything_else_is_refused_whatever_it_is_called(client, content):
    response = post(client, content)

    assert response.status_code == 422
    assert response.json()["fields"] == {"image": "This must be a PNG, JPEG, GIF or WebP image."}


def test_an_image_may_be_as_large_as_the_limit_and_no_larger(client):
    largest = IMAGES["image/jpeg"].ljust(MAX_IMAGE_BYTES, b"\0")

    taken = post(client, largest)
    refused = post(client, largest + b"\0")

    assert client.get(taken.json()["image"]).content == largest
    assert refused.status_code == 413
    assert refused.json()["fields"] == {"image": "This must not be larger than 2 MiB."}


def test_a_request_beyond_every_limit_is_refused(client):
    response = post(client, bytes(MAX_REQUEST_BYTES))

    assert response.status_code == 413
    assert response.json()["status"] == 413


def test_two_images_of_one_name_are_two(client, png):
    first, second = post(client, png).json(), post(client, png).json()

    assert first["image"] != second["image"]


def test_no_file_chosen_is_no_image(client):
    entry = client.post("/api/entries", data=WORDS, files={"image": ("", b"", "application/octet-stream")})

    assert (entry.status_code, entry.json()["image"]) == (201, None)


def test_a_browser_asks_for_an_image_once(client, png):
    target = post(client, png).json()["image"]
    image = client.get(target)

    again = client.get(target, headers={"If-None-Match": image.headers["ETag"]})
    other = client.get(target, headers={"If-None-Match": '"other"'})

    assert "immutable" in image.headers["Cache-Control"]
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == image.headers["ETag"]
    assert (other.status_code, other.content) == (200, png)
