# Each function is described where linearizability.kernel calls it.
