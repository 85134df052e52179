"""Lets the tests of this folder import ``sample_runs``: tests are not a package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
