"""Build emoface. Metadata lives in pyproject.toml; csrc/native_build.py says what the native modules are made of."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "csrc"))

import native_build  # noqa: E402

DATA_SUFFIXES = ("json", "safetensors", "npz", "html", "css", "js", "md", "tsv", "typed", "proto", "binpb")
PACKAGE_DATA = [*(f"**/*.{suffix}" for suffix in DATA_SUFFIXES), "demo/*"]


def packages() -> dict[str, str]:
    """Every package -> its folder; kernels/ at the top level is installed as emoface.kernels."""
    found = {}
    for top, name in (("emoface", "emoface"), ("kernels", "emoface.kernels")):
        for init in sorted((ROOT / top).rglob("__init__.py")):
            folder = init.parent.relative_to(ROOT)
            found[".".join((name, *folder.parts[1:]))] = folder.as_posix()
    return found


class Native(Extension):
    """A native module, which ninja builds."""

    def __init__(self, module: native_build.Module) -> None:
        super().__init__(f"emoface.{module.name}", sources=[])
        self.module = module


class BuildExt(build_ext):
    """Lets ninja build the modules, always in the same folder, so that each build goes on from the last one."""

    def build_extensions(self):
        folder = Path(self.build_temp)
        if self.editable_mode:  # which comes with a folder that is thrown away
            folder = ROOT / "build" / f"temp.{self.plat_name}-{sys.implementation.cache_tag}"
        modules = [extension.module for extension in self.extensions]
        built = native_build.build(modules, folder.resolve(), self.parallel)
        for extension, file in zip(self.extensions, built):
            target = Path(self.get_ext_fullpath(extension.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(file), str(target))


class BdistWheel(bdist_wheel):
    """Names a wheel with CUDA code by a build tag, emoface-0.1.0-1cu130-..., so that the two kinds differ."""

    def finalize_options(self):
        modules = [extension.module for extension in self.distribution.ext_modules]
        self.build_number = self.build_number or native_build.build_tag(modules)
        super().finalize_options()


if __name__ == "__main__":
    folders = packages()
    setup(
        packages=list(folders),
        package_dir={name: path for name, path in folders.items() if name.startswith("emoface.kernels")},
        package_data={"emoface": PACKAGE_DATA},
        include_package_data=False,
        ext_modules=list(map(Native, native_build.modules())),
        cmdclass={"build_ext": BuildExt, "bdist_wheel": BdistWheel},
        zip_safe=False,
    )
