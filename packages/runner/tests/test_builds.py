"""What is installed of muntin, and which modules are compiled."""

import importlib
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES

import pytest

from muntin.runner.__main__ import main
from muntin.runner.builds import PackageBuild, find_builds, format_builds


def test_builds_tell_what_is_loaded():
    builds = {build.name: build for build in find_builds()}
    runner = builds["muntin-runner"]
    assert {"muntin-http-core", "muntin-runner"} <= builds.keys()
    assert {"muntin.runner", "muntin.runner.builds", "muntin.runner.exchange"} <= set(runner.plain)
    assert not set(runner.plain) & set(runner.compiled)
    for name in ("muntin-http-core", "muntin-runner"):
        build = builds[name]
        top = name.replace("-", ".", 1).replace("-", "_")
        for module in ("_connection", "errors"):
            loaded = importlib.import_module(f"{top}.{module}").__file__ or ""
            assert (f"{top}.{module}" in build.compiled) is loaded.endswith(tuple(EXTENSION_SUFFIXES))
            assert (f"{top}.{module}" in build.compiled) is not (f"{top}.{module}" in build.plain)


def test_libraries_are_found_before_sources(tmp_path, monkeypatch):
    folder = tmp_path / "muntin" / "example"
    (folder / "below").mkdir(parents=True)
    shared = f"_compiled__mypyc{EXTENSION_SUFFIXES[0]}"
    for name in (
        "__init__.py",
        "both.py",
        f"both{EXTENSION_SUFFIXES[0]}",
        "plain.py",
        "below/__init__.py",
        shared,
    ):
        (folder / name).touch()
    data = tmp_path / "muntin_example-1.2.dist-info"
    data.mkdir()
    (data / "METADATA").write_text("Metadata-Version: 2.1\nName: muntin-example\nVersion: 1.2\n")
    monkeypatch.syspath_prepend(tmp_path)

    [build] = [build for build in find_builds() if build.name == "muntin-example"]

    plain = ("muntin.example", "muntin.example.below", "muntin.example.plain")
    assert build == PackageBuild("muntin-example", "1.2", ("muntin.example.both",), plain)


def test_the_command(capsys):
    main(["--version"])
    assert capsys.readouterr().out == format_builds(find_builds()) + "\n"
    with pytest.raises(SystemExit):
        main([])


def test_the_command_of_the_shell():
    command = [sys.executable, "-m", "muntin.runner", "--version"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "muntin-runner 0" in output


def test_lines():
    builds = [
        PackageBuild("muntin-a-b", "1", ("muntin.a_b._x",), ("muntin.a_b",)),
        PackageBuild("muntin-c", "2", (), ()),
    ]
    assert format_builds(builds) == (
        "muntin-a-b 1, compiled\n    compiled: _x; 1 modules are plain Python\nmuntin-c 2, plain Python"
    )
