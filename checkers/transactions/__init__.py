"""Transactions over many keys: anomalies of isolation that need no search."""
