"""Layout: where things are, what they are called, and what every package brings along."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(ROOT.glob("packages/*"))
SOURCES = sorted(ROOT.glob("packages/*/src/**/*.py"))

# About 150 lines is the habit. A class that is one thought may take this much; above it a file has to become two nouns.
LONGEST_FILE = 500

FRAGMENT = re.compile(
    r"(\+[a-z0-9]+(-[a-z0-9]+)*|[0-9]+)\.(feature|bugfix|deprecation|breaking|doc|packaging|contrib|misc)\.md"
)


def project(package: Path) -> dict[str, Any]:
    """Return the metadata that a package declares."""
    metadata: dict[str, Any] = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    return metadata


VERSIONS = {project(package)["name"]: project(package)["version"] for package in PACKAGES}


def tracked_files() -> list[Path]:
    """Return the files of the repository; in a tree without git, those of the folders that hold code."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        return [Path(line) for line in listing.stdout.splitlines()]
    folders = ("benchmarks", "docs", "examples", "packages", "tests")
    return [
        path.relative_to(ROOT) for folder in folders for path in ROOT.glob(f"{folder}/**/*") if path.is_file()
    ]


def test_the_namespace_has_no_init():
    """One stray `muntin/__init__.py` would hide every other package."""
    assert [path for path in ROOT.glob("packages/*/src/muntin/*") if path.is_file()] == []


def test_no_file_is_a_drawer_for_anything():
    drawers = {"helpers", "helper", "utils", "util", "common", "misc"}

    assert [str(path) for path in tracked_files() if path.stem.strip("_") in drawers] == []


def test_tests_are_files_not_packages():
    folders = (ROOT / "tests", *ROOT.glob("packages/*/tests"), *ROOT.glob("examples/*/tests"))
    assert [path for folder in folders for path in folder.rglob("__init__.py")] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: "/".join(source.parts[-2:]))
def test_a_file_is_one_noun_long(source):
    length = len(source.read_text().splitlines())

    assert length <= LONGEST_FILE


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
class TestPackage:
    def test_brings_what_every_package_brings(self, package):
        name = package.name.replace("-", "_")
        needed = ["README.md", "CHANGELOG.md", "LICENSE", "changes", "tests", f"src/muntin/{name}/py.typed"]

        assert [path for path in needed if not (package / path).exists()] == []

    def test_is_named_after_its_folder(self, package):
        assert project(package)["name"] == f"muntin-{package.name}"
        assert [
            path.name for path in (package / "src" / "muntin").iterdir() if path.name != "__pycache__"
        ] == [package.name.replace("-", "_")]

    def test_has_the_licence_of_the_repository(self, package):
        assert (package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
        assert project(package)["license"] == "Apache-2.0"

    def test_takes_siblings_by_ranges_that_hold_their_versions(self, package):
        wanted = [Requirement(text) for text in project(package)["dependencies"]]
        siblings = [requirement for requirement in wanted if requirement.name in VERSIONS]

        for sibling in siblings:
            assert {clause.operator for clause in sibling.specifier} == {">=", "<"}, str(sibling)
            assert sibling.specifier.contains(VERSIONS[sibling.name]), str(sibling)

    def test_names_its_fragments_by_kind(self, package):
        fragments = [
            path for path in (package / "changes").glob("*") if path.name not in {".gitignore", "README.md"}
        ]

        assert [path.name for path in fragments if not FRAGMENT.fullmatch(path.name)] == []
        assert [path.name for path in fragments if not path.read_text().strip()] == []

    def test_keeps_the_place_where_release_notes_go(self, package):
        assert "<!-- towncrier release notes start -->" in (package / "CHANGELOG.md").read_text()


def test_packages_agree_on_the_ranges_of_siblings():
    ranges: dict[str, set[str]] = {}
    for package in PACKAGES:
        for requirement in map(Requirement, project(package)["dependencies"]):
            if requirement.name in VERSIONS:
                ranges.setdefault(requirement.name, set()).add(str(requirement.specifier))

    assert {name: found for name, found in ranges.items() if len(found) > 1} == {}


def test_continuous_integration_runs_the_command_of_the_readme():
    readme = (ROOT / "README.md").read_text()
    last = (ROOT / ".ci" / "run").read_text().strip().splitlines()[-1]

    assert last.endswith("nox")
    assert f"\n{last}\n" in readme
