"""Linearizability of any sequential model: linear-time procedures where they exist, a search under budget elsewhere."""
