"""The report in a real browser: nothing loaded, nothing complained about, the witness on the first screen."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sample_runs
from playwright.sync_api import Browser, Page, sync_playwright

from checkers.judge import judge
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.models.register import CasRegister
from results.report import write_report
from results.store import RunFolder

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def report(tmp_path: Path, value: object = 5) -> RunFolder:
    folder = sample_runs.new_folder(tmp_path)
    history = sample_runs.write(folder, sample_runs.stale_read(value))
    write_report(folder, history, sample_runs.invalid(history), sample_runs.record())
    return folder


def show(browser: Browser, folder: RunFolder, scheme: str = "light", width: int = 1440) -> tuple[Page, list[str]]:
    """The open report, and all that the browser complained about or asked for."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    seen: list[str] = []
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("request", lambda request: seen.append(f"request: {request.url}"))
    page.on("dialog", lambda dialog: seen.append(f"dialog: {dialog.message}"))
    page.goto(folder.report.as_uri())
    return page, [line for line in seen if line not in {f"request: {folder.report.as_uri()}", "request: data:,"}]


def until(page: Page, condition: str) -> None:
    """Wait for a condition in the page, asked from outside: the report's policy forbids what Playwright waits with."""
    deadline = time.monotonic() + 5
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never true: {condition}"
        page.wait_for_timeout(20)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_complaints_and_without_requests(tmp_path: Path, browser: Browser, scheme: str) -> None:
    _, seen = show(browser, report(tmp_path), scheme)

    assert seen == []


@pytest.mark.parametrize(
    "selector",
    [".stamp", "#sentence", "#witness svg", "ol.ops li:last-child", "ul.plain li", "#command", "aside table", "dl.env"],
)
def test_the_first_screen_needs_no_scrolling(tmp_path: Path, browser: Browser, selector: str) -> None:
    page, _ = show(browser, report(tmp_path))

    box = page.locator(selector).first.bounding_box()

    assert box is not None
    assert box["height"] > 0
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900
    assert box["x"] + box["width"] <= 1440


def test_a_value_stays_text(tmp_path: Path, browser: Browser) -> None:
    page, seen = show(browser, report(tmp_path, "<script>alert(1)</script>"))

    assert seen == []
    assert (
        "<script>alert(1)</script>"
        in page.locator("#witness").inner_text() + page.locator("#operations + p + div").inner_text()
    )
    assert page.locator("script").count() == 2


def test_dark_and_light_differ_and_can_be_read(tmp_path: Path, browser: Browser) -> None:
    folder = report(tmp_path)
    brightness = {}
    for scheme in ("light", "dark"):
        page, _ = show(browser, folder, scheme)
        style = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
        page_colour, ink = page.locator("body").evaluate(style)
        brightness[scheme] = [sum(map(int, colour[4:-1].split(","))) for colour in (page_colour, ink)]

    assert brightness["light"][0] > 600
    assert brightness["light"][1] < 200
    assert brightness["dark"][0] < 200
    assert brightness["dark"][1] > 600


def test_a_narrow_window_scrolls_pictures_and_not_the_page(tmp_path: Path, browser: Browser) -> None:
    page, _ = show(browser, report(tmp_path), width=420)

    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_an_operation_of_the_witness_leads_to_its_row(tmp_path: Path, browser: Browser) -> None:
    page, _ = show(browser, report(tmp_path))

    page.locator("ol.ops a").last.click()

    assert page.evaluate("document.querySelector(':target').textContent").find("read = 4") > 0


def test_the_command_is_copied_exactly(tmp_path: Path, browser: Browser) -> None:
    page, _ = show(browser, report(tmp_path))

    assert page.locator("#command").text_content() == sample_runs.record().command
    assert page.locator("button.copy").is_visible()


def explained(tmp_path: Path, value: object = 1, planted: int = 3) -> RunFolder:
    """A run with anomalies that a search found: each has an order, states, and what cannot come next."""
    folder = sample_runs.new_folder(tmp_path)
    ops = []
    for key in range(planted):
        on = {"key": f"k{key}", "node": "n1"}
        for step, written in enumerate((value, value, 2)):
            start = 10 * key + step
            ops += [
                sample_runs.event(start, 2, "invoke", "write", written, **on),
                sample_runs.event(start + 0.5, 2, "ok", "write", written, **on),
            ]
        ops += [
            sample_runs.event(10 * key + 3, 3, "invoke", "read", **on),
            sample_runs.event(10 * key + 3.5, 3, "ok", "read", value, **on),
        ]
    history = sample_runs.write(folder, ops)
    verdict = judge(history, [LinearizabilityChecker(CasRegister())])
    write_report(folder, history, verdict, sample_runs.record())
    return folder


@pytest.mark.parametrize(
    ("scheme", "value"),
    [("light", 1), ("dark", "<script>alert(1)</script>"), ("light", "x" * 9000), ("dark", "\u202e\x00</svg>")],
)
def test_an_order_is_drawn_without_complaints(tmp_path: Path, browser: Browser, scheme: str, value: object) -> None:
    page, seen = show(browser, explained(tmp_path, value), scheme)

    assert seen == []
    assert page.locator("#witness g.mark").count() >= 2
    assert page.locator("#witness g.stuck").count() == 1
    assert page.locator("script").count() == 2


def test_the_link_jumps_to_the_first_error_even_in_a_narrow_window(tmp_path: Path, browser: Browser) -> None:
    page, _ = show(browser, explained(tmp_path), width=420)

    page.locator(".jump a").first.click()

    inside = "b.x >= 0 && b.x <= innerWidth && b.y >= 0 && b.y + b.height <= innerHeight"
    box = "(() => { const b = document.getElementById('witness-error').getBoundingClientRect(); "
    until(page, f"{box} return {inside} }})()")


def test_an_operation_is_told_when_it_is_pointed_at_and_when_it_has_the_focus(tmp_path: Path, browser: Browser) -> None:
    page, _ = show(browser, explained(tmp_path))
    detail = page.locator("#witness ~ .detail").first

    page.locator("#witness g.stuck rect").hover()
    assert "impossible in state 2" in detail.inner_text()
    page.locator("#witness g.mark text").first.hover()
    assert "the state was nothing and becomes 1" in detail.inner_text()
    page.locator("#witness g.stuck").focus()
    assert detail.inner_text().startswith("read = 1 by process 3 on n1")


def test_only_the_first_anomaly_is_open_and_a_link_opens_another(tmp_path: Path, browser: Browser) -> None:
    page, _ = show(browser, explained(tmp_path))
    other = page.locator("#anomaly-3-whole")
    assert page.locator("#witness svg").is_visible()
    assert not other.locator("svg").is_visible()

    page.locator('a[href="#anomaly-3-whole"]').click()

    other.locator("svg").wait_for(state="visible")
    assert other.locator("g.mark").count() >= 2
    assert not page.locator("#anomaly-2-whole svg").is_visible()


def test_the_names_of_the_lanes_stay_in_sight_when_a_wide_picture_is_scrolled(tmp_path: Path, browser: Browser) -> None:
    page, _ = show(browser, explained(tmp_path), width=420)
    offset = "document.querySelector('#witness .names').getBoundingClientRect().x - {}.getBoundingClientRect().x"
    inside = offset.format("document.querySelector('#witness')")

    page.evaluate("document.querySelector('#witness').scrollLeft = 0")
    until(page, f"Math.abs({inside}) < 1")
    page.evaluate("document.querySelector('#witness').scrollLeft = 150")

    assert page.evaluate("document.querySelector('#witness').scrollLeft") == 150
    until(page, f"Math.abs({inside}) < 1")
