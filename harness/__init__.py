"""The engine: operations, histories, generators, scheduler, clocks, clusters, command line."""
