"""Workloads: what the clients do, and which checkers judge it."""
