"""The build hook, which compiles `_speedups.pyx` where that is possible.

Without a C compiler, or with `MUNTIN_PURE=1` in the environment, the package is built as plain Python, which works as
well. A wheel with the compiled kernel is tagged for its interpreter and platform; an editable install has it in place.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

MODULE = "muntin.websocket._speedups"
SOURCE = Path("src/muntin/websocket/_speedups.pyx")


class SpeedupsHook(BuildHookInterface):
    """The hook that adds the compiled kernel to wheels."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before a wheel is put together; `version` is "standard" or "editable"."""
        if self.target_name != "wheel":
            return
        if os.environ.get("MUNTIN_PURE") == "1":
            self.app.display_info("muntin-websocket: built as plain Python, as MUNTIN_PURE=1 asks for")
            return
        self._folder = tempfile.TemporaryDirectory()
        try:
            library = compile_module(Path(self.root), Path(self._folder.name))
        except (
            Exception
        ) as error:  # whatever compilers and their wrappers raise: the package works without them
            self.app.display_warning(
                f"muntin-websocket: built as plain Python, as nothing compiles here: {error}"
            )
            return
        if version == "editable":
            place = Path(self.root, SOURCE).with_name(library.name)
            place.unlink(missing_ok=True)  # another process may have it open: never write into it
            place.write_bytes(library.read_bytes())
        else:
            build_data["force_include"][str(library)] = f"muntin/websocket/{library.name}"
            build_data["pure_python"] = False
            build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        folder = getattr(self, "_folder", None)
        if folder is not None:
            folder.cleanup()


def compile_module(root: Path, folder: Path) -> Path:
    """Compile the kernel into a folder, and return the path of the library."""
    arguments = [] if os.name == "nt" else ["-O3", "-g0"]
    [extension] = cythonize(
        [Extension(MODULE, [str(root / SOURCE)], extra_compile_args=arguments)],
        build_dir=str(folder),
        quiet=True,
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    command.build_lib = str(folder / "lib")
    command.build_temp = str(folder / "temp")
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(MODULE))
