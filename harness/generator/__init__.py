"""Generators: immutable values that say what is done next; the full algebra of Jepsen's table."""

from harness.generator.amount import concurrency_limit, cycle, limit, once, process_limit, repeat, until_ok
from harness.generator.base import Generator, Pending
from harness.generator.context import Context
from harness.generator.keys import concurrent_keys, sequential_keys
from harness.generator.lift import lift
from harness.generator.order import any_of, concat, flip_flop, mix, phases, shortest_any, synchronize, then
from harness.generator.threads import clients, each_process, each_thread, nemesis, on_threads, reserve
from harness.generator.timing import cache, cycle_times, delay, log, sleep, stagger, time_limit
from harness.generator.transform import f_map, filter_ops, map_ops, on_update, trace, validate

__all__ = [
    "Context",
    "Generator",
    "Pending",
    "any_of",
    "cache",
    "clients",
    "concat",
    "concurrency_limit",
    "concurrent_keys",
    "cycle",
    "cycle_times",
    "delay",
    "each_process",
    "each_thread",
    "f_map",
    "filter_ops",
    "flip_flop",
    "lift",
    "limit",
    "log",
    "map_ops",
    "mix",
    "nemesis",
    "on_threads",
    "on_update",
    "once",
    "phases",
    "process_limit",
    "repeat",
    "reserve",
    "sequential_keys",
    "shortest_any",
    "sleep",
    "stagger",
    "synchronize",
    "then",
    "time_limit",
    "trace",
    "until_ok",
    "validate",
]
