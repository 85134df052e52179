"""The tests of what is compiled, with the modules of another build: ``python tests/sanitized.py build/sanitized``.

``make sanitize`` calls it with the sanitizers' libraries loaded first.
"""

import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

MODULES = ("checkers._native", "harness._jsonl")
TESTS = ("tests/checkers/linearizability", "tests/harness/test_compiled.py")


def use(name: str, folder: Path) -> None:
    """Let ``import name`` find the module of that build.

    Raises:
        FileNotFoundError: It was not built.
    """
    (path,) = [*folder.glob(f"{name.replace('.', '/')}.*.so")] or [folder / name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    package, _, own = name.rpartition(".")
    setattr(importlib.import_module(package), own, module)


if __name__ == "__main__":
    # In place of this folder, whose own folders have the names of packages.
    sys.path[0] = str(Path(__file__).parents[1])
    for module in MODULES:
        use(module, Path(sys.argv[1]))
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *(sys.argv[2:] or TESTS)]))
