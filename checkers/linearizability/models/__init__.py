"""Data types: their sequential specification, how they are decided fast, and what their conflicts are called."""
