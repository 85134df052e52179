"""Every command that a page shows ends as the page says: exit 0, or the code in the comment behind it.

``console make`` (fetching and installing this very checkout) is left out: CI does that, and test_readme.py holds the
rules to the Makefile. Commands of packages that a guide adds are run by the guides' own tests, and those on the example
histories by test_histories.py.
"""

from collections.abc import Callable
from typing import Any

import pytest

KINDS = {"make", "docker"}
PAGES = {"histories"}
PACKAGES = {"redis", "fixed-primary", "monotonic"}

SHORT = " --time-limit 12 --interval 3"
"""What a minute on real clusters is cut to here; the last of two values counts."""


def test_the_commands_of_a_page(commands_of: list[Any], shell: Any) -> None:
    for command in commands_of:
        shell.keep(command)


@pytest.mark.docker
@pytest.mark.usefixtures("etcd_image", "mongodb_image", "cassandra_image", "helper_image")
def test_the_commands_of_a_page_that_need_docker(commands_of: list[Any], shell: Any) -> None:
    for command in commands_of:
        long = command.line.startswith("quorate test") and "--time-limit 15" not in command.line
        shell.keep(type(command)(command.line + SHORT, command.code) if long else command)


def test_no_console_is_of_a_kind_that_nobody_runs(pages: list[Any]) -> None:
    words = {word for page in pages for block in page.blocks() if block.language == "console" for word in block.words}
    assert words <= KINDS | PAGES | PACKAGES


def test_no_command_hides_in_another_kind_of_block(pages: list[Any]) -> None:
    hidden = [
        (page.path.name, line)
        for page in pages
        for block in page.blocks()
        if block.language != "console"
        for line in block.text.splitlines()
        if line.startswith("$ ")
    ]
    assert not hidden


def test_a_promise_that_is_not_kept_is_seen(guide: Callable[[str], Any], shell: Any) -> None:
    right, *_ = guide("docs/getting-started.md").commands()
    wrong = type(right)("quorate test nothing", 0)
    with pytest.raises(AssertionError, match="there is no target named 'nothing'"):
        shell.keep(wrong)
