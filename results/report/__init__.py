"""The report of one run: one self-contained HTML file."""

from results.report.build import build
from results.report.render import render, write_report

__all__ = ["build", "render", "write_report"]
