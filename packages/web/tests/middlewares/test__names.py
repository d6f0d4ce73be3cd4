"""Collections of names: one text is none of them, wherever they are given."""

import pytest

from muntin import web
from muntin.web.middlewares.cors import cors_middleware
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.middlewares.request_id import request_id_middleware
from muntin.web.middlewares.response_compression import compression_middleware

ORIGINS = ["https://example.com"]
OPTIONS = {
    "origins": lambda names: cors_middleware(names),
    "methods": lambda names: cors_middleware(ORIGINS, methods=names),
    "headers": lambda names: cors_middleware(ORIGINS, headers=names),
    "exposed": lambda names: cors_middleware(ORIGINS, exposed=names),
    "networks": lambda names: trusted_proxies_middleware(networks=names),
    "trust": lambda names: trusted_proxies_middleware(hops=1, trust=names),
    "trusted": lambda names: request_id_middleware(trusted=names),
    "types": lambda names: compression_middleware(types=names),
}
NAMES = {
    "origins": "https://example.com",
    "networks": "10.0.0.0/8",
    "trust": "for",
    "trusted": "::1",
    "types": "text/plain",
}


@pytest.mark.row("HI-48")
@pytest.mark.parametrize("option", OPTIONS)
def test_one_text_is_no_collection(option):
    """It would be one of its characters, or a search in it that finds parts of names."""
    name = NAMES.get(option, "GET")
    OPTIONS[option]([name])
    OPTIONS[option]({name})
    OPTIONS[option](each for each in [name])
    for single in (name, name.encode(), bytearray(name.encode())):
        with pytest.raises(ValueError, match="pass a collection of"):
            OPTIONS[option](single)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("member", [None, 1, b"GET", ("GET",)], ids=repr)
def test_members_are_texts(option, member):
    with pytest.raises(ValueError, match="are texts, not"):
        OPTIONS[option]([member])


def test_allowed_methods_are_a_collection():
    assert web.HTTPMethodNotAllowed("PUT", ["POST"]).headers["Allow"] == "POST"
    with pytest.raises(ValueError, match="collection of methods"):
        web.HTTPMethodNotAllowed("PUT", "POST")
