"""The public surface of quorate: everything that a user's code imports.

Combinators of generators are in ``quorate.generators``.
"""

from checkers.checker import Checker
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.intervals import TimedOperation
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation
from checkers.verdict import Anomaly, Guarantee, RunVerdict, Verdict
from harness.capability import Capability
from harness.client import BlockingClient, Client, DidNotHappen
from harness.cluster import Cluster, Completed, Node, NodeState
from harness.errors import (
    EnvironmentFailed,
    FaultFailed,
    HarnessError,
    NodeFailed,
    PhaseTimeout,
    QuorateError,
    UsageError,
)
from harness.evidence import Evidence
from harness.generator import Context, Generator, Pending
from harness.history import History
from harness.op import Invocation, Op
from harness.options import Option
from harness.simulated.server import DONE, Answer, Call, Machine, Request, Server
from harness.simulated.target import SimulatedTarget
from harness.target import ContainerTarget, Defaults, NodeSpec, Target
from nemesis.fault import Active, Fault, Situation, Undo, Verification
from quorate import generators
from workloads.check import check, check_linearizable
from workloads.workload import Workload

__all__ = [
    "DONE",
    "ILLEGAL",
    "UNKNOWN",
    "Active",
    "Anomaly",
    "Answer",
    "BlockingClient",
    "Call",
    "Capability",
    "Checker",
    "Client",
    "Cluster",
    "Completed",
    "ContainerTarget",
    "Context",
    "Defaults",
    "DidNotHappen",
    "EnvironmentFailed",
    "Evidence",
    "Fault",
    "FaultFailed",
    "Generator",
    "Guarantee",
    "HarnessError",
    "History",
    "Invocation",
    "LinearizabilityChecker",
    "Machine",
    "Model",
    "Node",
    "NodeFailed",
    "NodeSpec",
    "NodeState",
    "Op",
    "Operation",
    "Option",
    "Pending",
    "PhaseTimeout",
    "QuorateError",
    "Request",
    "RunVerdict",
    "Server",
    "SimulatedTarget",
    "Situation",
    "Target",
    "TimedOperation",
    "Undo",
    "UsageError",
    "Verdict",
    "Verification",
    "Workload",
    "check",
    "check_linearizable",
    "generators",
]
