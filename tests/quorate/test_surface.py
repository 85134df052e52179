"""The public surface: adding a name is a decision, removing one breaks users."""

import ast
from pathlib import Path

import pytest

import quorate
from quorate import generators

SURFACE = """
Active Anomaly Answer BlockingClient Call Capability Checker Client Cluster Completed ContainerTarget Context DONE
Defaults DidNotHappen EnvironmentFailed Evidence Fault FaultFailed Generator Guarantee HarnessError History ILLEGAL
Invocation LinearizabilityChecker Machine Model Node NodeFailed NodeSpec NodeState Op Operation Option Pending
PhaseTimeout QuorateError Request RunVerdict Server SimulatedTarget Situation Target TimedOperation UNKNOWN Undo
UsageError Verdict Verification Workload check check_linearizable generators
"""

GENERATORS = """
any_of cache clients concat concurrency_limit concurrent_keys cycle cycle_times delay each_process each_thread f_map
filter_ops flip_flop lift limit log map_ops mix nemesis on_threads on_update once phases process_limit repeat reserve
sequential_keys shortest_any simulate sleep stagger synchronize then time_limit trace until_ok validate
"""


def test_the_surface_is_exactly_this() -> None:
    assert sorted(quorate.__all__) == SURFACE.split()


def test_the_generators_are_exactly_these() -> None:
    assert sorted(generators.__all__) == GENERATORS.split()


@pytest.mark.parametrize("module", [quorate, generators])
def test_every_name_exists(module: object) -> None:
    names = module.__all__  # type: ignore[attr-defined] # a module that has one
    assert all(getattr(module, name) is not None for name in names)


def test_it_holds_no_logic() -> None:
    """Only a docstring, imports, and the list of names."""
    for path in Path(quorate.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            assert isinstance(node, ast.Import | ast.ImportFrom | ast.Expr | ast.Assign), ast.unparse(node)
