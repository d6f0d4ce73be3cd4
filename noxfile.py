"""One session per intention: `nox` alone proves the repository, `nox -s demo` serves the example.

Requirements are never written here: the packages' and the example's come from their own `pyproject.toml`,
those of the tools from the groups of the root one.
"""

import os
import shutil
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "tests", "isolation", "docs"]
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True

ROOT = Path(__file__).parent
DIST = ROOT / "dist"


def projects(folder: str) -> dict[str, dict[str, Any]]:
    """Return the `pyproject.toml` of every project in one folder, by the project's folder name."""
    paths = sorted(ROOT.glob(f"{folder}/*/pyproject.toml"))
    return {path.parent.name: nox.project.load_toml(path) for path in paths}


SETTINGS = nox.project.load_toml(ROOT / "pyproject.toml")
PACKAGES = projects("packages")
EXAMPLES = projects("examples")
EVERYTHING = PACKAGES | EXAMPLES

# Where something can be compiled, the tests insist on the compiled kernels; elsewhere plain Python has to do.
COMPILER = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
CAN_COMPILE = shutil.which(COMPILER) is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
KERNELS = {"MUNTIN_COMPILED": "1"} if CAN_COMPILE else {}
# Tests ask nobody but this machine, and no proxy on the way to it.
ENVIRONMENT = KERNELS | {"no_proxy": "127.0.0.1,localhost"}

# How long an interrupted demo may take to finish the requests that are under way, in seconds.
GRACE = 15


def tools(group: str) -> tuple[str, ...]:
    """Return the requirements of a group of the root `pyproject.toml`."""
    return nox.project.dependency_groups(SETTINGS, group)


def test_requirements(*names: str) -> list[str]:
    """Return what the tests of some packages or examples require, as these declare it."""
    groups = [nox.project.dependency_groups(EVERYTHING[name], "test") for name in names]
    return sorted({requirement for group in groups for requirement in group})


def build_requirements() -> list[str]:
    """Return what building every package requires, so that builds share one environment and stay fast."""
    systems = [project["build-system"]["requires"] for project in EVERYTHING.values()]
    return sorted({requirement for requires in systems for requirement in requires})


def siblings(package: str) -> list[str]:
    """Return the folders of the packages that one needs: its own first, and the indirect ones."""
    found = [package]
    for folder in found:
        names = [Requirement(text).name for text in PACKAGES[folder]["project"]["dependencies"]]
        needed = [name.removeprefix("muntin-") for name in names if name.startswith("muntin-")]
        found += [name for name in needed if name not in found]
    return found


def compiled_modules(package: str) -> list[str]:
    """Return the modules of a package that its build hook compiles."""
    wheel = PACKAGES[package]["tool"]["hatch"]["build"]["targets"]["wheel"]
    settings = wheel.get("hooks", {}).get("custom", {})
    return [*settings.get("cython", ()), *settings.get("mypyc", ())]


def find_wheel(package: str) -> Path:
    """Return the built wheel of a package, the compiled one where there are two."""
    wheels = DIST.glob(f"muntin_{package.replace('-', '_')}-*.whl")
    return min(wheels, key=lambda wheel: wheel.name.endswith("-none-any.whl"))


def find_uncompiled(package: str) -> list[str]:
    """Return the modules that ought to be compiled in the built wheel of a package, and are not."""
    with zipfile.ZipFile(find_wheel(package)) as wheel:
        libraries = {name.partition(".")[0] for name in wheel.namelist() if name.endswith((".so", ".pyd"))}
    return [module for module in compiled_modules(package) if module.replace(".", "/") not in libraries]


def oldest_requirements(package: str) -> list[str]:
    """Return the oldest versions of others' packages that one admits."""
    requirements = [Requirement(text) for text in PACKAGES[package]["project"]["dependencies"]]
    bounds = [
        (each.name, bound.version)
        for each in requirements
        for bound in each.specifier
        if bound.operator == ">="
    ]
    return [f"{name}=={version}" for name, version in bounds if not name.startswith("muntin-")]


def install_from_source(session: nox.Session, *requirements: str, names: Iterable[str] = EVERYTHING) -> None:
    """Install packages and examples as editable; they find one another here, not on an index."""
    sources = [f"{'packages' if name in PACKAGES else 'examples'}/{name}" for name in names]
    session.install("editables", *build_requirements(), *requirements)
    session.install("--no-build-isolation", *(word for source in sources for word in ("--editable", source)))


@nox.session
def demo(session: nox.Session) -> None:
    """Serve the guestbook on http://localhost:8080 until Ctrl-C."""
    extras = EXAMPLES["guestbook"]["project"]["optional-dependencies"].values()
    install_from_source(session, *(requirement for extra in extras for requirement in extra))
    session.run("python", "-m", "guestbook", *session.posargs, interrupt_timeout=GRACE)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the laws of the repository and the tests of all packages and examples, or what `--` names."""
    install_from_source(session, *tools("tests"), *tools("peers"), *test_requirements(*EVERYTHING))
    session.run("pytest", *(session.posargs or ["tests", "packages", "examples"]), env=ENVIRONMENT)
    if not session.posargs:
        # What has compiled kernels does all of it in plain Python, too. And no check of input may be an `assert`: the
        # same bytes are refused when those are gone.
        command = ("python", "-O", "-m", "pytest", "-q")
        warning = "ignore:assertions not in test modules:pytest.PytestConfigWarning"
        session.run(
            *command, "-W", warning, "packages/websocket", "packages/http-core", env={"MUNTIN_PURE": "1"}
        )


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` mends what can be mended."""
    session.install(*tools("lint"))
    session.run("ruff", "check", *session.posargs, ".")
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]), ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of every package, strictly."""
    install_from_source(session, *tools("types"), *test_requirements(*PACKAGES), names=PACKAGES)
    modules = [f"muntin.{name.replace('-', '_')}" for name in PACKAGES]
    session.run("mypy", *(word for module in modules for word in ("--package", module)))


@nox.session
def build(session: nox.Session) -> None:
    """Build an sdist of every package, and from that its wheel, into `dist/`; beside a compiled wheel a plain one."""
    session.install(*tools("build"), *build_requirements())
    shutil.rmtree(DIST, ignore_errors=True)
    for name in PACKAGES:
        command = ("python", "-m", "build", "--no-isolation", "--outdir", str(DIST))
        session.run(*command, f"packages/{name}", silent=True)
        if compiled_modules(name):
            session.run(*command, "--wheel", f"packages/{name}", silent=True, env={"MUNTIN_PURE": "1"})
        if CAN_COMPILE and (missing := find_uncompiled(name)):
            session.error(f"not compiled: {', '.join(missing)}")


@nox.session(requires=["build"], reuse_venv=False)
@nox.parametrize("package", list(PACKAGES), ids=list(PACKAGES))
def isolation(session: nox.Session, package: str) -> None:
    """Try one built wheel, compiled where it can be, in a clean environment with no more than it declares.

    It is imported, and its tests run. The session `tests` runs the same tests on plain sources.
    """
    session.install(*(str(find_wheel(name)) for name in siblings(package)))
    with tempfile.TemporaryDirectory() as away, session.chdir(away):
        session.run("python", "-I", "-W", "error", "-c", f"import muntin.{package.replace('-', '_')}")
        session.install(*test_requirements(package))
        shutil.copy(ROOT / "pyproject.toml", away)
        shutil.copytree(ROOT / "packages" / package / "tests", Path(away, "tests"))
        session.run("python", "-I", "-m", "pytest", "-q", "tests", env=ENVIRONMENT)


@nox.session
@nox.parametrize("package", ["middleware", "router"], ids=["middleware", "router"])
def oldest(session: nox.Session, package: str) -> None:
    """Run the tests of a package with the oldest versions that it admits: bounds are what was run."""
    install_from_source(session, *test_requirements(package), names=[package])
    session.install(*oldest_requirements(package))
    session.run("pytest", "-q", f"packages/{package}", env=ENVIRONMENT)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into `build/docs/`; a warning is an error."""
    session.install(*tools("docs"))
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "--quiet", "docs", "build/docs")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure muntin, as compiled wheels and as plain Python, beside its peers; arguments after `--` go to
    `python -m benchmarks`.
    """
    install_from_source(session, *tools("bench"), names=PACKAGES)
    wheels = [] if "--help" in session.posargs else ["--wheels", install_wheels(session)]
    session.run("python", "-m", "benchmarks", *wheels, *session.posargs)


def install_wheels(session: nox.Session) -> str:
    """Build wheels of all packages, install them into an environment of their own, and return its interpreter."""
    folder = Path(session.create_tmp())
    shutil.rmtree(folder / "wheels", ignore_errors=True)
    options = ("--no-build-isolation", "--no-deps", "--quiet", "--wheel-dir", str(folder / "wheels"))
    session.run("python", "-m", "pip", "wheel", *options, *(f"./packages/{name}" for name in PACKAGES))
    session.run("python", "-m", "venv", "--clear", str(folder / "environment"))
    python = str(folder / "environment" / "bin" / "python")
    wheels = sorted(map(str, (folder / "wheels").glob("*.whl")))
    session.run(python, "-m", "pip", "install", "--quiet", "uvloop", *wheels, external=True)
    return python


@nox.session
def reloads(session: nox.Session) -> None:
    """Reload workers again and again under load, and count what is lost; `-- 100` says how often."""
    install_from_source(session, *tools("tests"), *tools("peers"), *test_requirements(*EVERYTHING))
    often = session.posargs[0] if session.posargs else "30"
    session.run(
        "pytest",
        "-s",
        "-q",
        "packages/web/tests/scenarios/test_reload_under_load.py",
        env={"MUNTIN_RELOADS": often},
    )


@nox.session
def fuzz(session: nox.Session) -> None:
    """Compare both readers of heads on a million of them, then let atheris look for bytes that break a promise of
    http-core; `-- --seconds 600` gives it more time.
    """
    install_from_source(session, *tools("fuzz"), names=siblings("http-core"))
    session.run("python", "-m", "conformance.heads", "--count", "1000000")
    session.run("python", "-m", "conformance.fuzz", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run all Autobahn cases against both roles of websocket; `-- --short` a cut, `-- --case "6.*"` some of them."""
    install_from_source(session, *test_requirements("websocket"), names=siblings("websocket"))
    session.run("python", "conformance/websocket/run.py", *session.posargs)


@nox.session
def churn(session: nox.Session) -> None:
    """Let rude clients loose on WebSockets for ten minutes, and see what is left behind; `-- --seconds 60` for less."""
    install_from_source(session, names=PACKAGES)
    session.run("python", "conformance/websocket/churn.py", *session.posargs)


@nox.session
def attacks(session: nox.Session) -> None:
    """Send slow peers against a server and tell how a healthy one fares; `-- --help` tells what can be chosen."""
    install_from_source(session, *tools("attacks"), names=siblings("web"))
    session.run("python", "-m", "conformance.attacks", *session.posargs)


@nox.session
def proxies(session: nox.Session) -> None:
    """Replay ambiguous requests through the real proxies that are installed; `-- nginx caddy` for some of them."""
    install_from_source(session, names=siblings("web"))
    session.run("python", "-m", "conformance.proxies", *session.posargs)


@nox.session
def endurance(session: nox.Session) -> None:
    """Let 100 000 connections, or as many as `--` says, come and go, and see that nothing of them is left."""
    install_from_source(session, *tools("tests"), *test_requirements("runner"), names=siblings("runner"))
    count = session.posargs[0] if session.posargs else "100000"
    # How long that takes depends on what else the machine does.
    session.run(
        "pytest", "-rP", "-o", "faulthandler_timeout=3600", "packages/runner/tests/test_descriptors.py",
        env={"MUNTIN_CHURN": count},
    )  # fmt: skip
