"""Files of other projects: what their events mean, which format they have, and where they stop making sense."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.formats import NAMES, Options, read
from harness.formats.detect import detect
from harness.history import History
from harness.op import NEMESIS, Op

DATA = Path(__file__).parents[4] / "shared" / "data"

EDN = """\
{:type :invoke, :f :write, :value 1, :process 0, :time 10, :index 0}
{:type :invoke, :f :start, :value nil, :process :nemesis, :time 15, :index 1}
{:type :ok, :f :write, :value 1, :process 0, :time 20, :index 2}
{:type :invoke, :f :read, :value nil, :process 1, :time 30, :index 3}
{:type :ok, :f :read, :value nil, :process 1, :time 40, :index 4}
{:type :invoke, :f :cas, :value [1 2], :process 2, :time 50, :index 5}
{:type :fail, :f :cas, :value [1 2], :process 2, :time 60, :error :did-not-succeed, :index 6}
"""
TAGGED = "".join(f"#jepsen.history.Op{line}\n" for line in EDN.splitlines())
KNOSSOS = f"; a comment\n[{EDN}]"
LOG = """\
INFO  jepsen.core - Everything is set up
INFO  jepsen.util - 0\t:invoke\t:write\t1
2016-12-16 15:15:46,912 INFO  jepsen.util - :nemesis\t:info\t:start\t"Cut off [n1 n2]"
INFO [2023-02-01 10:00:00,000] jepsen worker 0 - jepsen.util 0   :ok     :write  1
INFO  jepsen.util - 1\t:invoke\t:cas\t[3 0]
INFO  jepsen.util - 1\t:fail\t:cas\t[3 0]
INFO  jepsen.util - 2\t:invoke\t:read\tnil
INFO  jepsen.util - 2\t:fail\t:read\t:timed-out
INFO  jepsen.util - 3\t:invoke\t:write\t4
INFO  jepsen.util - 3\t:info\t:write\t4\t[:timeout "no answer"]
"""
KV = """\
{:process 2, :type :invoke, :f :get, :key "0", :value nil}
{:process 1, :type :invoke, :f :append, :key "0", :value "x 1"}
{:process 2, :type :ok, :f :get, :key "0", :value ""}
{:process 1, :type :ok, :f :append, :key "0", :value "x 1"}
"""
LINES = """\
{"process":"0","type":"invoke","f":":write","value":1}
{"process":"alice","type":"invoke","f":"read","key":"x","node":"n1"}
{"process":"0","type":"ok","value":1}
{"process":"alice","type":"ok","value":null,"version":7}
{"process":"nemesis","type":"info","f":"kill","value":["n1"]}
"""
ARRAY = json.dumps([json.loads(line) for line in LINES.splitlines()], indent=2)
OWN = '{"index":0,"time":0,"process":0,"type":"invoke","f":"read"}\n'


def ops(content: str | bytes, **options: Any) -> list[Op]:
    history = history_of(content, **options)
    assert history.damage is None
    return list(history)


def history_of(content: str | bytes, **options: Any) -> History:
    return read(content.encode() if isinstance(content, str) else content, Options(**options)).history


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (EDN, "jepsen-edn"),
        (TAGGED, "jepsen-edn"),
        ("#jepsen.history.Op {:type :invoke}", "jepsen-edn"),
        (KNOSSOS, "knossos-edn"),
        (f"({EDN})", "knossos-edn"),
        ("[]", "jepsen-json"),
        (LOG, "jepsen-log"),
        (KV, "porcupine-kv"),
        (LINES, "jsonl"),
        ('{"type":"invoke","process":0,"f":"read"}', "jsonl"),
        ('{"type":":invoke","process":0,"f":"read"}', "jepsen-json"),
        ('{"index":0,"time":0,"process":0,"type":"invoke","f":"read","extra":1}\n', "quorate"),
        ('{"index":0,"process":0,"type":"invoke","f":"read"}\n', "jsonl"),
        ('{"index":5,"time":0,"process":0,"type":"invoke","f":"read"}\n', "jsonl"),
        (ARRAY, "jepsen-json"),
        (OWN, "quorate"),
        (OWN[:30], "quorate"),
        ("", "quorate"),
        ("\ufeff" + EDN, "jepsen-edn"),
        ("\r\n\r\n" + EDN.replace("\n", "\r\n"), "jepsen-edn"),
        ("words", None),
        ("<html>", None),
    ],
)
def test_the_format_is_seen_from_the_content(content: str, name: str | None) -> None:
    assert detect(content.encode()) == name


def test_jepsen_edn() -> None:
    write, nemesis, _, _, nothing, _, failed = ops(EDN)
    assert write == Op(0, 10, 0, "invoke", "write", value=1)
    assert nemesis == Op(1, 15, NEMESIS, "invoke", "start")
    assert (nothing.type, nothing.time) == ("info", 40)
    assert failed == Op(6, 60, 2, "fail", "cas", value=[1, 2], error="did-not-succeed")


@pytest.mark.parametrize(
    "content", [TAGGED, KNOSSOS, "\ufeff" + EDN, EDN.replace("\n", "\r\n"), EDN[:-1], EDN.replace("\n", " ")]
)
def test_the_same_events_however_they_are_put(content: str) -> None:
    assert ops(content) == ops(EDN)


def test_what_a_read_of_nil_means_is_an_option() -> None:
    assert ops(EDN, nil_reads="initial")[4].type == "ok"
    assert ops(LINES)[3].type == "ok"
    assert ops(LINES, nil_reads="unknown")[3].type == "info"
    assert ops('[{"process":0,"type":"invoke","f":"read"},{"process":0,"type":"ok"}]')[1].type == "info"


def test_what_a_failed_cas_means_is_an_option() -> None:
    assert ops(EDN, failed_cas="observed")[6].error == "did-not-succeed"
    assert ops(EDN, failed_cas="did-not-succeed")[6].error == "cas-mismatch: did-not-succeed"
    assert ops(LOG)[4].error == "cas-mismatch: failed"
    assert ops(LOG, failed_cas="ignored")[4].error is None


def test_the_log_of_jepsen() -> None:
    found = ops(LOG)
    assert [(op.process, op.type, op.f, op.value, op.error) for op in found] == [
        (0, "invoke", "write", 1, None),
        (NEMESIS, "info", "start", "Cut off [n1 n2]", None),
        (0, "ok", "write", 1, None),
        (1, "invoke", "cas", [3, 0], None),
        (1, "fail", "cas", [3, 0], "cas-mismatch: failed"),
        (2, "invoke", "read", None, None),
        (2, "info", "read", None, "timed-out"),
        (3, "invoke", "write", 4, None),
        (3, "info", "write", 4, "timeout: no answer"),
    ]
    assert [op.time for op in found] == [index * 1_000_000 for index in range(9)]


def test_a_log_may_say_in_words_why_nobody_knows() -> None:
    content = (
        "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:info\t:write\tindeterminate: (timeout\n"
    )
    assert ops(content)[1].error == "indeterminate: (timeout"


def test_porcupine_kv() -> None:
    assert ops(KV)[2] == Op(2, 2_000_000, 2, "ok", "get", "0", "")


def test_plain_json_lines_may_leave_much_out() -> None:
    found = ops(LINES)
    assert found[0] == Op(0, 0, 0, "invoke", "write", value=1)
    assert found[1] == Op(1, 1_000_000, 1, "invoke", "read", "x", node="n1")
    assert found[2].f == "write"
    assert (found[3].f, found[3].key, found[3].version) == ("read", "x", 7)
    assert found[4] == Op(4, 4_000_000, NEMESIS, "info", "kill", value=["n1"])


def test_keys_of_objects_may_be_keywords_as_well() -> None:
    assert ops('{":process": 3, ":type": ":invoke", ":f": ":read"}', name="jsonl") == [Op(0, 0, 3, "invoke", "read")]


TUPLES = "[{:process 0 :type :invoke :f :read :value [7 nil]} {:process 0 :type :ok :f :read :value [7 3]}]"


@pytest.mark.parametrize("tuples", [TUPLES, TUPLES.replace("[7", "#jepsen.independent.Tuple[7")])
def test_tuples_of_independent_become_keys(tuples: str) -> None:
    assert [(op.key, op.value) for op in ops(tuples)] == [(7, None), (7, 3)]
    assert [(op.key, op.value) for op in ops(tuples, keys="none")] == [(None, [7, None]), (None, [7, 3])]


@pytest.mark.parametrize("key", ["true", "5.0", "[1]", "{}"])
@pytest.mark.parametrize(
    ("events", "options"),
    [
        ('{"process":0,"type":"invoke","f":"read","key":K}', {}),
        ('{"process":0,"type":"invoke","f":"read","value":[K,null]}', {"keys": "pairs"}),
        ("{:process 0 :type :invoke :f :read :value #jepsen.independent.Tuple[K nil]}", {}),
    ],
)
def test_a_key_that_is_neither_a_string_nor_an_integer_is_no_other_key(
    key: str, events: str, options: dict[str, Any]
) -> None:
    sound = events.replace("K", f'"{key}"' if key.isalpha() else "5")
    history = history_of(f"{sound}\n{events.replace('K', key)}", **options)
    assert [op.key for op in history] == ["true" if key == "true" else 5]
    assert history.damage is not None
    assert history.damage.line == 2
    assert f"the key {key}: a key must be a string or an integer" in history.damage.reason


@pytest.mark.parametrize("key", ["true", "2.5"])
def test_a_history_of_pairs_with_such_a_key_is_neither_one_of_values(key: str) -> None:
    """Taken for values, they would never have been written."""
    begun, done = (
        f'{{"process":0,"type":"{kind}","f":"read","value":[K,{value}]}}'
        for kind, value in (("invoke", "null"), ("ok", 5))
    )
    history = history_of("\n".join(one.replace("K", name) for name in ('"true"', key) for one in (begun, done)))
    assert [(op.key, op.value) for op in history] == [("true", None), ("true", 5)]
    assert history.damage is not None
    assert (history.damage.line, history.damage.reason) == (
        3,
        f"column 1: the key {key}: a key must be a string or an integer; if values are no pairs, say --keys none",
    )


def test_an_answer_about_another_key_is_malformed_and_no_violation() -> None:
    found = ops("[{:process 0 :type :invoke :f :read :value [1 nil]} {:process 0 :type :ok :f :read :value [2 5]}]")
    assert [(op.key, op.value) for op in found] == [(1, None), (2, 5)]


def test_the_two_values_of_a_cas_are_no_tuple() -> None:
    alone = "[{:process 0 :type :invoke :f :cas :value [1 2]} {:process 0 :type :info :f :cas :value [1 2]}]"
    keyed = "[{:process 0 :type :invoke :f :cas :value [7 [1 2]]} {:process 0 :type :info :f :cas :error :x}]"
    assert [op.key for op in ops(alone)] == [None, None]
    assert [(op.key, op.value) for op in ops(keyed)] == [(7, [1, 2]), (7, None)]
    assert [(op.key, op.value) for op in ops(alone, keys="pairs")] == [(1, 2), (1, 2)]


def test_evidence_in_json_lines_is_kept() -> None:
    content = (
        '{"process":0,"type":"invoke","f":"write","value":1}\n{"process":0,"type":"info","evidence":{"persisted":true}}'
    )
    evidence = ops(content)[1].evidence
    assert evidence is not None
    assert evidence.persisted is True


EVENT = '{"process":0,"type":"invoke","f":"read"}\n'


@pytest.mark.parametrize(
    ("content", "events", "line", "reason"),
    [
        (EDN[:-5], 6, 7, "column 90: the map that begins at line 7, column 1 is not ended: cut off?"),
        (EDN[: EDN.index("did-not")], 6, 7, "column 67: ':' is no EDN"),
        (KNOSSOS[:-1], 7, 9, "column 1: the vector that is opened at line 2, column 1 is not closed: cut off?"),
        (LOG[:-1], 8, 10, "column 60: the last line does not end: cut off?"),
        (LOG[: LOG.rindex(":info")] + "\n", 8, 10, "column 21: a line of jepsen.util that is no event"),
        (KV[:-4], 3, 4, "the string that begins here is not ended: cut off?"),
        (LINES[:-3], 4, 5, "column 60: this is no JSON"),
        (ARRAY[:-4], 4, 33, "cut off?"),
        (EVENT + "[1]", 1, 2, "column 1: an event is a map with its process, type, f and value, and not [1]"),
        (
            EVENT + EVENT.replace("invoke", "maybe"),
            1,
            2,
            "an event of type 'maybe': it must be invoke, ok, fail or info",
        ),
        (EVENT + EVENT.replace('"type"', '"kind"'), 1, 2, "an event of type missing"),
        (EVENT + EVENT.replace("0", "null"), 1, 2, "an event whose process is missing"),
        (EVENT + EVENT.replace("0", "1.5"), 1, 2, "an event whose process is 1.5"),
        (EVENT + EVENT.replace("0", "true"), 1, 2, "an event whose process is true"),
        (EVENT + EVENT.replace("0", "99999999999"), 1, 2, "process 99999999999 is out of range"),
        (EVENT + EVENT.replace("0", "-2"), 1, 2, "process -2 is out of range"),
        (EVENT + EVENT.replace('"read"', "null"), 1, 2, "an event of process 0 whose f is missing"),
        (EVENT + EVENT.replace('"read"', "[]"), 1, 2, "an event of process 0 whose f is []"),
        (EVENT + EVENT.replace("}", ',"value":' + "9" * 5000 + "}"), 1, 2, "a number that cannot be held"),
        (EVENT + EVENT.replace("}", ',"value":1e999}'), 1, 2, "out of range"),
        (EVENT + EVENT.replace("}", ',"value":' + "[" * 200 + "]" * 200 + "}"), 1, 2, "nested deeper than 100 levels"),
        (EVENT + EVENT.replace("}", ',"value":' + "[" * 90000), 1, 2, "column 1: nested deeper than 100 levels"),
        (EVENT + EVENT.replace("}", ',"value":"\\ud800"}'), 1, 2, "one half of a surrogate pair"),
        (EVENT + EVENT.replace("}", ',"evidence":5}'), 1, 2, "evidence that cannot be understood"),
    ],
)
def test_the_events_before_the_damage_are_read_and_its_place_is_said(
    content: str, events: int, line: int, reason: str
) -> None:
    history = history_of(content)
    assert len(history) == events
    assert history.damage is not None
    assert history.damage.line == line
    assert reason in history.damage.reason


@pytest.mark.parametrize("content", [EDN, LOG, KV, LINES])
def test_a_byte_that_is_no_utf_8_is_damage(content: str) -> None:
    lines = content.encode().splitlines(keepends=True)
    history = history_of(b"".join(lines[:2]) + b"\xff" + b"".join(lines[2:]))
    assert len(history) == (2 if content != LOG else 1)
    assert history.damage is not None
    assert history.damage.line == 3
    assert history.damage.reason == "column 1: the byte 0xff is no UTF-8: save the file as UTF-8"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_empty_history(name: str, content: bytes) -> None:
    if name != "quorate" or not content:
        history = read(content, Options(name)).history
        assert (len(history), history.damage) == (0, None)


def test_what_is_no_history_is_a_usage_error_that_names_the_formats(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("<html>")
    with pytest.raises(
        UsageError, match="page: line 1, column 1: '<html>' begins no history of a known format"
    ) as error:
        read(path)
    assert all(name in str(error.value) for name in NAMES)


def test_options_of_other_formats_are_refused_for_our_own() -> None:
    with pytest.raises(UsageError, match="say what they mean"):
        read(OWN.encode(), Options(nil_reads="unknown"))
    assert ops(OWN, name="jsonl", nil_reads="unknown") == ops(OWN)


@pytest.mark.parametrize("make", [lambda n: '{"a":' * n, lambda n: "{:a " * n, lambda n: "#t " * n, lambda n: "(" * n])
def test_a_gigantic_line_costs_no_more_than_reading_it(make: Callable[[int], str]) -> None:
    history = history_of(make(300_000))
    assert history.damage is not None
    assert history.damage.line == 1
    assert len(history.damage.reason) < 300


def test_a_gigantic_value_is_a_value() -> None:
    assert ops(EDN.replace(":value 1,", f':value "{"x" * 3_000_000}",', 1))[0].value == "x" * 3_000_000


SAMPLES = [sample.encode() for sample in (EDN, TAGGED, KNOSSOS, LOG, KV, LINES, ARRAY, OWN)]


def ask(data: bytes, name: str | None) -> None:
    """Nothing but a history, or one line that says why there is none."""
    if name is None and detect(data) is None:
        with pytest.raises(UsageError, match="line 1, column 1"):
            read(data)
        return
    history = read(data, Options(name)).history
    assert list(history) == list(history)
    if history.damage is not None:
        assert 1 <= history.damage.line <= data.count(b"\n") + 1
        assert "\n" not in history.damage.reason
        if name != "quorate" and detect(data) != "quorate":
            assert history.damage.reason.startswith("column ")


formats = st.none() | st.sampled_from([name for name in NAMES if name != "quorate"])


@given(st.binary() | st.text(alphabet='[]{}():#"\\,;0123aeiknlot \n').map(str.encode), formats)
def test_any_bytes_can_be_asked(data: bytes, name: str | None) -> None:
    ask(data, name)


@settings(max_examples=100)
@given(st.sampled_from(SAMPLES), st.data())
def test_whatever_is_done_to_a_file_it_can_be_asked(sample: bytes, data: st.DataObject) -> None:
    content = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        piece = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"}", b"[", b"\\", b"nil", b"#", b"\xff", b"\n"])
        )
        content[at : at + data.draw(st.integers(0, 5))] = piece
    ask(bytes(content[: data.draw(st.integers(0, len(content)))]), data.draw(formats))


@given(st.sampled_from(SAMPLES[:4]), st.data())
def test_of_a_file_that_is_cut_off_the_whole_events_are_read(sample: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(sample)))
    whole, cut = list(read(sample).history), read(sample[:at], Options(detect(sample))).history
    assert list(cut) == whole[: len(cut)]
    if sample == KNOSSOS.encode() and "[" in KNOSSOS[:at] and at < len(sample):
        assert cut.damage is not None


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded histories are not beside the checkout")
@settings(max_examples=30)
@given(st.data())
def test_recorded_files_that_are_cut_off(data: st.DataObject) -> None:
    path = data.draw(
        st.sampled_from(sorted(path for path in DATA.rglob("*") if path.suffix in {".edn", ".txt", ".log"}))
    )
    content = path.read_bytes()
    name = detect(content)
    assert name is not None
    at = data.draw(st.integers(0, len(content) - 2))
    cut = read(content[:at], Options(name)).history
    ask(content[:at], name)
    assert len(cut) < len(read(content).history) or cut.damage is not None


def test_of_a_transaction_the_reads_of_nil_are_unknown() -> None:
    event = '{:process 0 :type :%s :f :txn :value [[:r "x" nil] [:w "y" 1]]}'
    content = event % "invoke" + event % "ok"
    assert ops(content)[1].value == [["w", "y", 1]]
    assert ops(content, nil_reads="initial")[1].value == [["r", "x", None], ["w", "y", 1]]
    assert ops(content.replace(":w ", ":append "))[1].value == [["r", "x", None], ["append", "y", 1]]
