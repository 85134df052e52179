"""What is compiled: optional, so that an install without a compiler still works (in Python, and on NumPy)."""

from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

ParallelCompile("QUORATE_BUILD_JOBS").install()


def extension(name: str, folder: str) -> Pybind11Extension:
    """All the C++ of a folder as one module."""
    made = Pybind11Extension(
        name,
        sorted(map(str, Path(folder).glob("*.cpp"))),
        cxx_std=20,
        extra_compile_args=["-O3", "-Wall", "-Wextra", "-Werror"],
        depends=sorted(map(str, Path(folder).glob("*.hpp"))),
    )
    made.optional = True
    return made


setup(ext_modules=[extension("checkers._native", "checkers/native"), extension("harness._jsonl", "harness/native")])
