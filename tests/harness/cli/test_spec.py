"""From words to a full specification, and back to the command that repeats it."""

import shlex

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.cli.spec import Asked, Spec, resolve
from harness.errors import UsageError


def ask(target: str = "simulated", *options: str, **more: object) -> Spec:
    return resolve(Asked(target, options=options, **more))  # type: ignore[arg-type]  # the test's words are right


def test_what_is_not_said_is_the_target_s_default() -> None:
    spec = ask("etcd")

    assert spec.workload.name == spec.target.defaults.workload
    assert tuple(spec.faults) == spec.target.defaults.nemesis
    assert spec.node_names == ["n1", "n2", "n3"]


def test_options_reach_their_owner() -> None:
    spec = ask("etcd", "reads=serializable", "partition.shape=halves", nemesis="partition,kill")

    assert spec.target.settings["reads"] == "serializable"
    assert spec.faults["partition"].settings["shape"] == "halves"


def test_none_and_all_are_lists_of_faults() -> None:
    assert list(ask(nemesis="none").faults) == []
    assert {"kill", "partition", "pause"} <= set(ask(nemesis="all").faults)
    assert list(ask(nemesis="pause,kill,pause").faults) == ["pause", "kill"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["test", "ectd"], "Did you mean 'etcd'"),
        (["test", "etcd", "--workload", "regster"], "Did you mean 'register'"),
        (["test", "etcd", "--nemesis", "partitoin"], "Did you mean 'partition'"),
        (["test", "etcd", "--option", "reads=fast"], "linearizable | serializable"),
        (["test", "etcd", "--option", "kil.x=1"], "option"),
        (["test", "etcd", "--nodes", "0"], "--nodes"),
        (["test", "etcd", "--rate", "nan"], "--rate"),
        (["test", "etcd", "--rate", "-1"], "--rate"),
        (["test", "etcd", "--time-limit", "0"], "--time-limit"),
        (["test", "etcd", "--rate", "1e-300"], "--rate"),
        (["test", "etcd", "--interval", "1e300"], "--interval"),
        (["test", "etcd", "--nemesis", ""], "say `none`"),
        (["test", "etcd", "--nemesis", " , "], "say `none`"),
        (["test", "etcd", "--workload", ""], "Valid: "),
    ],
)
def test_a_mistake_is_a_usage_error_that_says_what_would_be_right(words: list[str], message: str) -> None:
    result = CliRunner().invoke(cli, [*words, "--dry-run"])

    assert isinstance(result.exception, UsageError), result.output
    assert message in str(result.exception)


def test_a_zero_is_not_taken_for_nothing_said() -> None:
    with pytest.raises(UsageError, match="--concurrency is 0"):
        ask(concurrency=0)


def test_the_repeat_command_says_every_number_exactly() -> None:
    command = ask(rate=1234567.5, time_limit=1.23456789, interval=100000.25, op_timeout=0.1).command()

    assert "--time-limit 1.23456789 --rate 1234567.5 --interval 100000.25 --op-timeout 0.1 " in command


@pytest.mark.parametrize("target", ["etcd", "simulated"])
def test_the_repeat_command_repeats_the_specification(target: str) -> None:
    first = ask(target, nemesis="kill,partition", rate=123.5, seed=99, time_limit=7, stable_period=3)

    words = shlex.split(first.command())
    parsed = cli.get_command(None, "test").make_context("test", words[2:]).params  # type: ignore[union-attr,arg-type]  # it is there
    again = resolve(Asked(**{name: value for name, value in parsed.items() if name not in {"runs", "dry_run"}}))

    assert again.command() == first.command()


def test_the_repeat_command_says_options_that_differ_from_the_default() -> None:
    command = ask("etcd", "reads=serializable", "partition.shape=halves", nemesis="partition", seed=1).command()

    assert "--option reads=serializable" in command
    assert "--option partition.shape=halves" in command


def test_without_a_seed_one_is_drawn_and_shown() -> None:
    spec = ask()

    assert f"--seed {spec.seed}" in spec.command()
