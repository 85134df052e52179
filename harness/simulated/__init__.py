"""Simulated clusters: machines, disks, clocks and a network inside this process, on virtual time."""
