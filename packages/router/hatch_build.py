"""The build hook, which compiles some modules of the package where that is possible.

Each package that has compiled modules carries this file, the same in all of them, since each is built alone. Its
settings are in `pyproject.toml`, under `[tool.hatch.build.targets.wheel.hooks.custom]`:

* `cython`: kernels, modules that exist as `.pyx` only; a module of plain Python that does the same stands beside each.
* `mypyc`: modules of plain Python that are compiled as they are, all of them into one library. The types of other
  packages are not looked at: what is compiled relies on nothing but this package.

Where nothing compiles, or with `MUNTIN_PURE=1` in the environment, the package is built as plain Python, which works as
well. A wheel with compiled modules is tagged for its interpreter and platform. An editable install has the kernels in
place; the other modules run from their sources there, unless `MUNTIN_COMPILE=1` asks for them compiled.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import chdir
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SUFFIX = EXTENSION_SUFFIXES[0]

# What mypy would else read from where the build runs. No packages of others are looked for.
MYPY_SETTINGS = """\
[mypy]
namespace_packages = true
explicit_package_bases = true
ignore_missing_imports = true
no_site_packages = true
"""


class CompilingHook(BuildHookInterface):
    """The hook that adds compiled modules to wheels."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before a wheel is put together; `version` is "standard" or "editable"."""
        if self.target_name != "wheel":
            return
        sources = Path(self.root, "src")
        is_editable = version == "editable"
        if is_editable:
            # A library from an earlier build would be imported in place of the source beside it.
            for library in sources.rglob(f"*{SUFFIX}"):
                library.unlink()
        if os.environ.get("MUNTIN_PURE") == "1":
            self.app.display_info(f"{self.metadata.name}: plain Python, as MUNTIN_PURE=1 asks for")
            return
        self._folder = tempfile.TemporaryDirectory()
        libraries = self._compile(sources, "cython", translate_kernels)
        if not is_editable or os.environ.get("MUNTIN_COMPILE") == "1":
            libraries |= self._compile(sources, "mypyc", translate_modules)
        for place, library in libraries.items():
            if is_editable:
                (sources / place).write_bytes(library.read_bytes())
            else:
                build_data["force_include"][str(library)] = place
                build_data["pure_python"] = False
                build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        folder = getattr(self, "_folder", None)
        if folder is not None:
            folder.cleanup()

    def _compile(
        self, sources: Path, setting: str, translate: Callable[[Sequence[str], Path], list[Any]]
    ) -> dict[str, Path]:
        """Compile the modules that a setting names; return the libraries by their places, none where that fails."""
        modules: list[str] = self.config.get(setting, [])
        if not modules:
            return {}
        folder = Path(self._folder.name, setting)
        try:
            with chdir(sources):
                return link(translate(modules, folder / "c"), folder)
        # Compilers and what wraps them raise all kinds, and mypyc exits. The package works without them.
        except (Exception, SystemExit) as error:
            self.app.display_warning(
                f"{self.metadata.name}: {', '.join(modules)} stay plain Python, as {setting} fails here: {error}"
            )
            return {}


def translate_kernels(modules: Sequence[str], folder: Path) -> list[Any]:
    """Translate kernels into C; return them as extensions of setuptools. Paths count from the working directory."""
    from Cython.Build import cythonize
    from setuptools import Extension

    flags = [] if os.name == "nt" else ["-O3", "-g0"]
    extensions = [
        Extension(name, [f"{name.replace('.', '/')}.pyx"], extra_compile_args=flags) for name in modules
    ]
    found: list[Any] = cythonize(extensions, build_dir=str(folder), quiet=True)
    return found


def translate_modules(modules: Sequence[str], folder: Path) -> list[Any]:
    """Translate modules of Python into C; return them as extensions of setuptools, the shared library among them."""
    if sys.implementation.name != "cpython":
        raise NotImplementedError(f"mypyc compiles for CPython, not for {sys.implementation.name}")
    from mypyc.build import mypycify

    folder.mkdir(parents=True)
    settings = folder / "mypy.ini"
    settings.write_text(MYPY_SETTINGS)
    os.environ.pop("MYPYPATH", None)
    options = [f"--config-file={settings}", f"--cache-dir={folder / 'cache'}"]
    paths = [f"{name.replace('.', '/')}.py" for name in modules]
    package = ".".join(modules[0].split(".")[:2])
    found: list[Any] = mypycify(
        [*options, *paths],
        opt_level="3",
        debug_level="0",
        target_dir=str(folder),
        group_name=f"{package}._compiled",
    )
    return found


def link(extensions: list[Any], folder: Path) -> dict[str, Path]:
    """Compile extensions into a folder; return the libraries by the places that they have below `src`."""
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    command = build_ext(Distribution({"ext_modules": extensions}))
    command.build_lib = str(folder / "lib")
    command.build_temp = str(folder / "temp")
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    command.run()
    libraries = (Path(command.get_ext_fullpath(extension.name)) for extension in extensions)
    return {path.relative_to(folder / "lib").as_posix(): path for path in libraries}
