"""The compiled kernel: optional, so that an install without a compiler still works (on the NumPy twins)."""

from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

NATIVE = Path("checkers/native")

ParallelCompile("QUORATE_BUILD_JOBS").install()

kernel = Pybind11Extension(
    "checkers._native",
    sorted(map(str, NATIVE.glob("*.cpp"))),
    cxx_std=20,
    extra_compile_args=["-O3", "-Wall", "-Wextra", "-Werror"],
    depends=sorted(map(str, NATIVE.glob("*.hpp"))),
)
kernel.optional = True

setup(ext_modules=[kernel])
