"""What is compiled: optional, so that an install without a compiler still works (in Python, and on NumPy)."""

import os
from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

ParallelCompile("QUORATE_BUILD_JOBS").install()

OPTIMIZED = ["-O3"]
SANITIZED = ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
SANITIZE = bool(os.environ.get("QUORATE_SANITIZE"))
"""``make sanitize`` builds with the sanitizers; that build is not optional."""


def extension(name: str, folder: str) -> Pybind11Extension:
    """All the C++ of a folder as one module."""
    made = Pybind11Extension(
        name,
        sorted(map(str, Path(folder).glob("*.cpp"))),
        cxx_std=20,
        extra_compile_args=[*(SANITIZED if SANITIZE else OPTIMIZED), "-Wall", "-Wextra", "-Werror"],
        extra_link_args=SANITIZED if SANITIZE else [],
        depends=sorted(map(str, Path(folder).glob("*.hpp"))),
    )
    made.optional = not SANITIZE
    return made


setup(ext_modules=[extension("checkers._native", "checkers/native"), extension("harness._jsonl", "harness/native")])
