"""Compiling: the packages share one build hook, and what its settings name is there."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HOOKS = sorted(ROOT.glob("packages/*/hatch_build.py"))


def read_settings(package: Path) -> dict[str, Any]:
    """Return the settings of one package."""
    return tomllib.loads((package / "pyproject.toml").read_text())


def test_the_hook_is_the_same_everywhere():
    assert len(HOOKS) > 1
    assert {hook.read_bytes() for hook in HOOKS} == {HOOKS[0].read_bytes()}


def test_a_package_that_compiles_has_the_hook():
    using = [
        path.parent
        for path in ROOT.glob("packages/*/pyproject.toml")
        if "hooks" in read_settings(path.parent)["tool"]["hatch"]["build"]["targets"]["wheel"]
    ]
    assert sorted(using) == [hook.parent for hook in HOOKS]


@pytest.mark.parametrize("package", [hook.parent for hook in HOOKS], ids=lambda package: package.name)
class TestPackage:
    def test_compiles_modules_that_exist(self, package):
        compiled = read_settings(package)["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
        assert compiled.keys() <= {"cython", "mypyc"}
        for setting, suffix in (("cython", ".pyx"), ("mypyc", ".py")):
            modules = compiled.get(setting, [])
            assert modules == sorted(set(modules))
            sources = [package / "src" / f"{name.replace('.', '/')}{suffix}" for name in modules]
            assert [source for source in sources if not source.is_file()] == []

    def test_names_every_kernel(self, package):
        compiled = read_settings(package)["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
        kernels = [
            ".".join(path.relative_to(package / "src").with_suffix("").parts)
            for path in package.glob("src/**/*.pyx")
        ]
        assert sorted(kernels) == compiled.get("cython", [])

    def test_builds_from_its_source_distribution(self, package):
        settings = read_settings(package)
        assert "hatch_build.py" in settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
        compiled = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
        required = {
            requirement.partition("[")[0].partition(">")[0]
            for requirement in settings["build-system"]["requires"]
        }
        assert {"cython": "cython", "mypyc": "mypy"}.keys() >= compiled.keys()
        assert {{"cython": "cython", "mypyc": "mypy"}[setting] for setting in compiled} <= required


def test_one_version_of_mypyc_compiles_everything():
    pins = {
        requirement
        for hook in HOOKS
        for requirement in read_settings(hook.parent)["build-system"]["requires"]
        if requirement.startswith("mypy")
    }
    [pin] = pins
    assert pin.startswith("mypy[mypyc]==")
