"""Systems under test: one folder per datastore, and the simulated ones."""
