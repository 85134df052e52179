"""The run store and everything a person reads."""
