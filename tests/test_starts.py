"""Starts: what a program does not use it does not wait for.

How long a start takes is measured (`python -m benchmarks imports`); what must not come along is held fast here.
"""

import subprocess
import sys

import pytest

# What importing a door must not load, and why a program that only imports it has no use for that.
NOT_LOADED = {
    "muntin.http_core": {
        "muntin.http_core._client": "a server is no client",
        "muntin.http_core.coding": "most bodies are sent as they are",
        "muntin.http_core.headers": "the engine reads the few fields that frame by itself",
        "muntin.http_core.multipart": "few requests bring a form",
    },
    "muntin.http_core.headers": {
        "muntin.http_core.headers.accept": "each family is for those who ask for it",
        "muntin.http_core.headers.dates": "each family is for those who ask for it",
    },
}


def find_loaded(program: str) -> set[str]:
    """Give the modules that a fresh interpreter has loaded after a program."""
    command = [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("door", NOT_LOADED)
def test_an_import_brings_nothing_that_is_put_off(door):
    assert find_loaded(f"import {door}") & NOT_LOADED[door].keys() == set()
