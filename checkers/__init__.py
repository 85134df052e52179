"""Checkers: history in, verdict out; pure, no I/O."""
