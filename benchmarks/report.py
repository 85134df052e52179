"""Size of the report, time to make it and time to open it, for a long run.

python benchmarks/report.py [OPERATIONS]
"""

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "results"))

import sample_runs

CHROMIUM = Path("/usr/bin/chromium")


def opening(report: Path) -> list[float]:
    """Milliseconds from navigation to the load event, of five times."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        found = []
        for _ in range(5):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(report.as_uri())
            found.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
            page.close()
        browser.close()
    return found


def main() -> None:
    """Make a run of so many operations, and measure its report."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as root:
        folder, record = sample_runs.new_folder(Path(root)), sample_runs.record()
        history = sample_runs.write(folder, sample_runs.stale_read(n=n))
        verdict = sample_runs.invalid(history)
        began = time.perf_counter()
        from results.report import write_report

        imported = time.perf_counter()
        write_report(folder, history, verdict, record)
        done = time.perf_counter()
        print(f"operations          {n}")
        print(f"import              {imported - began:.2f} s")
        print(f"generation          {done - imported:.2f} s")
        print(f"size                {folder.report.stat().st_size / 1000:.0f} kB")
        if CHROMIUM.exists():
            print(f"time to open        {sorted(opening(folder.report))[2]:.0f} ms (median of 5)")
        else:
            print(f"time to open        not measured: there is no {CHROMIUM}")


if __name__ == "__main__":
    main()
