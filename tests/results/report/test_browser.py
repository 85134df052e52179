"""The report in a real browser: nothing loaded, nothing complained about, the witness on the first screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sample_runs
from playwright.sync_api import Browser, Page, sync_playwright

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
