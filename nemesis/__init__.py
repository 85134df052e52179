"""Faults: what can be broken, how, with proof that it was, and how it is healed."""
